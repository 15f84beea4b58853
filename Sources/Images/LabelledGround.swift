/// A picture that stands on a few flat colours: a marked part, a selection, the edge of a scan.
///
/// Each pixel belongs to one of them, holes of writing and all, so that writing may be lighter than one ground and darker than
/// another. The twin is `labelled_distance` in Tools/train/ground.py.
struct LabelledGround {
  /// The difference of each pixel from the ground that it stands on.
  let distance: Plane

  /// Pixels within this of a colour are of it.
  private static let leastReach = 24

  /// Whether the picture has no ground beside the first.
  let isOne: Bool

  /// - Parameter colours: one or more, the most frequent first; those that are only strokes are no grounds.
  init(of picture: Picture, _ colours: [Colour]) {
    let main = picture.distance(from: colours[0])
    var distance = main
    var grounds = [colours[0]]
    var label = [UInt8](repeating: 0, count: main.count)
    for colour in colours.dropFirst() {
      let nearest = colours.filter { $0 != colour }.map { $0.distance(to: colour) }.min() ?? 0
      let reach = max(Self.leastReach, nearest / 3)
      let own = picture.distance(from: colour)
      guard let region = Self.region(of: own.mask { $0 <= reach }, main: main) else { continue }
      for (pixel, value) in region.values.enumerated() where value > 0 {
        label[pixel] = UInt8(grounds.count)
        distance.values[pixel] = own.values[pixel]
      }
      grounds.append(colour)
    }
    isOne = grounds.count == 1
    if isOne {
      self.distance = main
      return
    }
    let masks = grounds.indices.map { number in
      Plane(width: main.width, height: main.height, values: label.map { $0 == number ? 255 : 0 })
    }
    self.distance = Self.withoutSeams(distance, picture, grounds, masks)
  }

  /// The area that a colour covers as a ground, holes of writing and all; nil where it is no ground but strokes.
  ///
  /// - Parameters:
  ///   - mask: 255 where the colour is.
  ///   - main: the difference from the picture's main ground.
  private static func region(of mask: Plane, main: Plane) -> Plane? {
    let core = mask.opened(5)
    if core.isBlank { return nil }
    // Strokes of other colours, without the blurred edges of this one.
    let others = mask.highest(3).combined(with: main) { $0 > 0 || $1 < Ground.faint ? 0 : $1 }
    let count = others.count(where: { $0 != 0 })
    let written =
      count >= 20 && count * 16 >= core.count(where: { $0 != 0 }) ? others.thickness() : 0
    let own = core.thickness()
    let parts = Components(core) { $0 > 0 }
    let chosen = parts.parts.map { part in
      let short = min(part.width, part.height)
      // 3.2 times as wide as its mean thickness, which writing within makes small.
      let isWide = short * 5 >= own || (written > 0 && short * 4 >= written)
      return isWide && short >= 7 && part.area * 5 >= part.width * part.height * 2
    }
    // Of a ground most is wide; of strokes some may be.
    let area = parts.parts.reduce(0) { $0 + $1.area }
    guard let wide = parts.bounds(chosen), wide.area * 3 >= area else { return nil }
    let short = zip(parts.parts, chosen).map { $1 ? min($0.width, $0.height) : 0 }.max()!
    let reach = min(short / 2, 63)
    let region = parts.mask(chosen).padded(by: reach).closed(reach | 1).cropped(
      left: reach, top: reach, width: mask.width, height: mask.height)
    return withNotches(region, of: zip(parts.parts, chosen).filter(\.1).map(\.0), mask, main)
  }

