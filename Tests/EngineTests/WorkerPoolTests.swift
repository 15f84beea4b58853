import Synchronization
import Testing

@testable import JanusEngine
@testable import JanusSystem

/// Every task once, whoever takes it.
@Suite struct WorkerPoolTests {
  @Test(arguments: [1, 2, 3, 8])
  func everyTaskRunsOnceHoweverManyThereAre(_ threads: Int) {
    let pool = WorkerPool(threadCount: threads)
    for tasks in [0, 1, 2, 5, 64, 1_000] {
      let counts = Counts(tasks)
      pool.run(tasks) { task, thread in
        #expect(thread < threads)
        counts.add(task)
      }
      #expect(counts.all == Array(repeating: 1, count: tasks))
    }
  }

  /// The first task ends when all others have: its thread's share must be taken by another.
  @Test func aSlowThreadsShareIsTakenByOthers() {
    let pool = WorkerPool(threadCount: 2)
    let done = Atomic(0)
    pool.run(40) { task, _ in
      if task == 0 {
        let watch = Stopwatch()
        while done.load(ordering: .acquiring) < 39 && watch.seconds < 30 {}
        #expect(done.load(ordering: .acquiring) == 39)
      }
      done.add(1, ordering: .acquiringAndReleasing)
    }
    #expect(done.load(ordering: .acquiring) == 40)
  }

  @Test func callersOnSeveralThreadsTakeTurns() async {
    let pool = WorkerPool(threadCount: 3)
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<6 {
        group.addTask {
          let counts = Counts(50)
          for _ in 0..<20 {
            pool.run(50) { task, _ in counts.add(task) }
          }
          return counts.all.reduce(0, +)
        }
      }
      for await count in group { #expect(count == 1_000) }
    }
  }

  /// ThreadSanitizer does not see the lock of a `Mutex`, whose library is not built with it.
  private final class Counts: Sendable {
    private final class Count: Sendable {
      let value = Atomic(0)
    }

    private let counts: [Count]

    init(_ count: Int) { counts = (0..<count).map { _ in Count() } }

    var all: [Int] { counts.map { $0.value.load(ordering: .acquiring) } }

    func add(_ index: Int) { counts[index].value.add(1, ordering: .acquiringAndReleasing) }
  }
}
