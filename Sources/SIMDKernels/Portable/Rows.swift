/// `Kernels.dotRowsF32`.
public func dotRowsF32(
  _ q: UnsafePointer<Float>, _ rows: UnsafePointer<Float>, _ stride: Int, _ count: Int,
  _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>
) {
  for i in 0..<count { out[i] = scale * dot(q, rows + i * stride, dim) }
}
