// Letters: N patches, E embedding length, H heads, C head dimension, F feed-forward length,
// P = 3 · patch² values of a patch, D embedding length of the language model.

/// The SigLIP tower and its aligner: pixels in, rows of the language model out.
struct VisionTower: Sendable {
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

  let file: ModelFile
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
  ) {
    let g = geometry
    let b = buffers.views(g, aligned: out.columns)

    ops.cutPatches(pixels, side: g.imageSize, patch: g.patchSize, into: b.patches)
    ops.matmul(b.patches, Product(patchEmbedding, into: b.x))
    ops.add(positionEmbedding, to: b.x)

    for layer in layers {
      // x += Wo · attention(Wq h, Wk h, Wv h), h = norm(x)
      ops.layerNorm(b.x, layer.norm1, epsilon: g.normEpsilon, into: b.h)
      ops.matmul(
        b.h, Product(layer.query, into: b.q), Product(layer.key, into: b.k),
        Product(layer.value, into: b.v))
      ops.attend(
        b.q, b.k, b.v, heads: g.headCount, inInt8: layer.query.weight.format.isPanels, into: b.a)
      ops.matmul(b.a, Product(layer.attentionOutput, into: b.h, finish: .addTo(b.x)))

      // x += Wdown · gelu(Wup h), h = norm(x)
      ops.layerNorm(b.x, layer.norm2, epsilon: g.normEpsilon, into: b.h)
      ops.matmul(b.h, Product(layer.up, into: b.f, finish: .gelu))
      ops.matmul(b.f, Product(layer.down, into: b.h, finish: .addTo(b.x)))
    }
    ops.layerNorm(b.x, postNorm, epsilon: g.normEpsilon, into: b.h)
    ops.perceptron(aligner, b.h, scratch: (b.d, b.d2), into: out)
  }
}

/// What an encoding computes in. Freed between pictures by dropping it.
final class VisionBuffers {
  struct Views {
    let patches, x, h, q, k, v, a, f, d, d2: Matrix
  }

  private let buffers = (0..<10).map { _ in FloatBuffer() }

  func views(_ g: VisionGeometry, aligned columns: Int) -> Views {
    let (n, e) = (g.patchCount, g.embeddingLength)
    return Views(
      patches: buffers[0].matrix(n, 3 * g.patchSize * g.patchSize), x: buffers[1].matrix(n, e),
      h: buffers[2].matrix(n, e), q: buffers[3].matrix(n, e), k: buffers[4].matrix(n, e),
      v: buffers[5].matrix(n, e), a: buffers[6].matrix(n, e),
      f: buffers[7].matrix(n, g.feedForwardLength), d: buffers[8].matrix(n, columns),
      d2: buffers[9].matrix(n, columns))
  }

  /// Bytes of the views, of a layer's transposed keys and of the quantised rows.
  static func byteCount(_ g: VisionGeometry, aligned columns: Int) -> Int {
    let floats =
      3 * g.patchSize * g.patchSize + 7 * g.embeddingLength + g.feedForwardLength + 2 * columns
    return g.patchCount
      * (4 * floats + QuantizedActivations.byteCount(columns: g.feedForwardLength))
  }
}
