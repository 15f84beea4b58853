import JanusModelFile

/// Eight channels of one pixel, one tap or one product.
typealias Channels = SIMD8<Float>

/// A tile of Winograd's F(4×4, 3×3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural
/// Networks", arXiv:1509.09308, whose letters are used here): 4×4 results of a convolution by 3×3
/// taps from 36 products instead of 144.
///
/// In one dimension the results are `Aᵀ ((G g) ⊙ (Bᵀ d))`. The functions do it for one line or one
/// column: vectors are `stride` elements apart, and all are read before any is written.
enum WinogradTile {
  /// Results in one dimension.
  static let results = 4
  /// Products in one dimension, and pixels that it reads.
  static let side = 6
  static let places = side * side

  /// Tiles along so many pixels.
  static func count(_ pixels: Int) -> Int { (pixels + results - 1) / results }

  /// `Bᵀ d`, of six pixels.
  @inline(__always)
  static func transformInput(
    _ d: UnsafePointer<Channels>, to out: UnsafeMutablePointer<Channels>, stride: Int
  ) {
    let (a, b, c) = (d[0], d[stride], d[2 * stride])
    let (e, f, g) = (d[3 * stride], d[4 * stride], d[5 * stride])
    let (even, odd) = (f - c * 4, e - b * 4)
    let (evenHalf, oddTwice) = (f - c, (e - b) * 2)
    out[0] = a * 4 - c * 5 + f
    out[stride] = even + odd
    out[2 * stride] = even - odd
    out[3 * stride] = evenHalf + oddTwice
    out[4 * stride] = evenHalf - oddTwice
    out[5 * stride] = b * 4 - e * 5 + g
  }

  /// `G g`, of three taps.
  @inline(__always)
  static func transformFilter(
    _ g: UnsafePointer<Channels>, to out: UnsafeMutablePointer<Channels>, stride: Int
  ) {
    let (a, b, c) = (g[0], g[stride], g[2 * stride])
    let (one, two) = ((a + c) * (-1 / 6), a * (1 / 24) + c * (1 / 6))
    out[0] = a * 0.25
    out[stride] = one - b * (1 / 6)
    out[2 * stride] = one + b * (1 / 6)
    out[3 * stride] = two + b * (1 / 12)
    out[4 * stride] = two - b * (1 / 12)
    out[5 * stride] = c
  }

  /// `Aᵀ m`, of six products.
  @inline(__always)
  static func transformOutput(
    _ m: UnsafePointer<Channels>, to out: UnsafeMutablePointer<Channels>, stride: Int
  ) {
    let (a, f) = (m[0], m[5 * stride])
    let (sum, difference) = (m[stride] + m[2 * stride], m[stride] - m[2 * stride])
    let (sum2, difference2) = (m[3 * stride] + m[4 * stride], m[3 * stride] - m[4 * stride])
    out[0] = a + sum + sum2
    out[stride] = difference + difference2 * 2
    out[2 * stride] = sum + sum2 * 4
    out[3 * stride] = difference + difference2 * 8 + f
  }
}
