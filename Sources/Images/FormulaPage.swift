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

  public static let largestThickness = 4096

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
    let ink = Ink(try Writing.ink(of: picture))
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

  /// The ink of a picture within its bounds.
  private struct Ink {
    let width: Int
    let height: Int
    /// [height, width], 255 being the darkest.
    let values: [UInt8]
    /// Sum of the values that are not faint.
    let sum: Int
    /// Sum of the differences between neighbours, across and down, beyond the bounds as well; faint ones count as none.
    let variation: Int

    init(_ map: Plane) {
      var (left, right, top, bottom) = (map.width, -1, map.height, -1)
      for y in 0..<map.height {
        let row = map.values[y * map.width..<(y + 1) * map.width]
        guard let first = row.firstIndex(where: { $0 >= Ground.faint }),
          let last = row.lastIndex(where: { $0 >= Ground.faint })
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
          let value = map.values[y * map.width + left + x]
          values.append(value)
          let clear = value < Ground.faint ? 0 : Int(value)
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
}
