import JanusImages

/// Digits of five by seven dots, for captions of seeds.
enum DigitFont {
  private static let scale = 2
  static let height = 7 * scale

  /// A row a byte, its lowest five bits from left to right.
  private static let rows: [Character: [UInt8]] = [
    "0": [0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e],
    "1": [0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e],
    "2": [0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f],
    "3": [0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e],
    "4": [0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02],
    "5": [0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e],
    "6": [0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e],
    "7": [0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08],
    "8": [0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e],
    "9": [0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c],
  ]

  /// A picture with a white band under it that holds `digits` in black, as many as fit.
  static func captioned(_ picture: Picture, with digits: String, band: Int) -> Picture {
    let (width, height) = (picture.width, picture.height + band)
    var bytes = picture.bytes + [UInt8](repeating: 255, count: width * band * 3)
    let step = 6 * scale
    let shown = digits.prefix(max(0, width / step))
    var left = (width - shown.count * step) / 2
    for digit in shown {
      for (y, row) in (rows[digit] ?? []).enumerated() {
        for x in 0..<5 where row >> (4 - x) & 1 == 1 {
          for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let column = left + x * scale + dx
            let line = picture.height + 3 + y * scale + dy
            guard column < width, line < height else { continue }
            for channel in 0..<3 { bytes[(line * width + column) * 3 + channel] = 0 }
          }
        }
      }
      left += step
    }
    return Picture(width: width, height: height, bytes: bytes)
  }
}
