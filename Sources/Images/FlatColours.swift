/// The colours of a picture's flat parts: the grounds that its writing stands on.
struct FlatColours {
  /// The most frequent first; nil where they change gradually, as light and shadow do.
  let grounds: [Colour]?

  private static let side = 4

  init(of picture: Picture, ripple: Int) {
    let (rows, columns) = (picture.height / Self.side, picture.width / Self.side)
    let colours =
      rows * columns < 4
      ? [] : Self.flatBlocks(picture, rows: rows, columns: columns, ripple: ripple)
    if colours.count < 4 || colours.count * 50 < rows * columns {
      grounds = [picture.medianOfBorder]
      return
    }
    let reach = 16 + ripple
    var found: [Colour] = []
    var left = colours
    for _ in 0..<5 {
      if left.count * 100 < colours.count || (!found.isEmpty && left.count < 3) { break }
      var centre = Self.commonest(left)
      let members = left.filter { $0.distance(to: centre) <= reach }
      let sum = members.reduce(SIMD3<Int>()) { $0 &+ $1.channels }
      centre = Colour(
        channels: (sum &+ SIMD3(repeating: members.count / 2)) / SIMD3(repeating: members.count))
      found.append(centre)
      let rest = left.filter { $0.distance(to: centre) > reach }
      if rest.count == left.count { break }
      left = rest
    }
    let isSmooth =
      left.count * 12 > colours.count
      || found.indices.contains { index in
        found[..<index].contains {
          $0.distance(to: found[index]) < 44 + 2 * ripple || Self.isShadow($0, found[index])
        }
      }
    grounds = isSmooth ? nil : found
  }

  /// The mean colours of the blocks that are flat but for noise.
  private static func flatBlocks(
    _ picture: Picture, rows: Int, columns: Int, ripple: Int
  ) -> [Colour] {
    let area = side * side
    var found: [Colour] = []
    picture.bytes.withUnsafeBufferPointer { bytes in
      for row in 0..<rows {
        for column in 0..<columns {
          let start = (row * side * picture.width + column * side) * 3
          var mean = SIMD3<Int>()
          var isFlat = true
          for channel in 0..<3 where isFlat {
            var sum = 0
            for y in 0..<side {
              for x in 0..<side { sum += Int(bytes[start + (y * picture.width + x) * 3 + channel]) }
            }
            let middle = (sum + area / 2) / area
            var deviation = 0
            for y in 0..<side {
              for x in 0..<side {
                deviation += abs(Int(bytes[start + (y * picture.width + x) * 3 + channel]) - middle)
              }
            }
            isFlat = deviation <= area * (6 + ripple)
            mean[channel] = middle
          }
          if isFlat { found.append(Colour(channels: mean)) }
        }
      }
    }
    return found
  }

  /// The middle of the cube of 8 × 8 × 8 colours that holds the most; of several, the first.
  private static func commonest(_ colours: [Colour]) -> Colour {
    var counts = [Int](repeating: 0, count: 1 << 15)
    for colour in colours {
      let bins = colour.channels &>> 3
      counts[bins[0] * 1024 + bins[1] * 32 + bins[2]] += 1
    }
    let most = counts.firstIndex(of: counts.max()!)!
    return Colour(
      channels: SIMD3(most >> 10, most >> 5 & 31, most & 31) &* 8 &+ 4)
  }

  /// Whether one colour is the other in less light, but not in much less.
  private static func isShadow(_ one: Colour, _ other: Colour) -> Bool {
    let isFirstLight = one.channels.wrappedSum() >= other.channels.wrappedSum()
    let (light, dark) = isFirstLight ? (one, other) : (other, one)
    let (whole, part) = (light.channels.wrappedSum(), dark.channels.wrappedSum())
    return part * 20 >= whole * 7
      && (0..<3).allSatisfy {
        abs(dark.channels[$0] * whole - light.channels[$0] * part) <= 12 * whole
      }
  }
}
