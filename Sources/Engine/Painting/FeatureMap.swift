import JanusModelFile
import JanusSystem

/// A picture's features, channels last: `[height, width, channels]`, with a border of one pixel all
/// round that a 3×3 convolution reads as zeros.
///
/// A view of a `FloatBuffer`, valid until that grows or is freed.
struct FeatureMap {
  let base: UnsafeMutablePointer<Float>
  let height: Int
  let width: Int
  let channels: Int

  /// Floats from one line to the next.
  var lineStride: Int { (width + 2) * channels }
  var pixels: Int { height * width }

  static func size(_ height: Int, _ width: Int, _ channels: Int) -> Int {
    (height + 2) * (width + 2) * channels
  }

  /// The first channel of a pixel; -1 and `height` or `width` are the border.
  func pixel(_ y: Int, _ x: Int) -> UnsafeMutablePointer<Float> {
    base + ((y + 1) * (width + 2) + x + 1) * channels
  }

  func clearBorder() {
    base.update(repeating: 0, count: lineStride)
    (base + (height + 1) * lineStride).update(repeating: 0, count: lineStride)
    for y in 0..<height {
      pixel(y, -1).update(repeating: 0, count: channels)
      pixel(y, width).update(repeating: 0, count: channels)
    }
  }
}

/// The maps of a decoder, and its weights in the form in which they are multiplied. At most three
/// maps are in use at once, or two and a quantised one. So memory stays at three times the largest
/// map.
package final class FeatureMapBuffers {
  package init() {}

  private let buffers = (0..<3).map { _ in FloatBuffer() }
  private var inUse = [false, false, false]
  /// The input of a convolution in int8, one at a time.
  private(set) var quantized = QuantizedActivations()
  let panels = ConvolutionPanels()
  /// A convolution's weights as floats.
  let weights = FloatBuffer()
  /// Operands and products of a convolution by Winograd tiles.
  let tileInputs = FloatBuffer()
  let tileOutputs = FloatBuffer()
  /// Attention's input, q, k, v and output: only at the lowest resolution, and small.
  let attention = (0..<5).map { _ in FloatBuffer() }

  /// Frees all but the weights' panels.
  package func release() {
    for buffer in buffers + attention + [weights, tileInputs, tileOutputs] { buffer.release() }
    quantized = QuantizedActivations()
  }

  /// Takes all maps back, also those of a decoding that ended in the middle.
  func giveBackAll() { inUse = [false, false, false] }

  /// A map with undefined pixels and a cleared border.
  func take(_ height: Int, _ width: Int, _ channels: Int) throws(MemoryError) -> FeatureMap {
    let index = inUse.firstIndex(of: false)!
    try buffers[index].reserve(FeatureMap.size(height, width, channels))
    let map = FeatureMap(
      base: buffers[index].base, height: height, width: width, channels: channels)
    map.clearBorder()
    inUse[index] = true
    return map
  }

  /// `sum`, or a new map where there is none.
  func target(
    _ sum: FeatureMap?, _ height: Int, _ width: Int, _ channels: Int
  ) throws(MemoryError) -> FeatureMap {
    if let sum { return sum }
    return try take(height, width, channels)
  }

  func giveBack(_ map: FeatureMap) {
    inUse[buffers.firstIndex { $0.base == map.base }!] = false
  }
}
