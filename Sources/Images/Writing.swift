/// The writing of a picture: where it lies, how large it is, and the ink itself.
///
/// What it stands on, frames, rules of paper, edges of scans and lines of text that were cut are left out. Integer arithmetic
/// only, so that training and runtime see the same; the twin is Tools/train/writing.py. How it is found is in docs/MODEL.md.
public struct Writing: Sendable, Equatable {
  /// The columns that hold all of it, in pixels of the picture.
  public let columns: Range<Int>
  /// The rows that hold all of it, in pixels of the picture.
  public let rows: Range<Int>
  /// The height of half of the ink's parts or less, in pixels of the picture; larger parts weigh more. About half an em.
  public let glyphHeight: Int
  /// Parts that hang together: two for "=" and one for "x". A formula has tens, a page of text has thousands.
  public let partCount: Int
  /// Columns without ink that have glyphs on either side, at most, in pixels of the picture. Dots are no glyphs here, but
  /// parts of the writing.
  public let widestGap: Int

  /// - Throws: `BlankPicture` where nothing stands out from the ground. The check is for every model: asked for the formula
  ///   of an empty page, models invent one.
  public init(in picture: Picture) throws(BlankPicture) {
    let ground = Ground(of: picture)
    self.init(of: try Self.ink(on: ground), on: ground, in: picture)
  }

  private init(of ink: Plane, on ground: Ground, in picture: Picture) {
    let parts = Components(ink) { $0 >= Ground.faint }
    // The strongest ink is 255, so that there are parts.
    let box = parts.bounds(parts.parts.map { _ in true })!
    columns = box.left * ground.factor..<min(box.right * ground.factor, picture.width)
    rows = box.top * ground.factor..<min(box.bottom * ground.factor, picture.height)
    partCount = parts.parts.count
    var left = (box.area + 1) / 2
    var height = 0
    for part in parts.parts.sorted(by: { $0.height < $1.height }) where left > 0 {
      left -= part.area
      height = part.height
    }
    glyphHeight = height * ground.factor
    let isGlyph = { (part: Components.Part) in max(part.width, part.height) * 3 >= height }
    let glyphCount = parts.parts.count(where: isGlyph)
    var (right, gap, seen) = (0, 0, 0)
    for part in parts.parts.sorted(by: { $0.left < $1.left }) {
      if seen > 0, seen < glyphCount { gap = max(gap, part.left - right) }
      right = max(right, part.right)
      if isGlyph(part) { seen += 1 }
    }
    widestGap = gap * ground.factor
  }

  /// The writing of a picture, and its ink as `ink(of:)` gives it.
  ///
  /// - Throws: `BlankPicture` where nothing stands out from the ground.
  static func withInk(in picture: Picture) throws(BlankPicture) -> (writing: Writing, ink: Plane) {
    let ground = Ground(of: picture)
    let ink = try ink(on: ground)
    return (
      Writing(of: ink, on: ground, in: picture), Straightening(of: ink).applied(to: ink)
    )
  }

  /// Ink of 0 to 255 in each pixel: writing of every colour equally dark, and level; what is below `Ground.noise` is 0.
  ///
  /// Larger than the picture where that was turned, smaller where it was very large.
  /// - Throws: `BlankPicture` where nothing stands out from the ground.
  package static func ink(of picture: Picture) throws(BlankPicture) -> Plane {
    let ink = try ink(on: Ground(of: picture))
    return Straightening(of: ink).applied(to: ink)
  }

  /// The ink at its places, askew or not.
  private static func ink(on ground: Ground) throws(BlankPicture) -> Plane {
    var distance = ground.distance
    var contrast = try checked(distance, ground.ripple)
    var ink = distance.ink(contrast: contrast)
    // A dark frame hides paler ink until it is removed.
    for _ in 0..<4 {
      let marks = Marks(in: ink).mask
      if marks.isBlank { break }
      distance = distance.combined(with: marks) { $1 > 0 ? 0 : $0 }
      contrast = try checked(distance, ground.ripple)
      ink = distance.ink(contrast: contrast)
    }
    let strengths = Strengths(distance, contrast: contrast, ripple: ground.ripple)
    if !ground.isPlain {
      ink = strengths.levelled()
    } else if strengths.differ {
      ink = strengths.withFaint(ink)
    } else {
      return ink
    }
    return ink.combined(with: Marks(in: ink).mask) { $1 > 0 ? 0 : $0 }
  }

