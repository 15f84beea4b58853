import SIMDKernels

/// Where things lie in a matrix of `int8-p2-p16`: weights of eight bits in two planes of four.
///
/// A weight is `scale · (16·high + low)`, with both from −8 to 7. The high plane is coded panels with 16 times the
/// rows' scales, the low plane the same with the scales themselves and the same codes. So either plane is multiplied by
/// the kernel for coded panels, and the high plane alone gives each product up to a bound.
///
/// Panels are kept in groups of 32, the last one perhaps smaller: the norms of the low plane's rows in f32, rounded up,
/// which give that bound, 16 for each panel; then the group's high planes, then its low planes. So a plane is read in long
/// runs, and a matrix can be written from its beginning to its end.
public enum PlanePanel {
  /// What the nibbles of both planes stand for.
  public static let levels: [Int8] = Array(-8...7)
  /// A weight's least and largest whole number.
  static let range: ClosedRange<Float> = -136...119
  /// Panels of a group.
  public static let group = 32

  private static let normBytes = 64

  /// Offsets of the parts of a panel.
  public struct Place {
    public let norms: Int
    public let high: Int
    public let low: Int
  }

  /// Where a panel of a matrix of so many panels lies.
  public static func place(of panel: Int, panels: Int, blocks: Int) -> Place {
    let first = panel / group * group
    let count = min(group, panels - first)
    let plane = CodedPanel.byteCount(blocks: blocks)
    let begin = first * byteCount(blocks: blocks)
    let high = begin + count * normBytes
    return Place(
      norms: begin + (panel - first) * normBytes, high: high + (panel - first) * plane,
      low: high + count * plane + (panel - first) * plane)
  }

  /// Bytes of a panel of so many blocks.
  public static func byteCount(blocks: Int) -> Int {
    normBytes + 2 * CodedPanel.byteCount(blocks: blocks)
  }
}
