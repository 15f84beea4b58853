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

  /// The darkest ink differs from the ground by at least this much of 255.
  public static let leastContrast = 32
  public static let largestThickness = 4096

  /// Ink below this, with the darkest at 255, is noise and becomes white.
  private static let noise = 32
  /// Ink below this neither bounds the formula nor counts for its thickness: blurred edges, JPEG's ripples.
  private static let faint = 64
  private static let mostEnlargement = 4

  /// - Parameters:
  ///   - margin: 0 or more.
  ///   - thickness: 1 to `largestThickness`.
  public init(margin: Int, thickness: Int) {
    precondition(margin >= 0 && (1...Self.largestThickness).contains(thickness))
    self.margin = margin
    self.thickness = thickness
  }

  /// The page of a picture: `side` × `side`, grey in three equal channels.
  ///
  /// - Parameter side: more than twice the margin.
  /// - Throws: `BlankPicture` where nothing stands out from the ground.
  public func laidOut(_ picture: Picture, side: Int) throws(BlankPicture) -> Picture {
    precondition(side > 2 * margin, "the canvas has room between its margins")
    let ink = try Ink(picture)
    let size = fittedSize(ink, side: side)
    let cut = ink.blackOnWhite().resized(toWidth: size.width, height: size.height)
    var canvas = Picture(width: side, height: side, filledWith: [255, 255, 255]).bytes
    let top = (side - size.height) / 2
    for y in 0..<size.height {
      let start = ((top + y) * side + margin) * 3
      let row = y * size.width * 3
      canvas.replaceSubrange(
        start..<start + size.width * 3, with: cut.bytes[row..<row + size.width * 3])
    }
    return Picture(width: side, height: side, bytes: canvas)
  }

  /// The size that gives strokes the wanted thickness, or the largest that fits.
  ///
  /// The mean width of strokes of any direction is 2 · ink / total variation. Their factor is kept as a fraction: sums
  /// over a picture of the largest size, times its side, exceed 64 bits.
  private func fittedSize(_ ink: Ink, side: Int) -> (width: Int, height: Int) {
    var numerator = Int128(side) * Int128(thickness) * Int128(ink.variation)
    var denominator = 4096 * 2 * Int128(ink.sum)
    if numerator > Int128(Self.mostEnlargement) * denominator {
      (numerator, denominator) = (Int128(Self.mostEnlargement), 1)
    }
    let room = Int128(side - 2 * margin)
    for length in [Int128(ink.width), Int128(ink.height)]
    where length * numerator > room * denominator {
      (numerator, denominator) = (room, length)
    }
    return (
      max(1, Int(Int128(ink.width) * numerator / denominator)),
      max(1, Int(Int128(ink.height) * numerator / denominator))
    )
  }

  /// The ink of a picture: what differs from its ground, within the ink's bounds.
  private struct Ink {
    let width: Int
    let height: Int
    /// [height, width], 255 being the darkest.
    let values: [UInt8]
    /// Sum of the values that are not faint.
    let sum: Int
    /// Sum of the differences between neighbours, across and down, beyond the bounds as well; faint ones count as none.
    let variation: Int

    init(_ picture: Picture) throws(BlankPicture) {
      let grey = FormulaPage.grey(of: picture)
      let inkOfGrey = try FormulaPage.inkOfGrey(grey, width: picture.width, height: picture.height)
      let isClear = inkOfGrey.map { $0 >= FormulaPage.faint }
      var (left, right, top, bottom) = (picture.width, -1, picture.height, -1)
      for y in 0..<picture.height {
        let row = grey[y * picture.width..<(y + 1) * picture.width]
        guard let first = row.firstIndex(where: { isClear[Int($0)] }),
          let last = row.lastIndex(where: { isClear[Int($0)] })
        else { continue }
        left = min(left, first - row.startIndex)
        right = max(right, last - row.startIndex)
        top = min(top, y)
        bottom = y
      }
      // The darkest pixel is 255, so that there are bounds.
      (width, height) = (right - left + 1, bottom - top + 1)
      var values: [UInt8] = []
      values.reserveCapacity(width * height)
      var (sum, variation) = (0, 0)
      var above = [Int](repeating: 0, count: width)
      for y in top...bottom {
        var before = 0
        for x in 0..<width {
          let value = inkOfGrey[Int(grey[y * picture.width + left + x])]
          values.append(value)
          let clear = value < FormulaPage.faint ? 0 : Int(value)
          sum += clear
          variation += abs(clear - before) + abs(clear - above[x])
          before = clear
          above[x] = clear
        }
        variation += before
      }
      self.values = values
      self.sum = sum
      self.variation = variation + above.reduce(0, +)
    }

    func blackOnWhite() -> Picture {
      let bytes = [UInt8](unsafeUninitializedCapacity: values.count * 3) { target, count in
        for (pixel, value) in values.enumerated() {
          for channel in 0..<3 { target[pixel * 3 + channel] = 255 - value }
        }
        count = values.count * 3
      }
      return Picture(width: width, height: height, bytes: bytes)
    }
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
