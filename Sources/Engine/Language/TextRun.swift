import JanusModelFile
import JanusSystem

/// A position of a prompt: a token, or one patch of a picture.
package enum PromptItem: Equatable {
  case token(Int)
  case patch(picture: Int, index: Int)
}

/// One sequence of the language model: its cache and its scratch buffers.
///
/// Belongs to one thread at a time.
package final class TextRun {
  /// Rows of a prompt that are computed together: enough to keep the multipliers busy, few enough
  /// to bound the scratch memory (some 60 MB for the 1B model).
  package static let rowsPerPass = 640

  /// The scratch of this many rows is not worth freeing.
  private static let fewRows = 64

  let model: LanguageModel
  let ops: Ops
  package let cache: KVCache
  /// A batch of one token: made once, so that a decoded token allocates nothing.
  private let oneToken: Batch
  private let buffers = LanguageBuffers()
  private let hidden = FloatBuffer()
  private let output = FloatBuffer()

  package convenience init(_ model: LanguageModel, _ ops: Ops, cacheFormat: CacheFormat) {
    self.init(model, ops, KVCache(shape: CacheShape(model.geometry, format: cacheFormat)))
  }

  private init(_ model: LanguageModel, _ ops: Ops, _ cache: KVCache) {
    self.model = model
    self.ops = ops
    self.cache = cache
    oneToken = Batch([Segment(cache: cache, count: 1)])
  }

  /// A sequence that begins with the same positions.
  ///
  /// - Parameter sharing: whether full chunks of the cache are shared; then neither may truncate below the other's beginning.
  package func fork(sharing: Bool = true) throws(MemoryError) -> TextRun {
    TextRun(model, ops, try cache.fork(reserving: cache.count, sharing: sharing))
  }

  /// Positions in the cache.
  package var count: Int { cache.count }

  /// Takes `items` in and returns the logits that follow the last of them, `[V]`, valid until the
  /// next call. `keepGoing` is called before each layer; if it returns false, the function stops
  /// and returns nil. The caller then has to truncate the cache.
  ///
  /// - Parameter largest: how many of the largest logits must be exact; nil for all.
  package func prefill(
    _ items: [PromptItem], pictures: [PictureFeatures], largest: Int? = nil,
    keepGoing: () -> Bool = { true }
  ) throws(MemoryError) -> UnsafeMutableBufferPointer<Float>? {
    precondition(!items.isEmpty)
    try cache.reserve(cache.count + items.count)
    var first = 0
    while true {
      let rows = first..<min(items.count, first + Self.rowsPerPass)
      let x = try hidden.matrix(rows.count, model.geometry.embeddingLength)
      for (row, item) in items[rows].enumerated() {
        switch item {
        case .token(let id): ops.lookUp(id, in: model.embedding, into: x[row: row])
        case .patch(let picture, let index):
          x[row: row].update(from: pictures[picture].row(index), count: x.columns)
        }
      }
      let last = try ops.runToEnd(while: keepGoing) { () throws(MemoryError) in
        try model.forward(x, Batch([Segment(cache: cache, count: rows.count)]), buffers, ops)
      }
      guard let last else {
        releaseScratch(of: items.count)
        return nil
      }
      first = rows.upperBound
      if first == items.count {
        defer { releaseScratch(of: items.count) }
        return try logits(of: last, largest)
      }
    }
  }

  /// Takes one token in and returns the logits that follow it, valid until the next call.
  ///
  /// - Parameter largest: how many of the largest logits must be exact; nil for all.
  package func step(
    _ token: Int, largest: Int? = nil
  ) throws(MemoryError) -> UnsafeMutableBufferPointer<Float> {
    // Tokens come one by one, so four chunks are reserved at a time.
    try cache.reserve(cache.count + 1, spare: 4 * KVCache.chunkPositions - 1)
    let x = try hidden.matrix(1, model.geometry.embeddingLength)
    ops.lookUp(token, in: model.embedding, into: x[row: 0])
    return try logits(of: model.forward(x, oneToken, buffers, ops), largest)
  }

  /// Single tokens follow a long prompt. The prompt's memory is freed for their keys and values.
  private func releaseScratch(of rows: Int) {
    guard rows > Self.fewRows else { return }
    buffers.release()
    hidden.release()
    ops.releaseTaskResults()
  }

  private func logits(
    of row: Matrix, _ largest: Int?
  ) throws(MemoryError) -> UnsafeMutableBufferPointer<Float> {
    let out = try output.matrix(1, model.geometry.vocabularySize)
    try model.logits(row, largest: largest, into: out, ops)
    return UnsafeMutableBufferPointer(start: out.base, count: out.columns)
  }
}
