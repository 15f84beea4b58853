import SIMDKernels

extension KernelCase {
  /// Activations, and rows of a cache, to int8.
  static func quantization(_ values: inout Values) -> KernelCase {
    let ofRow = values.chance(2)
    let count = values.size(ofRow ? 1024 : 2100)
    let x = values.strangeFloats(count)
    let blocks = (count + 31) / 32
    let precision = [
      ScalePrecision.full, ScalePrecision.threeBits, ScalePrecision.powerOfTwo,
    ].randomElement(using: &values)!
    return KernelCase(
      kernel: ofRow ? "quantize row" : "quantize activations",
      shape: "\(count) values, precision \(precision)", promise: .sameBits
    ) { kernels in
      let memory = WalledMemory()
      let out = memory.place([Int8](repeating: 5, count: blocks * 32))
      let scales = memory.place([Float](repeating: 0, count: max(1, blocks)))
      let offsets = memory.place([Int32](repeating: 0, count: max(1, blocks)))
      var fits = true
      if ofRow {
        scales[0] = kernels.quantizeRow(memory.place(x), count, out)
      } else {
        fits = kernels.quantizeActivations(
          memory.place(x), count, precision, out, scales, offsets)
      }
      let all = UnsafeBufferPointer(start: scales, count: ofRow ? 1 : blocks).map {
        UInt64($0.isNaN ? Float.nan.bitPattern : $0.bitPattern)
      }
      return .words(
        all + [fits ? 1 : 0]
          + UnsafeBufferPointer(start: out, count: blocks * 32).map {
            UInt64(UInt8(bitPattern: $0))
          }
          + UnsafeBufferPointer(start: offsets, count: blocks).map {
            UInt64(UInt32(bitPattern: $0))
          })
    }
  }

  /// Conversions between formats of floats.
  static func conversion(_ values: inout Values) -> KernelCase {
    let count = values.size(700)
    let (x, halves) = (values.strangeFloats(count), values.halves(count))
    let kind = Int.random(in: 0..<4, using: &values)
    return KernelCase(
      kernel: ["f16 to f32", "f32 to f16", "bf16 to f32", "f32 to bf16"][kind],
      shape: "\(count) values", promise: .sameBits
    ) { kernels in
      let memory = WalledMemory()
      if kind % 2 == 0 {
        let out = memory.place([Float](repeating: 7, count: count))
        (kind == 0 ? kernels.f16ToF32 : kernels.bf16ToF32)(memory.place(halves), out, count)
        return .floats(Array(UnsafeBufferPointer(start: out, count: count)))
      }
      let out = memory.place([UInt16](repeating: 7, count: count))
      (kind == 1 ? kernels.f32ToF16 : kernels.f32ToBF16)(memory.place(x), out, count)
      return .words(
        UnsafeBufferPointer(start: out, count: count).enumerated().map { index, half in
          x[index].isNaN ? UInt64(kind == 1 ? half & 0x7c00 : half & 0x7f80) : UInt64(half)
        })
    }
  }

  /// Sums and products element by element, exactly rounded.
  static func exactElements(_ values: inout Values) -> KernelCase {
    let kind = Int.random(in: 0..<3, using: &values)
    let (pixels, channels) = (values.size(30, least: 1), values.size(80, least: 1))
    let count = pixels * channels
    let (x, y) = (values.strangeFloats(count), values.strangeFloats(count))
    let (scale, shift) = (values.floats(channels), values.floats(channels))
    return KernelCase(
      kernel: ["add", "multiply", "scale and shift"][kind],
      shape: "\(pixels) × \(channels)", promise: .sameBits
    ) { kernels in
      let memory = WalledMemory()
      let out = memory.place(y)
      switch kind {
      case 0: kernels.add(memory.place(x), out, count)
      case 1: kernels.multiply(memory.place(x), out, count)
      default:
        kernels.scaleShift(
          memory.place(x), memory.place(scale), memory.place(shift), out, pixels, channels)
      }
      return .floats(Array(UnsafeBufferPointer(start: out, count: count)))
    }
  }

