import Synchronization

/// Stops work, from any thread: an answer, the reading of a formula, a painting.
///
/// Work looks at its token before each layer of a network, so that it ends within a second or less.
/// A stopped token stays stopped.
public final class StopToken: Sendable {
  private let stopped = Atomic(false)
  /// A further reason to stop, evaluated each time.
  private let condition: @Sendable () -> Bool

  /// A token that nobody has stopped yet. It may be given to any number of calls.
  public init() { condition = { false } }

  package init(when condition: @escaping @Sendable () -> Bool) { self.condition = condition }

  /// Stops the work.
  public func stop() { stopped.store(true, ordering: .relaxed) }

  /// Whether the work is to stop.
  public var isStopped: Bool { stopped.load(ordering: .relaxed) || condition() }
}
