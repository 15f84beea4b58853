/// `Kernels.rmsNorm`.
public func rmsNorm(
  _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ epsilon: Float,
  _ out: UnsafeMutablePointer<Float>, _ count: Int
) {
  let scale = 1 / (dot(x, x, count) / Float(count) + epsilon).squareRoot()
  for i in 0..<count { out[i] = x[i] * scale * weight[i] }
}

/// `Kernels.layerNorm`. The variance is taken around the mean in a second pass: the shortcut E[x²]
/// - E[x]² loses digits.
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

/// `Kernels.sumChannels`. A square of a Float is exact in Double, so that no tier rounds differently.
public func sumChannels(
  _ x: UnsafePointer<Float>, _ pixels: Int, _ channels: Int, _ sums: UnsafeMutablePointer<Double>
) {
  for pixel in 0..<pixels {
    let values = x + pixel * channels
    for c in 0..<channels {
      let value = Double(values[c])
      sums[c] += value
      sums[channels + c] += value * value
    }
  }
}

/// `Kernels.scaleShift`.
public func scaleShift(
  _ x: UnsafePointer<Float>, _ scale: UnsafePointer<Float>, _ shift: UnsafePointer<Float>,
  _ out: UnsafeMutablePointer<Float>, _ pixels: Int, _ channels: Int
) {
  for first in stride(from: 0, to: pixels * channels, by: max(1, channels)) {
    for c in 0..<channels { out[first + c] = shift[c].addingProduct(x[first + c], scale[c]) }
  }
}