  private static func checked(_ distance: Plane, _ ripple: Int) throws(BlankPicture) -> Int {
    let (contrast, least) = (distance.largest, max(Ground.leastVisible, 7 * ripple / 2))
    if contrast < least { throw BlankPicture(contrast: contrast, expected: least) }
    return contrast
  }
}

extension Picture {
  /// What looking for the writing takes beside the picture: planes of bytes and of numbered parts, some of them at the same
  /// time. Pictures made of nothing but specks take up to four times as much.
  package var bytesToFindWriting: Int { min(width * height, Ground.huge) * 8 }
}

/// A picture in which nothing stands out from the ground.
public struct BlankPicture: Error, Equatable, CustomStringConvertible {
  /// The greatest difference from the ground, of 255.
  public let contrast: Int
  /// The least difference that counts as writing: above the picture's noise.
  public let expected: Int

  public init(contrast: Int, expected: Int = 26) {
    self.contrast = contrast
    self.expected = expected
  }

  public var description: String {
    expected <= 255
      ? "blank picture: expected writing that differs from its ground by \(expected) of 255 or more, found \(contrast)"
      : "blank picture: expected writing that stands out, found noise as strong as any writing"
  }
}

/// How strong the writing is from part to part: a term in a paler colour is as much writing as the rest.
private struct Strengths {
  private let distance: Plane
  private let contrast: Int
  /// All parts of ink, those far paler than the darkest as well.
  private let parts: Components
  /// The greatest difference in each; 0 where it may be noise.
  private let most: [Int]

  init(_ distance: Plane, contrast: Int, ripple: Int) {
    self.distance = distance
    self.contrast = contrast
    let least = max(20, contrast / 8, 2 * ripple)
    parts = Components(distance) { $0 >= least }
    most = parts.largest(distance).map {
      $0 >= max(40, 3 * ripple) || $0 * 4 >= contrast ? $0 : 0
    }
  }

  private func isFaint(_ most: Int) -> Bool { most > 0 && most * 5 < contrast * 2 }

  /// Whether there are faint parts. Thin strokes of small writing are faint by sampling alone, and ripples of JPEG are
  /// small.
  var differ: Bool {
    zip(parts.parts, most).contains { part, most in
      isFaint(most) && min(part.width, part.height) > 2 && part.area >= 12
    }
  }

  /// The side of a square in which writing is compared: four strokes.
  private var window: Int {
    let stroke = max(16, distance.thickness(from: (contrast + 3) / 4))
    return (4 * stroke / 16 + 3) | 1
  }

  /// Ink in which faint parts, and faint places of the others, are as dark as the rest, which stays as it is.
  func withFaint(_ ink: Plane) -> Plane {
    var result = ink
    let strongest = distance.highest(window)
    for (pixel, label) in parts.labels.enumerated() where label > 0 {
      var most = self.most[Int(label) - 1]
      if most == 0 { continue }
      if !isFaint(most) { most = Int(strongest.values[pixel]) }
      if !isFaint(most) { continue }
      let raised = (Int(distance.values[pixel]) * 255 + most / 2) / most
      if raised >= Ground.noise { result.values[pixel] = UInt8(raised) }
    }
    return result
  }

  /// Ink in which writing of any strength is as dark as the strongest.
  func levelled() -> Plane {
    let near = distance.highest(window)
    let kept = parts.mask(most.map { $0 > 0 }).highest(3)
    let ink = distance.combined(with: near) {
      let most = max(Int($1), 1)
      let ink = (Int($0) * 255 + Int($1) / 2) / most
      return ink < Ground.noise ? 0 : UInt8(ink)
    }
    return ink.combined(with: kept) { $1 > 0 ? $0 : 0 }
  }
}
