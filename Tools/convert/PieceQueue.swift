import Foundation
import JanusSystem

/// Makes pieces on several threads and hands them out in order, a bounded number ahead.
///
/// The bound is on pieces that are begun and not handed out. So a slow consumer makes the threads
/// wait, and memory stays limited. The error that is thrown is the first in order, whichever thread
/// is faster. Where the system gives no threads, the consumer makes the pieces.
final class PieceQueue<Piece: Sendable, Failure: Error>: @unchecked Sendable {
  private let count: Int
  private let window: Int
  private let make: @Sendable (Int) -> Result<Piece, Failure>

  /// Guards all that follows.
  private let condition = NSCondition()
  private var ready: [Int: Result<Piece, Failure>] = [:]
  private var begun = 0
  private var handedOut = 0
  private var running = 0
  private var isStopped = false

  init(count: Int, window: Int, make: @escaping @Sendable (Int) -> Result<Piece, Failure>) {
    precondition(window > 0)
    self.count = count
    self.window = window
    self.make = make
  }

  func start(threads: Int) {
    for _ in 0..<threads {
      let thread = Thread { self.work() }
      thread.name = "convert"
      thread.start()
    }
  }

  /// The next piece, in order; waits for it. Not more often than there are pieces.
  func next() -> Result<Piece, Failure> {
    let isUntouched = condition.withLock {
      precondition(handedOut < count, "no piece is left")
      guard begun == handedOut else { return false }
      begun += 1
      return true
    }
    // Do not wait for threads that could not be started.
    if isUntouched { makeReady(handedOut) }
    return condition.withLock {
      while true {
        if let piece = ready.removeValue(forKey: handedOut) {
          handedOut += 1
          condition.broadcast()
          return piece
        }
        condition.wait()
      }
    }
  }

  /// Waits until no thread works any more; pieces not yet begun are left out.
  func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
      while running > 0 { condition.wait() }
    }
  }

  private func work() {
    condition.withLock { running += 1 }
    while let index = claim() { makeReady(index) }
    condition.withLock {
      running -= 1
      condition.broadcast()
    }
  }

  private func makeReady(_ index: Int) {
    let piece = make(index)
    condition.withLock {
      ready[index] = piece
      condition.broadcast()
    }
  }

  /// The next piece to make, once there is room for it; `nil` when there is none.
  private func claim() -> Int? {
    condition.withLock {
      while !isStopped, begun < count, begun >= handedOut + window { condition.wait() }
      guard !isStopped, begun < count else { return nil }
      begun += 1
      return begun - 1
    }
  }
}

extension Conversion {
  static var coreCount: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }
}
