import JanusModelFile
import JanusSystem

/// What a convolution reads: a map as it is, or quantised for products in int8.
enum ConvolutionInput {
  case floats(FeatureMap)
  case int8(QuantizedMap)
}

/// A map as int8, with a scale for each 32 channels of each pixel and a border of zeros. With the
/// border, the pixels under a line of three taps are rows of `3 · channels` values that overlap.
///
/// A view of a `QuantizedActivations`, valid until that grows or is freed.
struct QuantizedMap {
  let values: UnsafeMutablePointer<Int8>
  let scales: UnsafeMutablePointer<Float>
  let offsets: UnsafeMutablePointer<Int32>
  let height: Int
  let width: Int
  let channels: Int

  /// Blocks of 32 channels of one pixel.
  var blocks: Int { channels / 32 }

  init(_ buffer: QuantizedActivations, _ height: Int, _ width: Int, _ channels: Int)
    throws(MemoryError)
  {
    try buffer.reserve(tokens: (height + 2) * (width + 2), blocks: channels / 32)
    values = buffer.values
    scales = buffer.scales
    offsets = buffer.offsets
    self.height = height
    self.width = width
    self.channels = channels
    clearBorder()
  }

  /// The first block of a pixel; -1 and `height` or `width` are the border.
  func block(_ y: Int, _ x: Int) -> Int { ((y + 1) * (width + 2) + x + 1) * blocks }

  private func clearBorder() {
    clear(width + 2, at: block(-1, -1))
    clear(width + 2, at: block(height, -1))
    // The last pixel of a line and the first of the next are neighbours.
    for y in 0..<height - 1 { clear(2, at: block(y, width)) }
    clear(1, at: block(0, -1))
    clear(1, at: block(height - 1, width))
  }

  private func clear(_ count: Int, at block: Int) {
    (values + block * 32).update(repeating: 0, count: count * channels)
    (scales + block).update(repeating: 0, count: count * blocks)
    (offsets + block).update(repeating: 0, count: count * blocks)
  }
}
