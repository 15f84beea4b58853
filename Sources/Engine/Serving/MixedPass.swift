import JanusModelFile
import JanusSystem
import JanusWords

/// One pass of the language model over rows of many sequences: tokens of answers, codes of paintings
/// and pieces of prompts together, so that its weights are read once for all of them.
///
/// Every row's bits are those that it has alone: rows are kept apart, whatever the weights' format.
final class MixedPass {
  /// A row that continues a sequence.
  struct Continuation {
    let value: Int
    let cache: KVCache
  }

  /// Rows of a prompt.
  struct Piece {
    let items: ArraySlice<PromptItem>
    let features: [PictureFeatures?]
    let cache: KVCache
  }

  let language: LanguageModel
  let codes: CodeModel?
  let ops: Ops
  private let buffers = LanguageBuffers()
  private let hidden = FloatBuffer()
  private let chosen = FloatBuffer()
  private let text = FloatBuffer()
  private let code = FloatBuffer()
  private let guided = FloatBuffer()
  private let entries = FloatBuffer()
  private let wide = FloatBuffer()
  private let wide2 = FloatBuffer()
  private var ends: Matrix?

  init(_ language: LanguageModel, _ codes: CodeModel?, _ ops: Ops) {
    self.language = language
    self.codes = codes
    self.ops = ops
  }

  private var columns: Int { language.geometry.embeddingLength }

  /// Takes all rows in. The hidden states that follow them are those of the tokens, of the codes and of
  /// the pieces' ends, in this order, until the next call.
  func run(tokens: [Continuation], codes: [Continuation], pieces: [Piece]) throws(MemoryError) {
    let count =
      tokens.count + codes.count + pieces.reduce(0) { $0 + $1.items.count }
    precondition(count > 0)
    let x = try hidden.matrix(count, columns)
    let segments =
      (tokens + codes).map { Segment(cache: $0.cache, count: 1) }
      + pieces.map { Segment(cache: $0.cache, count: $0.items.count) }
    for segment in segments {
      // Tokens come one by one: four chunks at a time lie together.
      try segment.cache.reserve(
        segment.cache.count + segment.count, spare: 4 * KVCache.chunkPositions - 1)
    }
    try ops.keepingRowsApart { () throws(MemoryError) in
      for (row, token) in tokens.enumerated() {
        ops.lookUp(token.value, in: language.embedding, into: x[row: row])
      }
      try embed(codes.map(\.value), into: x.rows(tokens.count..<tokens.count + codes.count))
      var row = tokens.count + codes.count
      for piece in pieces {
        for item in piece.items {
          switch item {
          case .token(let id): ops.lookUp(id, in: language.embedding, into: x[row: row])
          case .patch(let picture, let index):
            x[row: row].update(from: piece.features[picture]!.row(index), count: columns)
          }
          row += 1
        }
      }
      ends = try language.forward(x, Batch(segments), buffers, ops)
    }
  }

  private func embed(_ values: [Int], into rows: Matrix) throws(MemoryError) {
    guard let codes, !values.isEmpty else { return }
    try codes.embed(
      values, entries: entries.matrix(values.count, codes.geometry.codeLength), into: rows,
      scratch: (wide.matrix(values.count, columns), wide2.matrix(values.count, columns)), ops)
  }

  /// A copy of a hidden state, by its place in the last `run`.
  func state(_ index: Int) -> [Float] {
    Array(UnsafeBufferPointer(start: ends![row: index], count: columns))
  }

  /// Text logits `[rows, V]` that follow hidden states of the last `run`, until the next call.
  ///
  /// - Parameter largest: how many of each row's largest logits must be exact; nil for all.
  func textLogits(of states: [Int], largest: Int?) throws(MemoryError) -> Matrix {
    let rows = try chosen.matrix(states.count, columns)
    for (row, state) in states.enumerated() {
      rows[row: row].update(from: ends![row: state], count: columns)
    }
    let out = try text.matrix(states.count, language.geometry.vocabularySize)
    try ops.keepingRowsApart { () throws(MemoryError) in
      try language.logits(rows, largest: largest, into: out, ops)
    }
    return out
  }

  /// Guided logits of pictures' next codes, `[pictures, K]`, until the next call.
  ///
  /// - Parameter states: for each picture the states that follow it with and without the prompt, and
  ///   the weight of guidance.
  func codeLogits(
    of states: [(with: UnsafePointer<Float>, without: UnsafePointer<Float>, weight: Float)]
  ) throws(MemoryError) -> Matrix {
    let codes = codes!
    let rows = try chosen.matrix(2 * states.count, columns)
    for (index, state) in states.enumerated() {
      rows[row: 2 * index].update(from: state.with, count: columns)
      rows[row: 2 * index + 1].update(from: state.without, count: columns)
    }
    let count = codes.geometry.codeCount
    let all = try code.matrix(rows.rows, count)
    try ops.keepingRowsApart { () throws(MemoryError) in
      try codes.logits(
        rows, into: all,
        scratch: (wide.matrix(rows.rows, columns), wide2.matrix(rows.rows, columns)),
        ops)
    }
    let out = try guided.matrix(states.count, count)
    ops.forEachRows(states.count, of: count) { range in
      for index in range {
        Guidance(weight: states[index].weight).combine(
          all[row: 2 * index], all[row: 2 * index + 1], into: out[row: index], count: count)
      }
    }
    return out
  }

  /// The same of one picture whose states were copied.
  func codeLogits(
    of states: (with: [Float], without: [Float]), weight: Float
  ) throws(MemoryError) -> Matrix {
    // Closures of arrays know no typed errors.
    let result = states.with.withUnsafeBufferPointer { with in
      states.without.withUnsafeBufferPointer { without in
        Result { () throws(MemoryError) in
          try codeLogits(of: [(with.baseAddress!, without.baseAddress!, weight)])
        }
      }
    }
    return try result.get()
  }

  /// A hidden state of the last `run` where it lies.
  func pointer(_ index: Int) -> UnsafePointer<Float> { UnsafePointer(ends![row: index]) }

  /// Frees what many rows needed, when nobody computes.
  func release() {
    ends = nil
    buffers.release()
    for buffer in [hidden, chosen, text, code, guided, entries, wide, wide2] { buffer.release() }
    ops.releaseTaskResults()
  }
}
