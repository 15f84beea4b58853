/// How precise the scales of activations are: the bits of the mantissa that are zero in all of them.
///
/// A product with a scale of few bits is a sum of exponents, or of exponents and one of a few
/// tabulated products. Tiers that are bound by multiplications multiply many tokens faster with
/// such scales.
///
/// The steps of a block are then wider than `max|x| / 127`. On average the squared error is 1.10
/// times as large with `threeBits`, 2.16 times with `powerOfTwo`.
public enum ScalePrecision {
  /// Any scale.
  public static let full: UInt32 = 0
  /// Three bits of mantissa: 1, 1 + 1/8 … 1 + 7/8.
  public static let threeBits: UInt32 = 0x0f_ffff
  /// No bits of mantissa.
  public static let powerOfTwo: UInt32 = 0x7f_ffff

  /// An f16 number times a scale from the smallest to the largest is a normal number.
  public static let smallest: Float = 0x1p-102
  public static let largest: Float = 0x1p111
}

extension Kernels {
  /// Bytes of the tables of one block of a panel.
  public static let bytesPerTable = 512
}
