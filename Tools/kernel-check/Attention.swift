import SIMDKernels

extension KernelCase {
  /// Scores of queries against a chunk of keys.
  static func scores(_ values: inout Values) -> KernelCase {
    let kind = Int.random(in: 0..<3, using: &values)
    let (rows, dim) = (values.size(12), values.size(128, least: 1))
    let stride = dim + values.size(5)
    let q = values.floats(rows * stride)
    let width = Kernels.keysPerChunk
    let (floats, halves, bytes) = (
      values.floats(dim * width), values.halves(dim * width), values.signedBytes(dim * width)
    )
    return KernelCase(
      kernel: "scores " + ["f32", "f16", "int8"][kind], shape: "\(rows) rows of \(dim)",
      promise: .sameBits
    ) { kernels in
      let memory = WalledMemory()
      let out = memory.place([Float](repeating: 0, count: rows * width))
      let q = memory.place(q)
      switch kind {
      case 0:
        kernels.scoresF32(q, stride, rows, memory.place(floats), dim, 0.125, out, width)
      case 1:
        kernels.scoresF16(q, stride, rows, memory.place(halves), dim, 0.125, out, width)
      default:
        let keys = memory.place(bytes)
        kernels.scoresInt8(q, stride, rows, keys, dim, 0.125, out, width, keys)
      }
      return .floats(Array(UnsafeBufferPointer(start: out, count: rows * width)))
    }
  }

  /// Sums of values, weighed by attention.
  static func weightedSums(_ values: inout Values) -> KernelCase {
    let kind = Int.random(in: 0..<3, using: &values)
    let (rows, count, dim) = (values.size(12), values.size(64), values.size(128, least: 1))
    let weights = values.floats(rows * count)
    let begin = values.floats(rows * dim)
    let (floats, halves, bytes) = (
      values.floats(count * dim), values.halves(count * dim), values.signedBytes(count * dim)
    )
    return KernelCase(
      kernel: "weighted sums " + ["f32", "f16", "int8"][kind],
      shape: "\(rows) rows of \(count) × \(dim)", promise: .sameBits
    ) { kernels in
      let memory = WalledMemory()
      let out = memory.place(begin)
      let weights = memory.place(weights)
      switch kind {
      case 0:
        kernels.weightedSumF32(
          weights, count, rows, memory.place(floats), dim, count, dim, out, dim)
      case 1:
        kernels.weightedSumF16(
          weights, count, rows, memory.place(halves), dim, count, dim, out, dim)
      default:
        let all = memory.place(bytes)
        kernels.weightedSumInt8(weights, count, rows, all, dim, count, dim, out, dim, all)
      }
      return .floats(Array(UnsafeBufferPointer(start: out, count: rows * dim)))
    }
  }

  /// Blocks of weights to panels.
  static func encoding(_ values: inout Values) -> KernelCase {
    let inInt4 = values.chance(2)
    let block = values.floats(32 * 16)
    let importance = values.floats(32).map(\.magnitude)
    let weighs = values.chance(2)
    let levels: [Float] = [
      -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
    ]
    return KernelCase(
      kernel: inInt4 ? "encode int4" : "encode int8", shape: "weighed \(weighs)",
      promise: .sameBits
    ) { kernels in
      let memory = WalledMemory()
      let out = memory.place([UInt8](repeating: 0, count: inInt4 ? 288 : 544))
      let (block, importance) = (memory.place(block), memory.place(importance))
      if inInt4 {
        kernels.encodeInt4(block, importance, memory.place(levels), out)
      } else {
        kernels.encodeInt8(block, weighs ? UnsafePointer(importance) : nil, out)
      }
      return .words(UnsafeBufferPointer(start: out, count: inInt4 ? 288 : 544).map(UInt64.init))
    }
  }

  /// Every kind of case.
  static let all: [@Sendable (inout Values) -> KernelCase] = [
    panelProduct, codedProduct, codedEncoding, floatProduct, quantization, conversion,
    exactElements, channelSums, functions,
    scores,
    weightedSums, encoding,
  ]
}
