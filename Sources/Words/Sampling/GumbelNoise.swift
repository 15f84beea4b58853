/// Noise for drawing by the Gumbel-max rule: the index with the largest `ln p + noise` is drawn with
/// probability p (Gumbel, 1954; Maddison, Tarlow and Minka, 2014).
///
/// The noise is a function of seed, position and index alone, so that places can be drawn in any
/// order, or together, and give the same. `docs/MODEL.md` specifies it to the bit.
package struct GumbelNoise: Sendable {
  private let key: UInt64

  /// The noise at a position: a token of an answer or a code of a picture, counted from 0.
  package init(seed: UInt64, position: Int) {
    key = Self.mix(seed &+ Self.golden &* (UInt64(truncatingIfNeeded: position) &+ 1))
  }

  /// 52 random bits of an index, so that half of one more is exact.
  @inline(__always)
  package func bits(_ index: Int) -> UInt64 {
    Self.mix(key &+ Self.golden &* (UInt64(truncatingIfNeeded: index) &+ 1)) >> 12
  }

  /// −ln(−ln u) with `u = (bits + ½) / 2⁵²`: a draw of Gumbel's distribution.
  package static func value(_ bits: UInt64) -> Double {
    let u = (Double(bits) + 0.5) * 0x1p-52
    return -PortableMath.log(-PortableMath.log(u))
  }

  package subscript(index: Int) -> Double { Self.value(bits(index)) }

  private static let golden: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
  @inline(__always)
  private static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
