// exp and erfc by polynomials, so that no tier depends on a system's mathematical library.

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
  // 2¹²⁸ is no number: scale in two steps.
  let exponent = Int32(n)
  let half = exponent >> 1
  return p * powerOfTwo(half) * powerOfTwo(exponent - half)
}

@inline(__always)
private func powerOfTwo(_ n: Int32) -> Float {
  Float(bitPattern: UInt32(truncatingIfNeeded: n &+ 127) << 23)
}

/// The complementary error function of `z ≥ 0`.
///
/// erfc(z) = t · exp(-z² + P(t)), t = 1 / (1 + z/2) (the form of Numerical Recipes' `erfcc`; the
/// coefficients are a Chebyshev fit of degree 9 on t in 1/6.5...1, relative error 5.4 · 10⁻⁸; with
/// the roundings of the exponent the result is good to (8 + z²) · 2⁻²⁴).
@inline(__always)
func complementaryError(_ z: Float) -> Float {
  let t = 1 / (1 + 0.5 * z)
  var p: Float = 0.152_171_28
  p = p * t - 0.720_157_56
  p = p * t + 1.248_985
  p = p * t - 0.818_536_6
  p = p * t + 0.020_350_49
  p = p * t - 0.051_861_517
  p = p * t + 0.052_532_7
  p = p * t + 0.382_924_56
  p = p * t + 0.999_060_4
  p = p * t - 1.265_468_7
  return t * exponential(p - z * z)
}
