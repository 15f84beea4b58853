import JanusModelFile
import JanusSystem
import Quant

/// The verbs of the VQ decoder over feature maps.
///
/// An operation frees the buffer of the map that it is called on, unless its name says that it
/// copies, or its result is that map. So the decoder's page reads like the formula, and memory
/// stays limited.
struct Drawing {
  let buffers: FeatureMapBuffers
  let ops: Ops
  let geometry: PaintingGeometry
  let precision: VQDecoder.Precision

  /// The codebook's rows at `codes`, each divided by its length, as a map.
  func lookUp(_ codes: [Int], in codebook: Vector) throws(MemoryError) -> FeatureMap {
    let (side, length) = (geometry.gridSize, geometry.codeLength)
    let map = try buffers.take(codes.count / side, side, length)
    for (index, code) in codes.enumerated() {
      let entry = codebook.base + code * length
      let pixel = map.pixel(index / side, index % side)
      var squares: Float = 0
      for i in 0..<length { squares += entry[i] * entry[i] }
      // torch's F.normalize: x / max(|x|, 1e-12).
      let norm = max(squares.squareRoot(), 1e-12)
      for i in 0..<length { pixel[i] = entry[i] / norm }
    }
    return map
  }

  /// Single-head attention of every pixel to every pixel.
  func attend(_ h: FeatureMap, _ block: VQDecoder.Attention) throws(MemoryError) -> FeatureMap {
    let (pixels, channels) = (h.pixels, h.channels)
    let rows = try buffers.attention.map { buffer throws(MemoryError) in
      try buffer.matrix(pixels, channels)
    }
    let (x, q, k, v, a) = (rows[0], rows[1], rows[2], rows[3], rows[4])
    for y in 0..<h.height {
      x[row: y * h.width].update(from: h.pixel(y, 0), count: h.width * channels)
    }
    try ops.matmul(
      x, Product(block.query.linear, into: q), Product(block.key.linear, into: k),
      Product(block.value.linear, into: v))
    try ops.attend(q, k, v, heads: 1, inInt8: false, into: a)
    for y in 0..<h.height {
      h.pixel(y, 0).update(from: a[row: y * h.width], count: h.width * channels)
    }
    return h
  }

  /// `clip((x + 1) / 2 · 255)`, truncated to 8 bits, as `[height, width, channels]`.
  ///
  /// - Returns: whether no value is NaN. A NaN becomes black.
  func write(_ x: FeatureMap, to pixels: UnsafeMutablePointer<UInt8>) -> Bool {
    let count = x.width * x.channels
    var isNaNFree = true
    for y in 0..<x.height {
      let line = x.pixel(y, 0)
      for i in 0..<count {
        isNaNFree = isNaNFree && !line[i].isNaN
        let value = (line[i] + 1) / 2 * 255
        pixels[y * count + i] = value >= 255 ? 255 : value > 0 ? UInt8(value) : 0
      }
    }
    buffers.giveBack(x)
    return isNaNFree
  }
}
