import SIMDKernels

/// Where things lie in a panel of `int8-p2-p16`: weights of eight bits in two planes of four.
///
/// A weight is `scale · (16·high + low)`, with both from −8 to 7. The high plane is a coded panel with 16 times the
/// rows' scales, the low plane one with the scales themselves and the same codes. So either plane is multiplied by the
/// kernel for coded panels, and the high plane alone gives each product up to a bound. First in the panel are its 16
/// rows' norms of the low plane in f32, rounded up, which give that bound.
public enum PlanePanel {
  /// What the nibbles of both planes stand for.
  public static let levels: [Int8] = Array(-8...7)
  /// A weight's least and largest whole number.
  static let range: ClosedRange<Float> = -136...119

  private static let normBytes = 64

  /// Offset of the high plane.
  public static let high = normBytes

  /// Offset of the low plane.
  public static func low(blocks: Int) -> Int { normBytes + CodedPanel.byteCount(blocks: blocks) }

  /// Bytes of a panel of so many blocks.
  public static func byteCount(blocks: Int) -> Int {
    normBytes + 2 * CodedPanel.byteCount(blocks: blocks)
  }
}
