import JanusModelFile
import JanusSystem

// Letters: S side of the picture in codes, C channels. Maps are [height, width, C].

/// The decoder of the VQ-16 model: image codes in, pixels out.
package struct VQDecoder: Sendable {
  struct Residual: Sendable {
    let norm1: Norm
    let convolution1: Convolution
    let norm2: Norm
    let convolution2: Convolution
    /// 1×1, where the number of channels changes.
    let shortcut: Convolution?
  }

  struct Attention: Sendable {
    let norm: Norm
    let query: Convolution  // 1×1
    let key: Convolution
    let value: Convolution
    let output: Convolution
  }

  /// One resolution: residual blocks, each followed by attention at the lowest one, and the way up.
  struct Level: Sendable {
    let residuals: [Residual]
    let attentions: [Attention]
    let upsample: Convolution?
  }

  let file: WeightFile
  let geometry: PaintingGeometry
  let codebook: Vector  // [codes · code length]
  let postQuantization: Convolution  // 1×1
  let input: Convolution
  let middle: (Residual, Attention, Residual)
  /// Lowest resolution first.
  let levels: [Level]
  let outputNorm: Norm
  let output: Convolution
  let precision: Precision

  /// Decodes lines of `codes`, `[S · S]` or fewer lines, in raster order, into
  /// `pixels: [height, width, 3]`, 8 bits each.
  ///
  /// `pixels` are `clip((x + 1) / 2 · 255)`, truncated, as deepseek's and transformers' code do.
  /// - Returns: whether all of them were computed without NaN, which damaged weights cause. Where `ops` must stop,
  ///   nothing is written.
  @discardableResult
  package func decode(
    _ codes: [Int], into pixels: UnsafeMutablePointer<UInt8>, _ buffers: FeatureMapBuffers,
    _ ops: Ops
  ) throws(MemoryError) -> Bool {
    try ops.prepareBLAS()
    buffers.giveBackAll()
    let d = Drawing(buffers: buffers, ops: ops, geometry: geometry, precision: precision)
    var x = try d.lookUp(codes, in: codebook)
    x = try d.convolve(x, postQuantization)
    x = try d.convolve(x, input)
    x = try d.residual(x, middle.0)
    x = try d.attention(x, middle.1)
    x = try d.residual(x, middle.2)
    for level in levels {
      for (index, block) in level.residuals.enumerated() {
        if ops.mustStop() { return true }
        x = try d.residual(x, block)
        if !level.attentions.isEmpty { x = try d.attention(x, level.attentions[index]) }
      }
      if let convolution = level.upsample { x = try d.enlarge(x, convolution) }
    }
    x = try d.convolve(d.activatedFloats(x, outputNorm), output)
    let isNaNFree = d.write(x, to: pixels)
    return isNaNFree && buffers.panels.areFinite
  }
}

extension Drawing {
  /// `x + conv2(swish(norm2(conv1(swish(norm1(x))))))`, the `x` of the sum through the shortcut.
  func residual(_ x: FeatureMap, _ block: VQDecoder.Residual) throws(MemoryError) -> FeatureMap {
    let h = try convolve(activated(copyOf: x, block.norm1), block.convolution1)
    var sum = x
    if let shortcut = block.shortcut { sum = try convolve(x, shortcut) }
    return try convolve(activated(h, block.norm2), block.convolution2, addingTo: sum)
  }

  /// `x + Wo · softmax(q kᵀ / √C) v` over all pixels, with q, k, v of the normalised map.
  func attention(_ x: FeatureMap, _ block: VQDecoder.Attention) throws(MemoryError) -> FeatureMap {
    let h = try attend(normalized(copyOf: x, block.norm), block)
    return try convolve(h, block.output, addingTo: x)
  }
}
