/// How a picture of a formula is laid out for a model that learned to read at one size: the ink cut out, black on
/// white, at one stroke thickness, on one canvas.
///
/// Integer arithmetic and Pillow's bicubic passes only, so that training (Tools/train/page.py) and runtime give the
/// same pixels. What the steps are is in docs/MODEL.md.
public struct FormulaPage: Sendable, Equatable {
  /// Pixels of white at the left, and at least this many on every other side.
  public let margin: Int
  /// Mean width of a stroke on the page, in 1/4096 of the canvas.
  public let thickness: Int
  /// Whether a formula that is too wide is folded into rows; otherwise it is shrunk.
  public let folds: Bool

  /// The darkest ink differs from the ground by at least this much of 255.
  public static let leastContrast = 32
  public static let largestThickness = 4096

  /// Ink below this, with the darkest at 255, is noise and becomes white.
  private static let noise = 32

  /// - Parameters:
  ///   - margin: 0 or more.
  ///   - thickness: 1 to `largestThickness`.
  public init(margin: Int, thickness: Int, folds: Bool = false) {
    precondition(margin >= 0 && (1...Self.largestThickness).contains(thickness))
    self.margin = margin
    self.thickness = thickness
    self.folds = folds
  }

  /// The page of a picture: `side` × `side`, grey in three equal channels.
  ///
  /// - Parameter side: more than twice the margin.
  /// - Throws: `BlankPicture` where nothing stands out from the ground.
  public func laidOut(_ picture: Picture, side: Int) throws(BlankPicture) -> Picture {
    let grey = Self.grey(of: picture)
    let inkOfGrey = try Self.inkOfGrey(grey, width: picture.width, height: picture.height)
    let ink = InkMap(
      width: picture.width, height: picture.height, values: grey.map { inkOfGrey[Int($0)] })
    return PageLayout(margin: margin, thickness: thickness, folds: folds).canvas(
      of: ink, side: side)
  }

  /// [height, width]
  private static func grey(of picture: Picture) -> [UInt8] {
    let count = picture.width * picture.height
    return [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      picture.bytes.withUnsafeBufferPointer { source in
        for pixel in 0..<count {
          let (red, green) = (UInt32(source[pixel * 3]), UInt32(source[pixel * 3 + 1]))
          let blue = UInt32(source[pixel * 3 + 2])
          target[pixel] = UInt8((299 * red + 587 * green + 114 * blue + 500) / 1000)
        }
      }
      initialized = count
    }
  }

  /// How much ink each grey is: its distance from the ground towards the writing, the farthest being 255.
  private static func inkOfGrey(
    _ grey: [UInt8], width: Int, height: Int
  ) throws(BlankPicture) -> [UInt8] {
    var ground = Int(medianOfBorder(grey, width: width, height: height))
    var (darkest, lightest) = (255, 0)
    for value in grey {
      darkest = min(darkest, Int(value))
      lightest = max(lightest, Int(value))
    }
    let isLightOnDark = ground < 128
    if isLightOnDark { (ground, darkest) = (255 - ground, 255 - lightest) }
    let contrast = ground - darkest
    guard contrast >= leastContrast else { throw BlankPicture(contrast: max(contrast, 0)) }
    return (0..<256).map { value in
      let distance = min(max(ground - (isLightOnDark ? 255 - value : value), 0), contrast)
      let ink = (distance * 255 + contrast / 2) / contrast
      return ink < noise ? 0 : UInt8(ink)
    }
  }

  /// The lower median of the outermost pixels: the first and the last row, and both ends of the
  /// rows between.
  private static func medianOfBorder(_ grey: [UInt8], width: Int, height: Int) -> UInt8 {
    var border = Array(grey[..<width]) + grey[((height - 1) * width)...]
    for y in 1..<max(height - 1, 1) { border += [grey[y * width], grey[(y + 1) * width - 1]] }
    border.sort()
    return border[(border.count - 1) / 2]
  }
}

/// A picture in which nothing differs enough from its ground.
public struct BlankPicture: Error, Equatable, CustomStringConvertible {
  /// The greatest difference from the ground, of 255.
  public let contrast: Int

  public init(contrast: Int) { self.contrast = contrast }

  public var description: String {
    "blank picture: expected writing that differs from its ground by \(FormulaPage.leastContrast) of 255 or more, "
      + "found \(contrast)"
  }
}
