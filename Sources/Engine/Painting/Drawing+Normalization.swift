import JanusModelFile
import JanusSystem
import Quant
import SIMDKernels

// Once the sums over the map are known, GroupNorm is one multiplication and one addition for each
// channel. The steps after it, up to the convolution's input, are done in the same pass.

extension Drawing {
  /// `swish(norm(x))`.
  func activated(_ x: FeatureMap, _ norm: Norm) throws(MemoryError) -> ConvolutionInput {
    guard quantizes(x) else { return .floats(activatedFloats(x, norm)) }
    defer { buffers.giveBack(x) }
    return try activated(copyOf: x, norm)
  }

  /// `swish(norm(x))` in the place of `x`, for a product in floats.
  func activatedFloats(_ x: FeatureMap, _ norm: Norm) -> FeatureMap {
    normalize(x, norm, swish: true, into: x)
    return x
  }

  /// `swish(norm(x))`, where `x` is still needed.
  func activated(copyOf x: FeatureMap, _ norm: Norm) throws(MemoryError) -> ConvolutionInput {
    if !quantizes(x) {
      let out = try buffers.take(x.height, x.width, x.channels)
      normalize(x, norm, swish: true, into: out)
      return .floats(out)
    }
    return .int8(try quantized(x, affine(x, norm)))
  }

  /// GroupNorm of a copy.
  func normalized(copyOf x: FeatureMap, _ norm: Norm) throws(MemoryError) -> FeatureMap {
    let out = try buffers.take(x.height, x.width, x.channels)
    normalize(x, norm, swish: false, into: out)
    return out
  }

  // MARK: Pieces

  private func quantizes(_ x: FeatureMap) -> Bool {
    x.width >= precision.residuals && x.channels % ElementFormat.blockColumns == 0
  }

  /// A map as int8, as it is.
  func quantized(_ x: FeatureMap) throws(MemoryError) -> QuantizedMap {
    let out = try QuantizedMap(buffers.quantized, x.height, x.width, x.channels)
    ops.pool.run(x.height) { y, _ in
      let block = out.block(y, 0)
      _ = ops.kernels.quantizeActivations(
        x.pixel(y, 0), x.width * x.channels, ScalePrecision.full,
        out.values + block * ElementFormat.blockColumns,
        out.scales + block, out.offsets + block)
    }
    return out
  }

  /// `swish(x · scale + shift)` as int8.
  private func quantized(_ x: FeatureMap, _ channels: ChannelScales) throws(MemoryError)
    -> QuantizedMap
  {
    let out = try QuantizedMap(buffers.quantized, x.height, x.width, x.channels)
    // Pixels that stay in the L1 cache between the steps.
    let step = max(1, 2048 / x.channels)
    try ops.reserveThreadScratch(step * x.channels)
    ops.pool.run(x.height) { y, thread in
      let scratch = ops.threadScratch[thread].base
      for column in stride(from: 0, to: x.width, by: step) {
        let count = min(step, x.width - column)
        normalize(x.pixel(y, column), count, channels, swish: true, into: scratch)
        let block = out.block(y, column)
        _ = ops.kernels.quantizeActivations(
          scratch, count * x.channels, ScalePrecision.full,
          out.values + block * ElementFormat.blockColumns,
          out.scales + block, out.offsets + block)
      }
    }
    return out
  }

  private func normalize(_ x: FeatureMap, _ norm: Norm, swish: Bool, into out: FeatureMap) {
    let channels = affine(x, norm)
    ops.pool.run(x.height) { y, _ in
      for column in 0..<x.width {
        normalize(x.pixel(y, column), 1, channels, swish: swish, into: out.pixel(y, column))
      }
    }
  }

  private func normalize(
    _ pixels: UnsafePointer<Float>, _ count: Int, _ channels: ChannelScales, swish: Bool,
    into out: UnsafeMutablePointer<Float>
  ) {
    let width = channels.scale.count
    ops.kernels.scaleShift(pixels, channels.scale, channels.shift, out, count, width)
    if !swish { return }
    for pixel in 0..<count {
      let values = out + pixel * width
      ops.kernels.siluMul(values, channels.ones, values, width)
    }
  }

  private func affine(_ x: FeatureMap, _ norm: Norm) -> ChannelScales {
    let channels = x.channels
    // Sums of each line, added up in order of the lines: the same for any number of threads.
    var sums = [Double](repeating: 0, count: x.height * channels * 2)
    sums.withUnsafeMutableBufferPointer { sums in
      let sums = sums.baseAddress!
      ops.pool.run(x.height) { y, _ in
        ops.kernels.sumChannels(x.pixel(y, 0), x.width, channels, sums + y * channels * 2)
      }
      for y in 1..<x.height {
        for i in 0..<channels * 2 { sums[i] += sums[y * channels * 2 + i] }
      }
    }
    return ChannelScales(
      sums: sums, pixels: x.pixels, norm, groups: geometry.normGroups,
      epsilon: Double(geometry.normEpsilon))
  }
}

/// GroupNorm as one multiplication and addition for each channel.
private struct ChannelScales {
  var scale: [Float]
  var shift: [Float]
  let ones: [Float]

  /// `sums` begins with every channel's sum over the pixels, and every channel's sum of squares.
  init(sums: [Double], pixels: Int, _ norm: Norm, groups: Int, epsilon: Double) {
    let channels = norm.weight.count
    scale = [Float](repeating: 0, count: channels)
    shift = scale
    ones = [Float](repeating: 1, count: channels)
    let perGroup = channels / groups
    let count = Double(pixels * perGroup)
    for first in stride(from: 0, to: channels, by: perGroup) {
      let members = first..<first + perGroup
      let mean = members.reduce(0) { $0 + sums[$1] } / count
      let squares = members.reduce(0) { $0 + sums[channels + $1] }
      let variance = max(0, squares / count - mean * mean)
      let deviation = (variance + epsilon).squareRoot()
      for c in members {
        scale[c] = Float(Double(norm.weight.base[c]) / deviation)
        shift[c] = Float(
          Double(norm.bias.base[c]) - mean * Double(norm.weight.base[c]) / deviation)
      }
    }
  }
}
