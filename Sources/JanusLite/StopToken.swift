import Synchronization

/// Asks work to stop, from any thread: an answer, the reading of a formula, a painting.
///
/// Work looks at its token before each layer of a network, so that it ends within a second or less. A
/// token that was stopped stays so.
public final class StopToken: Sendable {
  private let stopped = Atomic(false)
  /// Something else that asks for the end.
  private let condition: @Sendable () -> Bool

  public init() { condition = { false } }

  package init(when condition: @escaping @Sendable () -> Bool) { self.condition = condition }

  /// Asks for the end.
  public func stop() { stopped.store(true, ordering: .relaxed) }

  /// Whether somebody has asked for the end.
  public var isStopped: Bool { stopped.load(ordering: .relaxed) || condition() }
}
