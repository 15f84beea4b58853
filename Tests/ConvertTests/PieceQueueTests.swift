import JanusSystem
import Testing

@testable import JanusConvert

@Suite struct PieceQueueTests {
  @Test(arguments: [0, 1, 3, 8])
  func piecesComeInOrderFromAnyNumberOfThreads(threads: Int) {
    let queue = PieceQueue<Int, Never>(count: 100, window: 4) { .success($0 * $0) }
    // Without helper threads, as where the system makes no more, the consumer does the work.
    queue.start(threads: threads)
    for index in 0..<100 { #expect(queue.next().get() == index * index) }
    queue.stop()
  }

  @Test(arguments: [0, 3])
  func stoppingLeavesTheRestOut(threads: Int) {
    let queue = PieceQueue<Int, Never>(count: 100, window: 4) { .success($0) }
    queue.start(threads: threads)
    #expect(queue.next().get() == 0)
    queue.stop()
  }
}
