extension Picture {
  /// The picture cut to its writing, colours and all, with some of the ground around it.
  ///
  /// A model that is shown whole pictures at one size sees small writing better for it.
  /// - Parameter margin: pixels around the writing where the picture has them; by default, half the height of a glyph and 4
  ///   more.
  public func trimmed(to writing: Writing, margin: Int? = nil) -> Picture {
    let margin = margin ?? writing.glyphHeight / 2 + 4
    precondition(margin >= 0)
    let columns =
      max(writing.columns.lowerBound - margin, 0)..<min(writing.columns.upperBound + margin, width)
    let rows =
      max(writing.rows.lowerBound - margin, 0)..<min(writing.rows.upperBound + margin, height)
    if columns.count == width && rows.count == height { return self }
    var cut: [UInt8] = []
    cut.reserveCapacity(columns.count * rows.count * 3)
    for y in rows {
      cut += bytes[(y * width + columns.lowerBound) * 3..<(y * width + columns.upperBound) * 3]
    }
    return Picture(width: columns.count, height: rows.count, bytes: cut)
  }
}

/// Why an answer about a picture may be wrong, found before a model has seen it.
public enum PictureWarning: Sendable, Equatable, CustomStringConvertible {
  /// Pixels that a glyph is high as the model sees it.
  case smallWriting(glyphHeight: Int)
  /// Pixels between parts of the writing that may be formulas of their own.
  case apart(gap: Int)

  public var description: String {
    switch self {
    case .smallWriting(let height):
      "the writing is small: its letters are about \(height) pixels high as the model sees them, and "
        + "\(Writing.leastGlyphHeight) are needed (cut the picture to the formula, or take it in a higher resolution)"
    case .apart(let gap):
      "there may be several formulas beside each other: parts of the writing are \(gap) pixels apart (cut the picture to one "
        + "of them)"
    }
  }
}

extension Writing {
  /// Glyphs of fewer pixels are often misread.
  public static let leastGlyphHeight = 8

  /// What makes answers doubtful: writing that is too small to read, or in places far from each other.
  ///
  /// Glyphs are half an em high, so that what a `\qquad` parts is apart, too: models often read one half.
  /// - Parameter scale: pixels that the model sees for one of the picture's; enlarging adds nothing that could be read, so that
  ///   more than 1 counts as 1.
  public func warnings(atScale scale: Double) -> [PictureWarning] {
    var warnings: [PictureWarning] = []
    let height = Int((Double(glyphHeight) * min(scale, 1)).rounded())
    if height < Self.leastGlyphHeight { warnings.append(.smallWriting(glyphHeight: height)) }
    if widestGap > max(3 * glyphHeight, rows.count) { warnings.append(.apart(gap: widestGap)) }
    return warnings
  }
}
