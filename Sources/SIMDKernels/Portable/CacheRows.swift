/// `Kernels.quantizeRow`.
public func quantizeRow(
  _ x: UnsafePointer<Float>, _ count: Int, _ values: UnsafeMutablePointer<Int8>
) -> Float {
  // The bits of |x| are ordered as the numbers are, with NaN above infinity.
  var bits: UInt32 = 0
  for k in 0..<count { bits = max(bits, x[k].bitPattern & 0x7fff_ffff) }
  let largest = Float(bitPattern: bits)
  let inverse = 127 / largest
  guard largest.isFinite, inverse.isFinite else {
    values.update(repeating: 0, count: (count + 31) / 32 * 32)
    return largest.isFinite ? 0 : largest
  }
  var best = (gain: -1.0, level: Int32(127), scale: Float(0))
  for level in stride(from: Int32(127), through: 113, by: -2) {
    var (product, square) = (0, 0)
    for k in 0..<count {
      let fine = fineLevel(x[k], inverse)
      let coarse = coarseLevel(fine, level)
      product += Int(fine * coarse)
      square += Int(coarse * coarse)
    }
    // Against the fine levels F, the levels q times a = ΣFq / Σq² have the squared error ΣF² − (ΣFq)² / Σq².
    let gain = Double(product) * Double(product) / Double(square)
    if gain > best.gain {
      best = (gain, level, Float(Double(largest) / 32_512 * Double(product) / Double(square)))
    }
  }
  for k in 0..<count { values[k] = Int8(coarseLevel(fineLevel(x[k], inverse), best.level)) }
  for k in count..<(count + 31) / 32 * 32 { values[k] = 0 }
  return best.scale
}

/// `x` in units of the largest magnitude / 127 / 256.
@inline(__always)
private func fineLevel(_ x: Float, _ inverse: Float) -> Int32 {
  Int32((min(max(x * inverse, -127), 127) * 256).rounded(.toNearestOrEven))
}

/// The level of `fine`, where the largest magnitude has `level`.
@inline(__always)
private func coarseLevel(_ fine: Int32, _ level: Int32) -> Int32 {
  Int32((Float(fine) * (Float(level) / 32_512)).rounded(.toNearestOrEven))
}
