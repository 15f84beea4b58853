import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

#if THREAD_SANITIZER
  /// A value behind a lock of pthreads, in the place of `Mutex`. ThreadSanitizer is not built into the standard
  /// library: it sees no `Mutex`, and would call every access behind one a race.
  package final class Locked<Value>: @unchecked Sendable {
    private var value: Value
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    package init(_ value: sending Value) {
      self.value = value
      pthread_mutex_init(lock, nil)
    }

    deinit {
      pthread_mutex_destroy(lock)
      lock.deallocate()
    }

    package func withLock<Result, Problem: Error>(
      _ body: (inout Value) throws(Problem) -> Result
    ) throws(Problem) -> Result {
      pthread_mutex_lock(lock)
      defer { pthread_mutex_unlock(lock) }
      return try body(&value)
    }
  }
#else
  /// A value behind a lock. `./test --sanitize thread` takes another one.
  package typealias Locked = Mutex
#endif
