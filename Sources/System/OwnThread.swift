import Dispatch

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

  /// Throws where the system gives no memory for so many threads at once, each with what its first allocation takes.
  ///
  /// Dispatch tries for ever to make a thread that it does not get.
  package static func checkRoom(threads: Int) throws(MemoryError) {
    let (begun, goOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    var started = 0
    for _ in 0..<threads {
      let work = Work {
        // The first block of a thread may take an arena of its own.
        free(malloc(64))
        begun.signal()
        goOn.wait()
        begun.signal()
      }
      guard start(work) else { break }
      started += 1
    }
    for _ in 0..<started { begun.wait() }
    // An arena takes a large range of addresses, and where it lies is chance: without room for one more, a thread that
    // was given now may be refused later.
    let isRoomy = PageMemory.isGiven(arenaBytes)
    for _ in 0..<started { goOn.signal() }
    for _ in 0..<started { begun.wait() }
    if started < threads || !isRoomy { throw MemoryError(byteCount: threads * stackBytes) }
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

  private static let stackBytes = 8 << 20
  /// Addresses that glibc's malloc reserves for threads, at twice its size to align it.
  private static let arenaBytes = 128 << 20

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
