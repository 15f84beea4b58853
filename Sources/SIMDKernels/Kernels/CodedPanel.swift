/// Where things lie in a panel whose blocks' scales are codes under a row's scale.
///
/// First the scales of the panel's 16 rows in f32. Then the blocks in groups of four: a line of 64
/// bytes with the codes of the group, 16 for each block, and the lines of weights of each block. So
/// every line of weights begins on a cache line, and a panel is read from its first byte to its last.
/// The last group may have fewer blocks, but has the whole line of codes.
///
/// `bits` is 4, or 8 for panels that are expanded.
public enum CodedPanel {
  private static let rows = 16
  private static let scaleBytes = 64
  private static let codeBytes = 64
  private static let blocksPerGroup = 4

  /// Bytes of a panel of so many blocks.
  public static func byteCount(blocks: Int, bits: Int = 4) -> Int {
    let groups = (blocks + blocksPerGroup - 1) / blocksPerGroup
    return scaleBytes + groups * codeBytes + blocks * blockBytes(bits)
  }

  /// Offset of the 16 codes of a block, one for each row.
  public static func codes(of block: Int, bits: Int = 4) -> Int {
    group(of: block, bits) + block % blocksPerGroup * rows
  }

  /// Offset of the lines of weights of a block.
  public static func lines(of block: Int, bits: Int = 4) -> Int {
    group(of: block, bits) + codeBytes + block % blocksPerGroup * blockBytes(bits)
  }

  private static func group(of block: Int, _ bits: Int) -> Int {
    scaleBytes + block / blocksPerGroup * (codeBytes + blocksPerGroup * blockBytes(bits))
  }

  private static func blockBytes(_ bits: Int) -> Int { 64 * bits }
}
