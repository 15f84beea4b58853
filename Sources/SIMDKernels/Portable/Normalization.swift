/// `Kernels.rmsNorm`.
public func rmsNorm(
  _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ epsilon: Float,
  _ out: UnsafeMutablePointer<Float>, _ count: Int
) {
  let scale = 1 / (dot(x, x, count) / Float(count) + epsilon).squareRoot()
  for i in 0..<count { out[i] = x[i] * scale * weight[i] }
}

/// `Kernels.layerNorm`. The variance is taken around the mean in a second pass: the shortcut
/// E[x²] - E[x]² cancels.
public func layerNorm(
  _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
  _ epsilon: Float, _ out: UnsafeMutablePointer<Float>, _ count: Int
) {
  var lanes = SIMD8<Float>.zero
  for i in 0..<count { lanes[i & 7] += x[i] }
  let mean = lanes.sum() / Float(count)
  lanes = .zero
  for i in 0..<count { lanes[i & 7] += (x[i] - mean) * (x[i] - mean) }
  let scale = 1 / (lanes.sum() / Float(count) + epsilon).squareRoot()
  for i in 0..<count { out[i] = (x[i] - mean) * scale * weight[i] + bias[i] }
}