  /// Sums over the pixels of a map, in their order.
  static func channelSums(_ values: inout Values) -> KernelCase {
    let (pixels, channels) = (values.size(40), values.size(90, least: 1))
    let x = values.floats(pixels * channels)
    return KernelCase(
      kernel: "sums of channels", shape: "\(pixels) × \(channels)", promise: .sameBits
    ) { kernels in
      let memory = WalledMemory()
      let sums = memory.place([Double](repeating: 0.5, count: 2 * channels))
      kernels.sumChannels(memory.place(x), pixels, channels, sums)
      return .words(UnsafeBufferPointer(start: sums, count: 2 * channels).map(\.bitPattern))
    }
  }

  /// Functions of rows that are off by a few roundings, in every tier by others.
  static func functions(_ values: inout Values) -> KernelCase {
    let kind = Int.random(in: 0..<6, using: &values)
    let count = kind == 5 ? 2 * values.size(64, least: 1) : values.size(1200, least: 1)
    var x = values.floats(count)
    if kind <= 2 { x = x.map { max(-60, min(60, $0)) } }
    let (weight, bias) = (values.floats(count), values.floats(count))
    let input = x
    let n = Double(count)
    let largest = Double(input.map(\.magnitude).max() ?? 0)
    let names = ["softmax", "silu", "gelu", "RMS norm", "layer norm", "rotary angles"]
    let bounds: [Double] = input.indices.map { index in
      let size = Double(input[index].magnitude)
      switch kind {
      // A share of 1, off by the roundings of the distance, of exp and of the sum.
      case 0: return 2 * (2 * largest + 6 + n + 3) * rounding + 0x1p-124
      case 1:
        return 2 * size * Double(weight[index].magnitude) * (8 * rounding + 0x1p-125) + 0x1p-148
      case 2: return 2 * size * (8 * rounding + 0x1p-28) + 0x1p-148
      case 3:
        return 2 * (n.squareRoot() + 1) * Double(weight[index].magnitude) * (n / 2 + 6) * rounding
      case 4:
        // The mean's error counts as many times as the values are larger than their deviation.
        let deviation = Self.deviation(input)
        let shifted = largest * (n + 2) * rounding / deviation
        return 2 * Double(weight[index].magnitude)
          * ((n.squareRoot() + 1) * (n / 2 + 8) * rounding + 4 * shifted + 4 * shifted * shifted
            * (n.squareRoot() + 1)) + 4 * rounding * Double(bias[index].magnitude)
      default:
        // Cosines and sines, each product and the sum rounded once.
        let factors = [weight, bias].map { Double($0.map(\.magnitude).max() ?? 0) }
        return 4 * largest * (factors[0] + factors[1]) * rounding + 0x1p-148
      }
    }
    return KernelCase(kernel: names[kind], shape: "\(count) values", promise: .within(bounds)) {
      kernels in
      let memory = WalledMemory()
      let out = memory.place(input)
      let (weight, bias) = (memory.place(weight), memory.place(bias))
      switch kind {
      case 0: kernels.softmax(out, count)
      case 1: kernels.siluMul(out, weight, out, count)
      case 2: kernels.gelu(out, count)
      case 3: kernels.rmsNorm(out, weight, 1e-5, out, count)
      case 4: kernels.layerNorm(out, weight, bias, 1e-5, out, count)
      default: kernels.rope(out, weight, bias, 1, count)
      }
      return .floats(Array(UnsafeBufferPointer(start: out, count: count)))
    }
  }

  private static func deviation(_ x: [Float]) -> Double {
    let mean = x.reduce(0) { $0 + Double($1) } / Double(x.count)
    let variance = x.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(x.count)
    return (variance + 1e-5).squareRoot()
  }
}
