/// Precision of the scales of activations, as the bits of the mantissa that are always zero. A
/// product with such a scale is a sum of exponents, or of exponents and one of a few tabulated
/// products. Tiers that are bound by multiplications multiply many tokens faster with them.
///
/// The steps of a block are then wider than `max|x| / 127`. On average the squared error is 1.10
/// times as large with `eighths`, 2.16 times with `all`.
public enum ScaleBits {
  public static let none: UInt32 = 0
  /// All but three: mantissas are 1, 1 + 1/8 … 1 + 7/8.
  public static let eighths: UInt32 = 0x0f_ffff
  /// All: scales are powers of two.
  public static let all: UInt32 = 0x7f_ffff

  /// An f16 number times a scale from the smallest to the largest is a normal number.
  public static let smallest: Float = 0x1p-102
  public static let largest: Float = 0x1p111
}

extension Kernels {
  /// Bytes of the tables of one block of a panel.
  public static let bytesPerTable = 512
}
