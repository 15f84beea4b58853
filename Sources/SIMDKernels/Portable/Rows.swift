/// `Kernels.dotRowsF32`.
public func dotRowsF32(
  _ q: UnsafePointer<Float>, _ rows: UnsafePointer<Float>, _ stride: Int, _ count: Int,
  _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>
) {
  for i in 0..<count { out[i] = scale * dot(q, rows + i * stride, dim) }
}

/// `Kernels.dotRowsF16`.
public func dotRowsF16(
  _ q: UnsafePointer<Float>, _ rows: UnsafePointer<UInt16>, _ stride: Int, _ count: Int,
  _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>
) {
  for i in 0..<count {
    let row = rows + i * stride
    var lanes = SIMD8<Float>.zero
    for d in 0..<dim { lanes[d & 7] += q[d] * float(fromHalf: row[d]) }
    out[i] = scale * lanes.sum()
  }
}

/// `Kernels.sumRowsF32`.
public func sumRowsF32(
  _ weights: UnsafePointer<Float>, _ rows: UnsafePointer<Float>, _ stride: Int,
  _ count: Int, _ dim: Int, _ out: UnsafeMutablePointer<Float>
) {
  for i in 0..<count {
    let row = rows + i * stride
    for d in 0..<dim { out[d] += weights[i] * row[d] }
  }
}

/// `Kernels.sumRowsF16`.
public func sumRowsF16(
  _ weights: UnsafePointer<Float>, _ rows: UnsafePointer<UInt16>, _ stride: Int,
  _ count: Int, _ dim: Int, _ out: UnsafeMutablePointer<Float>
) {
  for i in 0..<count {
    let row = rows + i * stride
    for d in 0..<dim { out[d] += weights[i] * float(fromHalf: row[d]) }
  }
}
