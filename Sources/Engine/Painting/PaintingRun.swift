import JanusModelFile
import JanusSystem
import JanusWords

/// Some pictures being painted from one prompt, code by code, each with its own seed.
///
/// A picture takes two rows of every pass: one that follows the prompt, one that follows the empty
/// prompt or a negative one, and `guidance` says how far to go from the second towards the first. All rows of all
/// pictures go through the network together, so its weights are read once a step.
package final class PaintingRun {
  private let language: LanguageModel
  private let codes: CodeModel
  private let ops: Ops
  private let guidance: Guidance
  /// One code for every row. Rows 2i and 2i + 1 are picture i with and without the prompt.
  private let step: Batch
  private let pictures: Int
  private let buffers = LanguageBuffers()
  private let hidden = FloatBuffer()
  private let wide = FloatBuffer()
  private let wide2 = FloatBuffer()
  private let entries = FloatBuffer()
  private let logits = FloatBuffer()
  private let guided = FloatBuffer()

  /// Takes in two rows, one with the prompt and one to go away from, for any number of pictures. Unless
  /// `sharingPrompt`, each row of each picture gets a copy of their caches.
  package init(
    _ language: LanguageModel, _ codes: CodeModel, _ ops: Ops, prompt: [Int], emptyPrompt: [Int],
    pictures: Int, guidance: Float, cacheFormat: CacheFormat, sharingPrompt: Bool = true
  ) throws(MemoryError) {
    precondition(pictures > 0 && !prompt.isEmpty && !emptyPrompt.isEmpty)
    self.language = language
    self.codes = codes
    self.ops = ops
    self.guidance = Guidance(weight: guidance)
    self.pictures = pictures
    let g = language.geometry
    let shape = CacheShape(g, format: cacheFormat)
    let starts = [KVCache(shape: shape), KVCache(shape: shape)]
    let prompts = [prompt, emptyPrompt]
    let taken = prompt.count + emptyPrompt.count
    let rows = try hidden.matrix(max(2 * pictures, taken), g.embeddingLength)
    var x = rows.rows(0..<taken)
    for (index, start) in starts.enumerated() {
      let (tokens, first) = (prompts[index], index == 0 ? 0 : prompt.count)
      // The last chunk is in a block of its own, apart from those that all pictures share. It is
      // freed when every picture has copied it.
      try start.reserve(tokens.count / KVCache.chunkPositions * KVCache.chunkPositions)
      try start.reserve(tokens.count)
      for (row, token) in tokens.enumerated() {
        ops.lookUp(token, in: language.embedding, into: x[row: first + row])
      }
    }
    let ends = try language.forward(
      x, Batch(zip(starts, prompts).map { Segment(cache: $0, count: $1.count) }), buffers, ops)

    // Every picture begins with the same two hidden states.
    let last = (0..<2).map { row in
      Array(UnsafeBufferPointer(start: ends[row: row], count: ends.columns))
    }
    x = rows.rows(0..<2 * pictures)
    for row in 0..<2 * pictures {
      x[row: row].update(from: last[row % 2], count: x.columns)
    }
    step = try Batch(
      (0..<2 * pictures).map { row throws(MemoryError) in
        let total = prompts[row % 2].count + codes.geometry.codesPerPicture
        let start = starts[row % 2]
        return try Segment(cache: start.fork(reserving: total, sharing: sharingPrompt), count: 1)
      })
  }

  /// The guided logits of each picture's next code, `[pictures, K]`, valid until the next call.
  package func nextLogits() throws(MemoryError) -> Matrix {
    let (rows, count) = (2 * pictures, codes.geometry.codeCount)
    let columns = language.geometry.embeddingLength
    let x = Matrix(hidden.base, rows: rows, columns: columns)
    let all = try logits.matrix(rows, count)
    try ops.keepingRowsApart { () throws(MemoryError) in
      try codes.logits(
        x, into: all, scratch: (wide.matrix(rows, columns), wide2.matrix(rows, columns)), ops)
    }
    let out = try guided.matrix(pictures, count)
    ops.forEachRows(pictures, of: count) { range in
      for picture in range {
        guidance.combine(
          all[row: 2 * picture], all[row: 2 * picture + 1], into: out[row: picture], count: count)
      }
    }
    return out
  }

  /// Takes in the code chosen for each picture.
  package func take(_ chosen: [Int]) throws(MemoryError) {
    precondition(chosen.count == pictures)
    let rows = 2 * pictures
    let columns = language.geometry.embeddingLength
    let x = try hidden.matrix(rows, columns)
    try ops.keepingRowsApart { () throws(MemoryError) in
      try codes.embed(
        chosen.flatMap { [$0, $0] }, entries: entries.matrix(rows, codes.geometry.codeLength),
        into: x, scratch: (wide.matrix(rows, columns), wide2.matrix(rows, columns)), ops)
      _ = try language.forward(x, step, buffers, ops)
    }
  }
}
