import JanusSystem
import Synchronization

/// Pictures that are painted together from one prompt, each with its own choice of codes.
///
/// Its closures are called by the scheduler alone, one after another but for `choose`, which is called
/// for several pictures at once.
package final class PaintingRequest: @unchecked Sendable {
  let prompt: [Int]
  let emptyPrompt: [Int]
  let pictures: Int
  let codesPerPicture: Int
  let guidance: Float
  /// Chooses a picture's next code from its guided logits; nil where they allow none, which ends all.
  let choose: (_ picture: Int, _ logits: UnsafeBufferPointer<Float>) -> Int?
  /// Told after each step how many codes each picture has.
  let onStep: (_ codes: Int) -> Void
  /// Called once, last: whether every code was chosen.
  let onEnd: (_ isWhole: Bool) -> Void
  private let cancelled = Atomic(false)

  // The scheduler's own.
  var starts: [KVCache] = []
  var states: [[Float]?] = [nil, nil]
  var rows: [KVCache] = []
  var codes: [Int] = []
  var done = 0
  var hasFailed = false

  /// Why it ended before its time, where memory was the reason.
  package private(set) var memoryError: MemoryError?

  func end(_ error: MemoryError) {
    memoryError = error
    onEnd(false)
  }

  package init(
    prompt: [Int], emptyPrompt: [Int], pictures: Int, codesPerPicture: Int, guidance: Float,
    choose: @escaping (_ picture: Int, _ logits: UnsafeBufferPointer<Float>) -> Int?,
    onStep: @escaping (_ codes: Int) -> Void,
    onEnd: @escaping (_ isWhole: Bool) -> Void
  ) {
    precondition(pictures > 0 && !prompt.isEmpty && prompt.count == emptyPrompt.count)
    self.prompt = prompt
    self.emptyPrompt = emptyPrompt
    self.pictures = pictures
    self.codesPerPicture = codesPerPicture
    self.guidance = guidance
    self.choose = choose
    self.onStep = onStep
    self.onEnd = onEnd
  }

  /// Ends it before the next step. May be called from anywhere.
  package func cancel() { cancelled.store(true, ordering: .relaxed) }

  package var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

  var isPainting: Bool { !rows.isEmpty }
  var isDone: Bool { done == codesPerPicture || hasFailed }
}
