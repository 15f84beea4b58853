import JanusSystem
import Synchronization

/// Refuses a second call of an object while one runs: both would write into the same buffers.
///
/// An actor's functions let others in where they wait. So an object that belongs to an actor may be called a second
/// time while an `async` call of it computes on a thread of the library.
struct ExclusiveUse: ~Copyable, Sendable {
  /// The thread of the call that runs; 0 where none does.
  private let thread = Atomic<UInt>(0)
  private let name: String

  /// - Parameter name: what the object is, with its article.
  init(_ name: String) { self.name = name }

  /// Begins a call.
  ///
  /// - Parameter inside: whether callbacks of a running call may make this one.
  /// - Returns: the thread of the call around this one, for `leave`.
  /// - Throws: `request` where another call runs.
  func enter(inside: Bool = false) throws(JanusError) -> UInt {
    let own = OwnThread.current
    let (isFree, holder) = thread.compareExchange(
      expected: 0, desired: own, ordering: .acquiringAndReleasing)
    if isFree || (inside && holder == own) { return holder }
    throw .request(what: name, expected: "one call at a time", found: "a second one")
  }

  /// Ends a call that `enter` began.
  func leave(_ outer: UInt) {
    if outer == 0 { thread.store(0, ordering: .releasing) }
  }

  /// For calls that cannot throw. Ends the process where another call runs.
  func run<Value>(_ body: () -> Value) -> Value {
    guard let outer = try? enter() else { preconditionFailure("\(name) takes one call at a time") }
    defer { leave(outer) }
    return body()
  }
}
