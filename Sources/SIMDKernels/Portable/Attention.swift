/// `Kernels.scoresF32`.
public func scoresF32(
  _ q: UnsafePointer<Float>, _ qStride: Int, _ rows: Int, _ keys: UnsafePointer<Float>,
  _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
) {
  for r in 0..<rows {
    for i in 0..<keysPerChunk {
      var sum: Float = 0
      for d in 0..<dim { sum.addProduct(q[r * qStride + d], keys[d * keysPerChunk + i]) }
      out[r * outStride + i] = sum * scale
    }
  }
}

/// `Kernels.scoresF16`.
public func scoresF16(
  _ q: UnsafePointer<Float>, _ qStride: Int, _ rows: Int, _ keys: UnsafePointer<UInt16>,
  _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
) {
  for r in 0..<rows {
    for i in 0..<keysPerChunk {
      var sum: Float = 0
      for d in 0..<dim {
        sum.addProduct(q[r * qStride + d], float(fromHalf: keys[d * keysPerChunk + i]))
      }
      out[r * outStride + i] = sum * scale
    }
  }
}

/// `Kernels.scoresInt8`.
public func scoresInt8(
  _ q: UnsafePointer<Float>, _ qStride: Int, _ rows: Int, _ keys: UnsafePointer<Int8>,
  _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>, _ outStride: Int,
  _ ahead: UnsafeRawPointer?
) {
  for r in 0..<rows {
    for i in 0..<keysPerChunk {
      var sum: Float = 0
      for d in 0..<dim {
        sum.addProduct(q[r * qStride + d], Float(keys[d * keysPerChunk + i]))
      }
      out[r * outStride + i] = sum * scale
    }
  }
}

/// `Kernels.weightedSumF32`.
public func weightedSumF32(
  _ weights: UnsafePointer<Float>, _ weightStride: Int, _ rows: Int,
  _ values: UnsafePointer<Float>, _ valueStride: Int, _ count: Int, _ dim: Int,
  _ out: UnsafeMutablePointer<Float>, _ outStride: Int
) {
  for r in 0..<rows {
    for i in 0..<count {
      let weight = weights[r * weightStride + i]
      let value = values + i * valueStride
      for d in 0..<dim { out[r * outStride + d].addProduct(weight, value[d]) }
    }
  }
}

/// `Kernels.weightedSumF16`.
public func weightedSumF16(
  _ weights: UnsafePointer<Float>, _ weightStride: Int, _ rows: Int,
  _ values: UnsafePointer<UInt16>, _ valueStride: Int, _ count: Int, _ dim: Int,
  _ out: UnsafeMutablePointer<Float>, _ outStride: Int
) {
  for r in 0..<rows {
    for i in 0..<count {
      let weight = weights[r * weightStride + i]
      let value = values + i * valueStride
      for d in 0..<dim {
        out[r * outStride + d].addProduct(weight, float(fromHalf: value[d]))
      }
    }
  }
}

/// `Kernels.weightedSumInt8`.
public func weightedSumInt8(
  _ weights: UnsafePointer<Float>, _ weightStride: Int, _ rows: Int,
  _ values: UnsafePointer<Int8>, _ valueStride: Int, _ count: Int, _ dim: Int,
  _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ ahead: UnsafeRawPointer?
) {
  for r in 0..<rows {
    for i in 0..<count {
      let weight = weights[r * weightStride + i]
      let value = values + i * valueStride
      for d in 0..<dim { out[r * outStride + d].addProduct(weight, Float(value[d])) }
    }
  }
}

private let keysPerChunk = 64
