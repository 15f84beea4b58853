import JanusModelFile
import JanusSystem

// Letters: T rows of the batch, D embedding length, H query heads, G key-value heads, C head
// dimension, F feed-forward length, V vocabulary.

/// The Llama network of Janus: tokens or picture features in, hidden states out.
package struct LanguageModel: Sendable {
  struct Layer: Sendable {
    let attentionNorm: Vector  // [D]
    let query: Weight  // [H·C, D]
    let key: Weight  // [G·C, D]
    let value: Weight  // [G·C, D]
    let attentionOutput: Weight  // [D, H·C]
    let feedForwardNorm: Vector  // [D]
    let gate: Weight  // [F, D]
    let up: Weight  // [F, D]
    let down: Weight  // [D, F]
  }

  package let file: WeightFile
  let geometry: LanguageGeometry
  let embedding: Weight  // [V, D]
  let layers: [Layer]
  let outputNorm: Vector  // [D]
  let output: TextHead

  /// Whether no matrix of the layers is quantised.
  package var isStoredInFloats: Bool {
    layers.allSatisfy { layer in
      [
        layer.query, layer.key, layer.value, layer.attentionOutput, layer.gate, layer.up,
        layer.down,
      ].allSatisfy { !$0.format.isPanels }
    }
  }

  /// Runs `x: [T, D]` through all layers in place, appending to the caches of `batch`, and returns
  /// the normalised hidden states that follow its segments, one row each, which lie where `x` began.
  func forward(
    _ x: Matrix, _ batch: Batch, _ buffers: LanguageBuffers, _ ops: Ops
  ) throws(MemoryError) -> Matrix {
    let g = geometry
    var x = x
    var b = try buffers.views(rows: x.rows, g)
    var angles = ops.rotaryAngles(batch, theta: g.ropeTheta, cos: b.cos, sin: b.sin)

    for (index, layer) in layers.enumerated() {
      if ops.mustStop() { break }

      // x += Wo · attention(rope(Wq h), rope(Wk h), Wv h), h = norm(x)
      ops.rmsNorm(x, layer.attentionNorm, epsilon: g.normEpsilon, into: b.h)
      let (keys, values) = (b.k, b.v)
      // After the last attention only the last rows are used. The others need no queries.
      let lastRowsOnly = index == layers.count - 1 && x.rows > batch.segments.count
      if lastRowsOnly {
        try ops.matmul(b.h, Product(layer.key, into: keys), Product(layer.value, into: values))
        ops.rope(keys, angles)
        for rows in [x, b.h, b.cos, b.sin] { batch.keepLastRows(of: rows) }
        x = x.rows(0..<batch.segments.count)
        b = try buffers.views(rows: x.rows, g)
        angles = RotaryAngles(cos: b.cos, sin: b.sin)
        try ops.matmul(b.h, Product(layer.query, into: b.q))
      } else {
        try ops.matmul(
          b.h, Product(layer.query, into: b.q), Product(layer.key, into: keys),
          Product(layer.value, into: values))
        ops.rope(keys, angles)
      }
      ops.rope(b.q, angles)
      try ops.attend(
        b.q, keys: keys, values: values, layer: index, heads: g.headCount, batch,
        lastRowsOnly: lastRowsOnly, inBF16: layer.query.format.isPanels, into: b.a)
      try ops.matmul(b.a, Product(layer.attentionOutput, into: b.h, finish: .addTo(x)))

      // x += Wdown · (silu(Wgate h) ⊙ Wup h), h = norm(x)
      ops.rmsNorm(x, layer.feedForwardNorm, epsilon: g.normEpsilon, into: b.h)
      try ops.gatedMatmul(b.h, gate: layer.gate, up: layer.up, into: b.f)
      try ops.matmul(b.f, Product(layer.down, into: b.h, finish: .addTo(x)))
    }
    for segment in batch.segments { segment.cache.advance(by: segment.count) }
    ops.rmsNorm(x, outputNorm, epsilon: g.normEpsilon, into: x)
    return x
  }

  /// Text logits `[rows, V]` of hidden states `[rows, D]`.
  ///
  /// - Parameter largest: how many of each row's largest logits must be exact; nil for all of them. The others are then
  ///   below all of these.
  func logits(
    _ hidden: Matrix, largest: Int? = nil, into out: Matrix, _ ops: Ops
  ) throws(MemoryError) {
    try output.logits(hidden, largest: largest, into: out, ops)
  }
}

/// Scratch memory of a forward pass, kept between calls so that a decoded token allocates nothing.
package final class LanguageBuffers {
  /// `q` and `a` share memory with `f`, because they are no longer needed when `f` is written. Less
  /// memory means that more of it stays in the caches.
  struct Views {
    let h, k, v, cos, sin: Matrix
    let q, a: Matrix
    let f: Matrix
  }

  private let h = FloatBuffer()
  private let k = FloatBuffer()
  private let v = FloatBuffer()
  private let cos = FloatBuffer()
  private let sin = FloatBuffer()
  private let shared = FloatBuffer()

  func views(rows: Int, _ g: LanguageGeometry) throws(MemoryError) -> Views {
    let (queries, keys) = (g.headCount * g.headDim, g.keyValueHeadCount * g.headDim)
    try shared.reserve(rows * Self.sharedColumns(g))
    let q = try shared.matrix(rows, queries)
    return try Views(
      h: h.matrix(rows, g.embeddingLength), k: k.matrix(rows, keys), v: v.matrix(rows, keys),
      cos: cos.matrix(rows, g.headDim / 2), sin: sin.matrix(rows, g.headDim / 2),
      q: q, a: Matrix(behind: q, columns: queries), f: shared.matrix(rows, g.feedForwardLength))
  }

  /// Frees memory that a long prompt needs and single tokens do not.
  func release() {
    for buffer in [h, k, v, cos, sin, shared] { buffer.release() }
  }

  private static func sharedColumns(_ g: LanguageGeometry) -> Int {
    max(2 * g.headCount * g.headDim, g.feedForwardLength)
  }

  /// Bytes that passes over `rows` rows take, with their input, its int8 form, and what each thread
  /// has of its own.
  package static func byteCount(rows: Int, _ g: LanguageGeometry, threads: Int) -> Int {
    let keys = g.keyValueHeadCount * g.headDim
    let own = threads * min(Ops.mostTaskColumns, g.feedForwardLength)
    let floats = 2 * (g.embeddingLength + keys) + sharedColumns(g) + g.headDim + own
    return rows * (4 * floats + QuantizedActivations.byteCount(columns: g.feedForwardLength))
  }
}
