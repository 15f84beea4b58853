import CIntrinsics

// exp and the normal distribution by polynomials, so that no tier depends on a system's mathematical library.

/// eˣ with a relative error below 3 · 2⁻²⁴; 0 below -87.33 (where the result would be subnormal),
/// infinity above 88.72, NaN for NaN.
///
/// x = n·ln 2 + r with |r| ≤ ½ ln 2, ln 2 in two parts of which the first has so few bits that its
/// product with n is exact (Cody and Waite); then Taylor's polynomial, whose remainder at degree 7
/// is below 2⁻²⁷.
@inline(__always)
func exponential(_ x: Float) -> Float {
  if !(x >= -87.33) { return x.isNaN ? x : 0 }
  if x > 88.72 { return .infinity }
  let toInteger: Float = 0x1.8p23  // adding it rounds to a whole number
  let n = (x * 1.442_695_04 + toInteger) - toInteger
  let r = (x - n * 0.693_359_375) + n * 2.121_944_4e-4
  var p: Float = 1 / 5040
  p = p * r + 1 / 720
  p = p * r + 1 / 120
  p = p * r + 1 / 24
  p = p * r + 1 / 6
  p = p * r + 0.5
  p = p * r + 1
  p = p * r + 1
  // 2¹²⁸ is beyond Float: scale in two steps.
  let exponent = Int32(n)
  let half = exponent >> 1
  return p * powerOfTwo(half) * powerOfTwo(exponent - half)
}

@inline(__always)
private func powerOfTwo(_ n: Int32) -> Float {
  Float(bitPattern: UInt32(truncatingIfNeeded: n &+ 127) << 23)
}

/// The upper tail of the normal distribution, ½ erfc(x / √2), of `x ≥ 0`; 0 from 6 on, where it is
/// below 2⁻²⁹.
///
/// By the polynomials of `janus_upper_tail`. The error is at most 2⁻²⁹ plus twice 2⁻²⁴ of the tail
/// at the start of x's interval.
@inline(__always)
func upperTail(_ x: Float) -> Float {
  if !(x < 6) { return 0 }
  let interval = Int(x * (4 / 3))
  let r = x - (Float(interval) * 0.75 + 0.375)
  let coefficients = janus_upper_tail() + interval
  var p = coefficients[7 * 8]
  for degree in stride(from: 6, through: 0, by: -1) { p = p * r + coefficients[degree * 8] }
  return p
}
