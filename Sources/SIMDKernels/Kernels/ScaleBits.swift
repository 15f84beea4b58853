/// Bits of the mantissa that the scales of activations may go without. Such a scale times a row's is a
/// sum of exponents, or of exponents and one of a few products: where multiplications bound a tier, it
/// multiplies many tokens faster by them.
///
/// A step of a block is then wider than `max|x| / 127`: its squared error 1.10 times as large with
/// `eighths`, 2.16 times with `all`, on the average.
public enum ScaleBits {
  public static let none: UInt32 = 0
  /// All but three: mantissas are 1, 1 + 1/8 … 1 + 7/8.
  public static let eighths: UInt32 = 0x0f_ffff
  /// All: scales are powers of two.
  public static let all: UInt32 = 0x7f_ffff

  /// A half times a scale from the smallest to the largest one is a normal number.
  public static let smallest: Float = 0x1p-102
  public static let largest: Float = 0x1p111
}

extension Kernels {
  /// Bytes of the tables of one block of a panel.
  public static let bytesPerTable = 512
}
