import JanusWords
import Synchronization

/// What tells pictures apart: equal bytes, equal keys.
package struct PictureKey: Hashable, Sendable {
  private let words: SIMD4<UInt64>

  /// - Parameter digest: 32 bytes of SHA-256.
  package init(digest: [UInt8]) {
    precondition(digest.count == 32)
    var words = SIMD4<UInt64>()
    for (index, byte) in digest.enumerated() {
      words[index / 8] = words[index / 8] << 8 | UInt64(byte)
    }
    self.words = words
  }
}

/// What stands at a position of a sequence.
enum PositionKey: Hashable, Sendable {
  case token(Int)
  case patch(PictureKey, index: Int)
}

/// A prompt and what is done with the logits that follow it.
///
/// Its closures are called by the scheduler alone, one after another but for `choose`, which is called
/// for several choices at once.
package final class TextRequest: @unchecked Sendable {
  package typealias See = (
    _ picture: Int, _ ops: Ops, _ keepGoing: () -> Bool
  ) throws -> PictureFeatures?

  let items: [PromptItem]
  let pictures: [PictureKey]
  let choices: Int
  /// Runs a picture through the vision tower with the scratch of `Ops`; nil when `keepGoing` said no.
  let see: See
  /// Told of each piece of the prompt: positions taken in, and how many of them were there before.
  let onPrompt: (_ done: Int, _ cached: Int) -> Void
  /// How many of the largest logits `choose` looks at; nil where it looks at all.
  let largest: Int?
  /// Chooses the next token of an answer from its logits; nil when it ends.
  let choose: (_ choice: Int, _ logits: UnsafeBufferPointer<Float>) -> Int?
  /// Called once, last; with an error where a picture could not be seen.
  let onEnd: (_ error: (any Error)?) -> Void
  private let cancelled = Atomic(false)

  // The scheduler's own.
  var features: [PictureFeatures?]
  var cache: KVCache?
  var cached = 0
  var answers: [TextAnswer?] = []
  var hasPrompt: Bool { cache.map { $0.count >= items.count } ?? false }

  package init(
    items: [PromptItem], pictures: [PictureKey], choices: Int, largest: Int? = nil,
    see: @escaping See,
    onPrompt: @escaping (_ done: Int, _ cached: Int) -> Void,
    choose: @escaping (_ choice: Int, _ logits: UnsafeBufferPointer<Float>) -> Int?,
    onEnd: @escaping (_ error: (any Error)?) -> Void
  ) {
    precondition(!items.isEmpty && choices > 0)
    self.items = items
    self.pictures = pictures
    self.choices = choices
    self.largest = largest
    self.see = see
    self.onPrompt = onPrompt
    self.choose = choose
    self.onEnd = onEnd
    features = Array(repeating: nil, count: pictures.count)
  }

  /// Ends it before the next step. May be called from anywhere.
  package func cancel() { cancelled.store(true, ordering: .relaxed) }

  package var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

  func key(_ index: Int) -> PositionKey {
    switch items[index] {
    case .token(let id): .token(id)
    case .patch(let picture, let index): .patch(pictures[picture], index: index)
    }
  }

  /// The pictures that positions from `first` on show.
  func pictures(from first: Int) -> [Int] {
    var list: Set<Int> = []
    for item in items[first...] { if case .patch(let picture, _) = item { list.insert(picture) } }
    return list.sorted()
  }
}

/// One answer under way: its sequence, and the token that it goes on with.
final class TextAnswer {
  let cache: KVCache
  /// What stands at the positions of the cache.
  var keys: [PositionKey]
  var token: Int

  init(cache: KVCache, keys: [PositionKey], token: Int) {
    self.cache = cache
    self.keys = keys
    self.token = token
  }
}
