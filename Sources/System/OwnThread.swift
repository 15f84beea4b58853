#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Work on a thread of its own, for what takes seconds: the threads that run Swift's tasks are few and
/// must not be held.
package enum OwnThread {
  /// Runs `body` and waits for it without holding a thread.
  ///
  /// - Parameter body: may use what is not `Sendable`, which the caller lends until the result is there.
  package nonisolated(nonsending) static func run<Value>(
    _ body: @escaping () throws -> Value
  ) async throws -> Value {
    nonisolated(unsafe) let body = body
    return try await withCheckedThrowingContinuation {
      (continuation: CheckedContinuation<Lent<Value>, any Error>) in
      let work = Work { continuation.resume(with: Result { Lent(value: try body()) }) }
      // Where no thread can be made, the work is done here: late is better than never.
      if !start(work) { work.body() }
    }.value
  }

  /// The thread that runs now, never 0.
  package static var current: UInt {
    #if canImport(Glibc)
      UInt(pthread_self())
    #else
      UInt(bitPattern: pthread_self())
    #endif
  }

  /// A value that changes hands.
  private struct Lent<Value>: @unchecked Sendable { let value: Value }

  private final class Work {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  /// Of a thread, as most systems give it.
  static let stackBytes = 8 << 20

  private static func start(_ work: Work) -> Bool {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, stackBytes)
    let box = Unmanaged.passRetained(work)
    #if canImport(Darwin)
      var thread: pthread_t?
      let status = pthread_create(
        &thread, &attributes,
        { argument in
          Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
          return nil
        }, box.toOpaque())
    #else
      var thread = pthread_t()
      let status = pthread_create(
        &thread, &attributes,
        { argument in
          Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue().body()
          return nil
        }, box.toOpaque())
    #endif
    if status != 0 { box.release() }
    return status == 0
  }
}
