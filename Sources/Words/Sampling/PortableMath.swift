/// Exponential and logarithm with the same bits on every processor: sums, products and quotients in
/// double precision, one after another, and no system library.
package enum PortableMath {
  /// ln 2 in two parts: the first has 32 bits, so that its product with a small integer is exact.
  private static let (upperLn2, lowerLn2) = (0x1.62e42feep-1, 0x1.a39ef35793c76p-33)

  /// eˣ within a few units in the last place; 0 below −745, +∞ above 709.
  package static func exp(_ x: Double) -> Double {
    if x < -745 { return 0 }
    if x > 709 { return .infinity }
    // eˣ = 2ᵏ eʳ with |r| at most half of ln 2, and eʳ by its series.
    let k = (x * 0x1.71547652b82fep0).rounded(.toNearestOrEven)
    let r = (x - k * upperLn2) - k * lowerLn2
    var sum = 1.0
    for n in stride(from: 14.0, through: 1, by: -1) { sum = 1 + r * sum / n }
    return scaled(sum, by: Int(k))
  }

  /// ln x for a positive, finite, normal x, within a few units in the last place.
  package static func log(_ x: Double) -> Double {
    // x = 2ᵉ m with m between √½ and √2, and ln m = 2 artanh((m − 1) / (m + 1)) by its series.
    var (e, m) = (x.exponent, x.significand)
    if m > 0x1.6a09e667f3bcdp0 { (e, m) = (e + 1, m / 2) }
    let s = (m - 1) / (m + 1)
    let square = s * s
    var sum = 0.0
    for n in stride(from: 25.0, through: 3, by: -2) { sum = (sum + 1 / n) * square }
    let k = Double(e)
    return k * upperLn2 + (2 * s + (2 * s * sum + k * lowerLn2))
  }

  /// `x · 2ᵏ`, in two steps so that no step leaves the range of normal numbers too early.
  private static func scaled(_ x: Double, by k: Int) -> Double {
    let half = k / 2
    return x * power(half) * power(k - half)
  }

  private static func power(_ k: Int) -> Double {
    Double(bitPattern: UInt64(k + 1_023) << 52)
  }
}
