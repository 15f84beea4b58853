import JanusModelFile
import JanusSystem

// Letters: N patches, E embedding length, H heads, C head dimension, F feed-forward length,
// P = 3 · patch² values of a patch, D embedding length of the language model.

/// The SigLIP tower and its aligner: pixels in, rows of the language model out.
package struct VisionTower: Sendable {
  struct Layer: Sendable {
    let norm1: Norm  // [E]
    let query: Linear  // [E, E]
    let key: Linear  // [E, E]
    let value: Linear  // [E, E]
    let attentionOutput: Linear  // [E, E]
    let norm2: Norm  // [E]
    let up: Linear  // [F, E]
    let down: Linear  // [E, F]
  }

  package let file: WeightFile
  let geometry: VisionGeometry
  let patchEmbedding: Linear  // [E, P]
  let positionEmbedding: Vector  // [N · E]
  let layers: [Layer]
  let postNorm: Norm  // [E]
  let aligner: [Linear]  // [D, E], then [D, D]

  /// Writes the picture's `[N, D]` rows for the language model into `out`.
  ///
  /// - Parameter pixels: `[3, S, S]`, normalised.
  func encode(
    _ pixels: UnsafePointer<Float>, into out: Matrix, _ buffers: VisionBuffers, _ ops: Ops
  ) throws(MemoryError) {
    let g = geometry
    let b = try buffers.views(g, aligned: out.columns)

    ops.cutPatches(pixels, side: g.imageSize, patch: g.patchSize, into: b.patches)
    try ops.matmul(b.patches, Product(patchEmbedding, into: b.x))
    ops.add(positionEmbedding, to: b.x)

    for layer in layers {
      if ops.mustStop() { break }

      // x += Wo · attention(Wq h, Wk h, Wv h), h = norm(x)
      ops.layerNorm(b.x, layer.norm1, epsilon: g.normEpsilon, into: b.h)
      try ops.matmul(
        b.h, Product(layer.query, into: b.q), Product(layer.key, into: b.k),
        Product(layer.value, into: b.v))
      try ops.attend(
        b.q, b.k, b.v, heads: g.headCount, inInt8: layer.query.weight.format.isPanels, into: b.a)
      try ops.matmul(b.a, Product(layer.attentionOutput, into: b.h, finish: .addTo(b.x)))

      // x += Wdown · gelu(Wup h), h = norm(x)
      ops.layerNorm(b.x, layer.norm2, epsilon: g.normEpsilon, into: b.h)
      try ops.matmul(b.h, Product(layer.up, into: b.f, finish: .gelu))
      try ops.matmul(b.f, Product(layer.down, into: b.h, finish: .addTo(b.x)))
    }
    ops.layerNorm(b.x, postNorm, epsilon: g.normEpsilon, into: b.h)
    try ops.perceptron(aligner, b.h, scratch: (b.d, b.d2), into: out)
  }
}

extension PictureFeatures {
  /// Runs the tower over `pixels: [3, S, S]`.
  ///
  /// - Parameter columns: the embedding length of the language model.
  package convenience init(
    encoding pixels: UnsafePointer<Float>, with tower: VisionTower, columns: Int,
    _ buffers: VisionBuffers, _ ops: Ops
  ) throws(MemoryError) {
    try self.init(patchCount: tower.geometry.patchCount, columns: columns) {
      rows throws(MemoryError) in
      try tower.encode(pixels, into: rows, buffers, ops)
    }
  }
}

/// Scratch memory of an encoding. It is freed between pictures by releasing this object.
package final class VisionBuffers {
  package init() {}

  /// `patches`, then `q`, `k`, `v` and `a`, then `f`, and at last `d` and `d2` share memory: each
  /// is no longer needed when the next is written. Less memory means that more of it stays in the
  /// caches.
  struct Views {
    let x, h: Matrix
    let patches: Matrix
    let q, k, v, a: Matrix
    let f: Matrix
    let d, d2: Matrix
  }

  private let x = FloatBuffer()
  private let h = FloatBuffer()
  private let shared = FloatBuffer()

  func views(_ g: VisionGeometry, aligned columns: Int) throws(MemoryError) -> Views {
    let (n, e) = (g.patchCount, g.embeddingLength)
    try shared.reserve(n * Self.sharedColumns(g, aligned: columns))
    let q = try shared.matrix(n, e)
    let k = Matrix(behind: q, columns: e)
    let v = Matrix(behind: k, columns: e)
    let d = try shared.matrix(n, columns)
    return try Views(
      x: x.matrix(n, e), h: h.matrix(n, e),
      patches: shared.matrix(n, 3 * g.patchSize * g.patchSize),
      q: q, k: k, v: v, a: Matrix(behind: v, columns: e),
      f: shared.matrix(n, g.feedForwardLength),
      d: d, d2: Matrix(behind: d, columns: columns))
  }

  private static func sharedColumns(_ g: VisionGeometry, aligned columns: Int) -> Int {
    max(
      3 * g.patchSize * g.patchSize, 4 * g.embeddingLength, g.feedForwardLength, 2 * columns)
  }

  /// Bytes of the views, of a layer's transposed keys and of the quantised rows.
  package static func byteCount(_ g: VisionGeometry, aligned columns: Int) -> Int {
    let floats = 3 * g.embeddingLength + sharedColumns(g, aligned: columns)
    return g.patchCount
      * (4 * floats + QuantizedActivations.byteCount(columns: g.feedForwardLength))
  }
}
