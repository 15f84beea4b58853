/// `Kernels.quantizeActivations`.
///
/// A block that holds a NaN or an infinity keeps it in its scale, with all values zero, so that the
/// products become NaN instead of plausible numbers.
public func quantizeActivations(
  _ x: UnsafePointer<Float>, _ columns: Int, _ precision: UInt32,
  _ values: UnsafeMutablePointer<Int8>, _ scales: UnsafeMutablePointer<Float>,
  _ offsets: UnsafeMutablePointer<Int32>
) -> Bool {
  let blocks = (columns + 31) / 32
  var allFit = true
  for block in 0..<blocks {
    let begin = block * 32
    let end = min(begin + 32, columns)
    // The bits of |x| are ordered as the numbers are, with NaN above infinity.
    var largest: UInt32 = 0
    for k in begin..<end { largest = max(largest, x[k].bitPattern & 0x7fff_ffff) }
    let scale = scale(of: largest, precision)
    let inverse = 1 / scale
    let usable = inverse > 0 && inverse.isFinite
    var sum: Int32 = 0
    for k in begin..<begin + 32 {
      var value: Int32 = 0
      if usable && k < end {
        value = Int32(min(max((x[k] * inverse).rounded(.toNearestOrEven), -127), 127))
      }
      values[k] = Int8(truncatingIfNeeded: value)
      sum += value
    }
    scales[block] = scale
    offsets[block] = -128 * sum
    allFit = allFit && scale <= largestScale
  }
  return allFit
}

/// `ScalePrecision.largest`.
private let largestScale: Float = 0x1p111

/// The scale of a block whose largest magnitude has these bits.
private func scale(of largest: UInt32, _ precision: UInt32) -> Float {
  let scale = Float(bitPattern: largest) / 127
  if precision == 0 || scale.isNaN { return scale }
  // A mantissa carries into the exponent.
  return max(Float(bitPattern: (scale.bitPattern + precision) & ~precision), 0x1p-102)
}
