import JanusImages

/// A drawing of a formula out of bars, for tests of what is writing and what is not.
struct Sheet {
  var width: Int
  var height: Int
  /// [height, width, 3]
  var bytes: [UInt8]

  static let white: [UInt8] = [255, 255, 255]
  static let black: [UInt8] = [0, 0, 0]

  init(width: Int, height: Int, ground: [UInt8] = white) {
    (self.width, self.height) = (width, height)
    bytes = Picture(width: width, height: height, filledWith: ground).bytes
  }

  var picture: Picture { Picture(width: width, height: height, bytes: bytes) }

  mutating func fill(_ x: Range<Int>, _ y: Range<Int>, _ colour: [UInt8] = black) {
    for row in y.clamped(to: 0..<height) {
      for column in x.clamped(to: 0..<width) {
        for channel in 0..<3 { bytes[(row * width + column) * 3 + channel] = colour[channel] }
      }
    }
  }

  /// The outline of a rectangle.
  mutating func frame(
    _ x: Range<Int>, _ y: Range<Int>, thickness: Int = 1, _ colour: [UInt8] = black
  ) {
    fill(x, y.lowerBound..<y.lowerBound + thickness, colour)
    fill(x, y.upperBound - thickness..<y.upperBound, colour)
    fill(x.lowerBound..<x.lowerBound + thickness, y, colour)
    fill(x.upperBound - thickness..<x.upperBound, y, colour)
  }

  /// Five characters of strokes three pixels thick, 88 × 20 pixels: H, =, +, E and -.
  mutating func write(x: Int, y: Int, _ colour: [UInt8] = black) {
    for left in [0, 11] { fill(x + left..<x + left + 3, y..<y + 20, colour) }
    fill(x..<x + 14, y + 9..<y + 12, colour)
    for top in [6, 12] { fill(x + 20..<x + 34, y + top..<y + top + 3, colour) }
    fill(x + 40..<x + 54, y + 9..<y + 12, colour)
    fill(x + 45..<x + 48, y + 4..<y + 17, colour)
    fill(x + 60..<x + 63, y..<y + 20, colour)
    for top in [0, 9, 17] { fill(x + 60..<x + 72, y + top..<y + top + 3, colour) }
    fill(x + 78..<x + 88, y + 9..<y + 12, colour)
  }

  /// The writing alone, with a margin around.
  static func plain(
    margin: Int = 20, ground: [UInt8] = white, ink: [UInt8] = black
  ) -> Sheet {
    var sheet = Sheet(width: 88 + 2 * margin, height: 20 + 2 * margin, ground: ground)
    sheet.write(x: margin, y: margin, ink)
    return sheet
  }

  /// Each pixel's colour made anew from its place and what it was.
  mutating func paint(_ colour: (_ x: Int, _ y: Int, _ value: Int) -> Int) {
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<3 {
          let place = (y * width + x) * 3 + channel
          bytes[place] = UInt8(min(max(colour(x, y, Int(bytes[place])), 0), 255))
        }
      }
    }
  }

  /// Noise of about this deviation, the same each time.
  mutating func addNoise(_ deviation: Int, seed: UInt64 = 1) {
    var random = SplitMix64(state: seed)
    paint { _, _, value in
      // The sum of twelve even numbers has nearly the bell's shape.
      let sum = (0..<12).reduce(0) { sum, _ in sum + Int.random(in: 0...255, using: &random) }
      return value + (sum - 12 * 255 / 2) * deviation / 256
    }
  }
}