  /// A region with the notches that closing leaves where writing crosses its edge.
  ///
  /// Of a rectangle they are known: they touch its edge, and writing in them may have the colour of the other ground, but no
  /// flat area of it. Of another shape, slivers of the colour and the pixels beside them, blurred edges of strokes, are added.
  /// - Parameter parts: those that make the region.
  private static func withNotches(
    _ region: Plane, of parts: [Components.Part], _ mask: Plane, _ main: Plane
  ) -> Plane {
    var (boxes, result) = (Plane(width: region.width, height: region.height), region)
    for part in parts {
      let cut = { (plane: Plane) in
        plane.cropped(left: part.left, top: part.top, width: part.width, height: part.height)
      }
      let (inside, own) = (cut(region), cut(mask))
      let (last, area) = (part.width * (part.height - 1), part.width * part.height)
      let corners = [0, part.width - 1, last, area - 1]
      var filled = Plane(width: part.width, height: part.height)
      if corners.allSatisfy({ own.values[$0] > 0 }),
        inside.count(where: { $0 > 0 }) * 4 >= area * 3
      {
        let notches = Components(inside) { $0 == 0 }
        let flat = cut(main).mask { $0 <= leastReach }
          .opened(max(5, min(part.width, part.height) / 4) | 1)
        let isNotch = zip(notches.touchesEdge, notches.count(in: flat)).map { $0 && $1 == 0 }
        filled = notches.mask(isNotch)
      }
      for y in 0..<part.height {
        for x in 0..<part.width {
          let pixel = (part.top + y) * region.width + part.left + x
          boxes.values[pixel] = 255
          if filled.values[y * part.width + x] > 0 { result.values[pixel] = 255 }
        }
      }
    }
    let near = mask.combined(with: boxes) { min($0, $1) }.highest(3)
    let beside = near.combined(with: boxes) { min($0, $1) }
      .combined(with: main) { $0 > 0 && Int($1) > leastReach ? 255 : 0 }
    return result.combined(with: beside) { max($0, $1) }
  }

  /// What is left along a blurred seam of two grounds is a mixture of both, or ripples of JPEG: weak, or nowhere else. At a
  /// sharp seam everything is writing.
  private static func withoutSeams(
    _ distance: Plane, _ picture: Picture, _ grounds: [Colour], _ masks: [Plane]
  ) -> Plane {
    let exact = distance.mask { $0 <= 8 }
    var distance = distance
    var seam = Plane(width: distance.width, height: distance.height)
    func both(_ number: Int, _ other: Int, within size: Int) -> Plane {
      masks[number].highest(size).combined(with: masks[other].highest(size)) { min($0, $1) }
    }
    for number in grounds.indices.dropFirst() {
      for other in 0..<number {
        let line = both(number, other, within: 3)
        var (count, exactCount) = (0, 0)
        for (value, isExact) in zip(line.values, exact.values) where value > 0 {
          count += 1
          if isExact > 0 { exactCount += 1 }
        }
        if exactCount * 2 > count || count == 0 { continue }
        for (pixel, value) in both(number, other, within: 5).values.enumerated() where value > 0 {
          let mixed = mixture(at: pixel, of: picture, grounds[number], grounds[other])
          distance.values[pixel] = min(distance.values[pixel], mixed)
        }
        seam = seam.combined(with: both(number, other, within: 9)) { max($0, $1) }
      }
    }
    if seam.isBlank { return distance }
    let most = distance.largest
    distance = distance.combined(with: seam) { $1 > 0 && Int($0) * 2 < most ? 0 : $0 }
    let parts = Components(distance) { $0 >= Ground.noise }
    let within = parts.count(in: seam)
    let lone = parts.mask(zip(parts.parts, within).map { $1 * 10 >= $0.area * 9 })
    return distance.combined(with: lone) { $1 > 0 ? 0 : $0 }
  }

  /// The difference of a pixel from the nearest of nine mixtures of two colours.
  private static func mixture(
    at pixel: Int, of picture: Picture, _ one: Colour, _ other: Colour
  ) -> UInt8 {
    var least = 255
    for part in 0...8 {
      var most = 0
      for channel in 0..<3 {
        let mixed = (one.channels[channel] * (8 - part) + other.channels[channel] * part + 4) >> 3
        most = max(most, abs(Int(picture.bytes[pixel * 3 + channel]) - mixed))
      }
      least = min(least, most)
    }
    return UInt8(least)
  }
}
