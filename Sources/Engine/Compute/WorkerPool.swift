import CIntrinsics
import JanusModelFile
import JanusSystem
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Work that a pool's threads share: tasks that do not depend on each other.
package protocol PoolJob {
  /// Runs one task; `thread` is the index of the thread that runs it.
  func run(task: Int, thread: Int)
}

extension PoolJob {
  fileprivate static func run(_ job: UnsafeRawPointer, task: Int, thread: Int) {
    job.assumingMemoryBound(to: Self.self).pointee.run(task: task, thread: thread)
  }
}

/// The process's compute threads: the caller and its helpers, working through one job at a time.
///
/// A job is a number of independent tasks. Each thread begins with a range of neighbouring tasks,
/// so that it reads memory in order. Then it takes tasks from the ends of the other threads'
/// ranges, so that a slow core takes fewer and nobody waits for it. Between jobs the helpers spin
/// for a moment, because the next job of a network is microseconds away. Then they sleep. Threads
/// are made in this file only.
///
/// Which thread takes a task never changes a result: each task writes its own outputs.
package final class WorkerPool: @unchecked Sendable {
  /// A job's body: the task's index and the index of the thread that runs it.
  package typealias Body = (_ task: Int, _ thread: Int) -> Void

  /// Threads that work on a job, the caller included.
  package let threadCount: Int

  // The gate holds a job's number (upper bits), whether it is open, and how many helpers are
  // inside. A helper enters by adding one while the gate is open. The caller closes the gate and
  // waits until nobody is inside. So nobody waits for a helper that wakes late, and it cannot see a
  // job that has ended.
  private static let openBit: UInt64 = 1 << 15
  private static let insideMask: UInt64 = (1 << 15) - 1
  private static let numberShift: UInt64 = 16
  private let gate = Atomic<UInt64>(0)
  // For each thread, the tasks that nobody has taken yet: the first (lower half) and the end (upper
  // half). Each entry has cache lines of its own.
  private let ranges: UnsafeMutablePointer<Atomic<UInt64>>
  private static let rangeStride = 16
  private let sleepers = Atomic<Int>(0)
  private let stopping = Atomic<Bool>(false)

  private var jobNumber: UInt64 = 0
  // The current job. It is a value and its type, not a closure: lending a closure to other threads
  // would allocate each time, some 250 times for a token.
  private var job: (value: UnsafeRawPointer, type: any PoolJob.Type)?

  private let callers: UnsafeMutablePointer<pthread_mutex_t>
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let wake: UnsafeMutablePointer<pthread_cond_t>
  private var threads: [pthread_t] = []

  /// How often a helper looks for the next job before it goes to sleep: about 50 µs.
  private static let spins = 4_000

  /// Starts `threadCount - 1` helpers; `nil` takes `ProcessorCount.physicalCores`.
  package init(threadCount: Int? = nil) {
    self.threadCount = max(1, min(threadCount ?? ProcessorCount.physicalCores, 1_024))
    ranges = .allocate(capacity: self.threadCount * Self.rangeStride)
    for thread in 0..<self.threadCount * Self.rangeStride {
      (ranges + thread).initialize(to: Atomic(0))
    }
    callers = .allocate(capacity: 1)
    mutex = .allocate(capacity: 1)
    wake = .allocate(capacity: 1)
    pthread_mutex_init(callers, nil)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
    for index in 1..<max(1, self.threadCount) {
      start(helper: index)
    }
  }

  deinit {
    stopping.store(true, ordering: .sequentiallyConsistent)
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
    for thread in threads { pthread_join(thread, nil) }
    pthread_mutex_destroy(callers)
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(wake)
    ranges.deinitialize(count: threadCount * Self.rangeStride)
    ranges.deallocate()
    callers.deallocate()
    mutex.deallocate()
    wake.deallocate()
  }

  /// Runs `body` for every task in `0..<tasks` and returns when all are done.
  ///
  /// Must not be called from inside a task. Callers on several threads take turns.
  package func run(_ tasks: Int, _ body: Body) {
    withoutActuallyEscaping(body) { run(tasks, ClosureJob(body: $0)) }
  }

  /// The same for a job, without allocating anything.
  package func run<Job: PoolJob>(_ tasks: Int, _ job: Job) {
    if tasks <= 0 { return }
    if tasks == 1 || threadCount == 1 {
      for task in 0..<tasks { job.run(task: task, thread: 0) }
      return
    }
    pthread_mutex_lock(callers)
    defer { pthread_mutex_unlock(callers) }
    withUnsafePointer(to: job) { pointer in
      self.job = (UnsafeRawPointer(pointer), Job.self)
      share(tasks)
      jobNumber &+= 1
      gate.store(jobNumber << Self.numberShift | Self.openBit, ordering: .sequentiallyConsistent)
      if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(wake)
        pthread_mutex_unlock(mutex)
      }
      takeTasks(thread: 0)
      gate.bitwiseAnd(~Self.openBit, ordering: .acquiringAndReleasing)
      var waits = 0
      while gate.load(ordering: .acquiring) & Self.insideMask != 0 {
        waits += 1
        // A helper may have lost its core to another process: let it run.
        if waits > 10_000 { sched_yield() } else { Self.pause() }
      }
      self.job = nil
    }
  }

  private func share(_ tasks: Int) {
    precondition(tasks <= Int(UInt32.max))
    for thread in 0..<threadCount {
      let first = UInt64(tasks * thread / threadCount)
      let end = UInt64(tasks * (thread + 1) / threadCount)
      ranges[thread * Self.rangeStride].store(end << 32 | first, ordering: .relaxed)
    }
  }

  private func takeTasks(thread: Int) {
    let (value, type) = job!
    while let task = take(from: thread, atFront: true) {
      type.run(value, task: task, thread: thread)
    }
    for distance in 1..<threadCount {
      let other = (thread + distance) % threadCount
      while let task = take(from: other, atFront: false) {
        type.run(value, task: task, thread: thread)
      }
    }
  }

  /// A task of one thread's range, nil when none is left.
  private func take(from thread: Int, atFront: Bool) -> Int? {
    let range = ranges + thread * Self.rangeStride
    var state = range.pointee.load(ordering: .relaxed)
    while true {
      let (first, end) = (state & 0xffff_ffff, state >> 32)
      if first >= end { return nil }
      let (taken, original) = range.pointee.compareExchange(
        expected: state, desired: atFront ? state + 1 : state - 1 << 32, ordering: .relaxed)
      if taken { return Int(atFront ? first : end - 1) }
      state = original
    }
  }

  private func start(helper index: Int) {
    // The pool joins its helpers in deinit, so they may hold it without owning it.
    let start = HelperStart(pool: Unmanaged.passUnretained(self), index: index)
    let box = Unmanaged.passRetained(start)
    #if canImport(Darwin)
      var thread: pthread_t?
      let status = pthread_create(&thread, nil, { helperMain($0) }, box.toOpaque())
    #else
      var thread = pthread_t()
      let status = pthread_create(&thread, nil, { helperMain($0!) }, box.toOpaque())
    #endif
    if status != 0 {
      // Fewer helpers than asked for: slower, but every job still completes.
      box.release()
      return
    }
    #if canImport(Darwin)
      threads.append(thread!)
    #else
      threads.append(thread)
    #endif
  }

  fileprivate func help(thread: Int) {
    var lastJob: UInt64 = 0
    var idle = 0
    while !stopping.load(ordering: .relaxed) {
      let state = gate.load(ordering: .acquiring)
      let job = state >> Self.numberShift
      guard state & Self.openBit != 0, job != lastJob else {
        idle += 1
        if idle < Self.spins {
          Self.pause()
        } else {
          sleep(after: lastJob)
          idle = 0
        }
        continue
      }
      let entered = gate.compareExchange(
        expected: state, desired: state + 1, ordering: .acquiringAndReleasing)
      guard entered.exchanged else { continue }
      lastJob = job
      idle = 0
      takeTasks(thread: thread)
      gate.wrappingSubtract(1, ordering: .acquiringAndReleasing)
    }
  }

  private func sleep(after lastJob: UInt64) {
    pthread_mutex_lock(mutex)
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while !stopping.load(ordering: .sequentiallyConsistent) {
      let state = gate.load(ordering: .sequentiallyConsistent)
      if state & Self.openBit != 0, state >> Self.numberShift != lastJob { break }
      pthread_cond_wait(wake, mutex)
    }
    sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
  }

  @inline(__always)
  private static func pause() {
    #if arch(x86_64) || arch(arm64)
      janus_pause()
    #else
      atomicMemoryFence(ordering: .acquiring)
    #endif
  }
}

private struct ClosureJob: PoolJob {
  let body: WorkerPool.Body

  func run(task: Int, thread: Int) { body(task, thread) }
}

private final class HelperStart {
  let pool: Unmanaged<WorkerPool>
  let index: Int
  init(pool: Unmanaged<WorkerPool>, index: Int) {
    self.pool = pool
    self.index = index
  }
}

private func helperMain(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  let start = Unmanaged<HelperStart>.fromOpaque(argument).takeRetainedValue()
  start.pool._withUnsafeGuaranteedRef { $0.help(thread: start.index) }
  return nil
}
