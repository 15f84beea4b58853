/// Transparent pictures laid over the ground that their writing stands out from.
///
/// Integer arithmetic only; the twin is Tools/train/transparency.py.
enum Transparency {
  /// RGBA → RGB in place: colour · alpha + ground · (255 − alpha), over 255, rounded to nearest.
  ///
  /// What is at least half as opaque as the most opaque pixel is visible. Where that fills its box and has more than one
  /// colour, it is a window or a sheet: its commonest colours go on outside of it. Otherwise it is writing: the ground is
  /// white, black or grey, whichever the fewest opaque pixels are like.
  /// - Parameter buffer: [height, width, 4]; [height, width, 3] comes to lie at its beginning.
  static func layOverGround(
    _ buffer: UnsafeMutableBufferPointer<UInt8>, width: Int, height: Int
  ) {
    let survey = Survey(UnsafeBufferPointer(buffer), width: width, height: height)
    let (ground, least) = survey.ground
    for pixel in 0..<width * height {
      var alpha = UInt32(buffer[pixel * 4 + 3])
      if alpha < least { alpha = 0 }
      for channel in 0..<3 {
        let over = UInt32(ground[channel]) * (255 - alpha)
        let sum = UInt32(buffer[pixel * 4 + channel]) * alpha + over
        buffer[pixel * 3 + channel] = UInt8(truncatingIfNeeded: dividedBy255(sum))
      }
    }
  }

  /// What is visible, and how dark it is.
  private struct Survey {
    private var most = 0
    private var visible = 0
    private var box = (left: Int.max, right: -1, top: Int.max, bottom: -1)
    private var channels = [Histogram](repeating: Histogram(), count: 3)
    /// Sums of alpha by brightness: from 192 on, below 64, and between.
    private var like = (white: 0, black: 0, grey: 0)

    init(_ buffer: UnsafeBufferPointer<UInt8>, width: Int, height: Int) {
      for pixel in 0..<width * height { most = max(most, Int(buffer[pixel * 4 + 3])) }
      if most == 0 { return }
      for y in 0..<height {
        for x in 0..<width {
          let place = (y * width + x) * 4
          let alpha = Int(buffer[place + 3])
          if alpha == 0 { continue }
          let (red, green, blue) = (
            Int(buffer[place]), Int(buffer[place + 1]), Int(buffer[place + 2])
          )
          switch (299 * red + 587 * green + 114 * blue + 500) / 1000 {
          case 192...: like.white += alpha
          case ..<64: like.black += alpha
          default: like.grey += alpha
          }
          if alpha * 2 < most { continue }
          visible += 1
          channels[0].add(red)
          channels[1].add(green)
          channels[2].add(blue)
          box = (min(box.left, x), max(box.right, x), min(box.top, y), max(box.bottom, y))
        }
      }
    }

    /// The ground's colour, and the least alpha that is not taken as none.
    var ground: (colour: [Int], least: Int) {
      if most == 0 { return ([255, 255, 255], 0) }
      let area = (box.right + 1 - box.left) * (box.bottom + 1 - box.top)
      let isSheet = visible * 5 >= area * 3 && channels.contains { $0.range >= 32 }
      if isSheet { return (channels.map(\.lowerMedian), (most + 1) / 2) }
      let least = min(like.white, like.black, like.grey)
      let shade = least == like.white ? 255 : least == like.black ? 0 : 128
      return ([shade, shade, shade], 0)
    }
  }
}

extension Histogram {
  /// The difference of the largest and the smallest value counted.
  var range: Int {
    guard let first = counts.firstIndex(where: { $0 > 0 }) else { return 0 }
    return counts.lastIndex { $0 > 0 }! - first
  }
}
