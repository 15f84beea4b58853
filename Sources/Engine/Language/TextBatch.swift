import JanusModelFile
import JanusSystem

/// Many sequences that take in their next tokens together: each step is one pass over the weights for all
/// of them.
///
/// A sequence's logits have the bits that `TextRun.step` gives it alone. Belongs to one thread at a time.
package final class TextBatch {
  private let model: LanguageModel
  private let ops: Ops
  private let buffers = LanguageBuffers()
  private let hidden = FloatBuffer()
  private let output = FloatBuffer()

  package init(_ model: LanguageModel, _ ops: Ops) {
    self.model = model
    self.ops = ops
  }

  /// Takes in a token of each sequence. All sequences are different ones.
  ///
  /// - Parameter largest: how many of each sequence's largest logits must be exact; nil for all.
  /// - Returns: the logits that follow, `[V]` each, valid until the next call.
  package func step(
    _ rows: [(run: TextRun, token: Int)], largest: Int? = nil
  ) throws(MemoryError) -> [UnsafeBufferPointer<Float>] {
    precondition(!rows.isEmpty)
    let x = try hidden.matrix(rows.count, model.geometry.embeddingLength)
    let out = try output.matrix(rows.count, model.geometry.vocabularySize)
    for (row, (run, token)) in rows.enumerated() {
      try run.cache.reserve(run.cache.count + 1, spare: 4 * KVCache.chunkPositions - 1)
      ops.lookUp(token, in: model.embedding, into: x[row: row])
    }
    try ops.keepingRowsApart { () throws(MemoryError) in
      let batch = Batch(rows.map { Segment(cache: $0.run.cache, count: 1) })
      try model.logits(
        model.forward(x, batch, buffers, ops), largest: largest, into: out, ops)
    }
    return (0..<rows.count).map { UnsafeBufferPointer(start: out[row: $0], count: out.columns) }
  }
}
