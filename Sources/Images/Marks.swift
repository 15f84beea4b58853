/// What stands out from the ground and is no writing: frames, edges of scans, neighbouring lines of text that were cut.
///
/// Lengths are in pixels, but `stroke`, the mean thickness of strokes, is in 1/16 pixels. The twin is Tools/train/marks.py.
struct Marks {
  /// 255 where no writing is; rules of paper included.
  let mask: Plane

  /// Parts looked at closely; a picture of frames within frames would take long.
  private static let most = 64

  /// - Parameter ink: 0 to 255.
  init(in ink: Plane) {
    let ruled = Rules(in: ink).mask
    let clear = ink.combined(with: ruled) { $1 > 0 || $0 < Ground.faint ? 0 : $0 }
    let parts = Components(clear) { $0 > 0 }
    let none = Plane(width: ink.width, height: ink.height)
    if parts.parts.isEmpty {
      mask = none
      return
    }
    let touching = parts.touchesEdge
    let inner = parts.mask(touching.map { !$0 })
    let innerStroke = clear.combined(with: inner) { $1 > 0 ? $0 : 0 }.thickness()
    let stroke = max(16, innerStroke > 0 ? innerStroke : clear.thickness())

    var gone = [Bool](repeating: false, count: parts.parts.count)
    let reach = max(4, 3 * stroke / 16)
    let isLarge = { (part: Components.Part) in
      part.width >= 4 * reach && part.height >= 4 * reach
    }
    for number in parts.parts.indices.filter({ isLarge(parts.parts[$0]) }).prefix(Self.most) {
      gone[number] = parts.isFrame(number, reach: reach)
    }
    let spanning = parts.parts.indices.filter {
      (parts.spansAcross(parts.parts[$0]) || parts.spansDown(parts.parts[$0])) && !gone[$0]
    }
    for number in spanning.prefix(Self.most) {
      gone[number] = parts.isLineOutside(number, gone: gone, stroke: stroke)
    }
    let thick = parts.thickAtEdge(
      candidates: zip(touching, gone).map { $0 && !$1 }, stroke: stroke)
    for (number, count) in parts.count(in: thick).enumerated()
    where count * 2 > parts.parts[number].area { gone[number] = true }
    for number in parts.neighbours(gone: gone, stroke: stroke) { gone[number] = true }
    if !gone.contains(false) {
      mask = none
      return
    }
    let marks = parts.mask(gone).combined(with: thick) { max($0, $1) }
    if marks.isBlank {
      mask = ruled
      return
    }
    // Blurred edges are removed with the part that they belong to.
    let around = marks.highest(5).combined(with: ink) { $0 > 0 && $1 < Ground.faint ? 255 : 0 }
    mask = marks.combined(with: around) { max($0, $1) }.combined(with: ruled) { max($0, $1) }
  }
}

extension Components {
  fileprivate func spansAcross(_ part: Part) -> Bool { part.left <= 2 && part.right >= width - 2 }
  fileprivate func spansDown(_ part: Part) -> Bool { part.top <= 2 && part.bottom >= height - 2 }

  /// Whether a part is lines along the sides of its box, with other parts within: four, or fewer that end at the picture's
  /// edge.
  fileprivate func isFrame(_ number: Int, reach: Int) -> Bool {
    let part = parts[number]
    let label = Int32(number + 1)
    var inside = 0
    var isAtTop = [Bool](repeating: false, count: part.width)
    var isAtBottom = isAtTop
    var isAtLeft = [Bool](repeating: false, count: part.height)
    var isAtRight = isAtLeft
    for y in 0..<part.height {
      for x in 0..<part.width where labels[(part.top + y) * width + part.left + x] == label {
        let isOuter = (y < reach, y >= part.height - reach, x < reach, x >= part.width - reach)
        if isOuter.0 { isAtTop[x] = true }
        if isOuter.1 { isAtBottom[x] = true }
        if isOuter.2 { isAtLeft[y] = true }
        if isOuter.3 { isAtRight[y] = true }
        if !isOuter.0 && !isOuter.1 && !isOuter.2 && !isOuter.3 { inside += 1 }
      }
    }
    if inside * 50 > part.area { return false }
    let holdsAnother = parts.contains {
      let (x, y) = (($0.left + $0.right) / 2, ($0.top + $0.bottom) / 2)
      return x > part.left + reach && x < part.right - reach && y > part.top + reach
        && y < part.bottom - reach
    }
    guard holdsAnother else { return false }
    let isSide = [isAtTop, isAtBottom, isAtLeft, isAtRight].map { side in
      side.reduce(0) { $0 + ($1 ? 1 : 0) } * 10 >= side.count * 9
    }
    let isAtEdge = [
      part.top <= 2, part.bottom >= height - 2, part.left <= 2, part.right >= width - 2,
    ]
    // Each missing side lies at the picture's edge, and two opposite ones are not all there is.
    return (isSide[0] || isSide[1]) && (isSide[2] || isSide[3])
      && zip(isSide, isAtEdge).allSatisfy { $0 || $1 }
  }

  /// Whether a part is a straight line from edge to edge, all other writing on one side of it and ending well before it
  /// does.
  fileprivate func isLineOutside(_ number: Int, gone: [Bool], stroke: Int) -> Bool {
    let part = parts[number]
    let isAcross =
      spansAcross(part) && part.height <= max(4, 5 * stroke / 16, height / 20)
    let isDown = spansDown(part) && part.width <= max(4, 5 * stroke / 16, width / 20)
    guard isAcross || isDown else { return false }
    // Other lines of the same kind are no writing that could speak for this one.
    let others = parts.indices.map {
      $0 != number && !gone[$0] && !(isAcross ? spansAcross(parts[$0]) : spansDown(parts[$0]))
    }
    guard let rest = bounds(others) else { return false }
    let clear = max(3, 3 * stroke / 16)
    if isAcross {
      return (part.bottom <= rest.top || part.top >= rest.bottom) && rest.left >= clear
        && width - rest.right >= clear
    }
    return (part.right <= rest.left || part.left >= rest.right) && rest.top >= clear
      && height - rest.bottom >= clear
  }

  /// The pixels of dark strips and corners at the picture's edge: much thicker than strokes.
  fileprivate func thickAtEdge(candidates: [Bool], stroke: Int) -> Plane {
    let none = Plane(width: width, height: height)
    if !candidates.contains(true) || candidates.count == 1 { return none }
    let side = max(7, stroke / 4) | 1
    let core = mask(candidates).opened(side)
    if core.isBlank { return none }
    // Pixels at the top, the bottom, the left and the right.
    var counts = [[Int]](repeating: [0, 0, 0, 0], count: parts.count + 1)
    func count(_ x: Int, _ y: Int, _ side: Int) {
      if core.values[y * width + x] > 0 { counts[Int(labels[y * width + x])][side] += 1 }
    }
    for x in 0..<width {
      count(x, 0, 0)
      count(x, height - 1, 1)
    }
    for y in 0..<height {
      count(0, y, 2)
      count(width - 1, y, 3)
    }
    // A strip is long, and so is a corner along one of its sides.
    let isLong = counts.dropFirst().map {
      max($0[0], $0[1]) * 3 >= width || max($0[2], $0[3]) * 3 >= height
    }
    return mask(isLong).combined(with: core.highest((side / 2 + 2) | 1)) { min($0, $1) }
  }

  /// The parts of lines of text that show at the top or the bottom and were cut.
  fileprivate func neighbours(gone: [Bool], stroke: Int) -> [Int] {
    typealias Ends = (begin: Int, end: Int)
    let measures: [(Part) -> Ends] = [
      { ($0.top, $0.bottom) }, { (self.height - $0.bottom, self.height - $0.top) },
    ]
    let strips = measures.map { ends in
      let depth = parts.indices.filter { !gone[$0] && ends(parts[$0]).begin == 0 }
        .map { ends(parts[$0]).end }.max()
      return parts.indices.map { number in
        depth.map { $0 * 3 <= height && !gone[number] && ends(parts[number]).end <= $0 } ?? false
      }
    }
    let main = parts.indices.map { !gone[$0] && !strips[0][$0] && !strips[1][$0] }
    guard let rest = bounds(main) else { return [] }
    let clear = max(3, stroke / 16)
    guard rest.left >= clear, width - rest.right >= clear else { return [] }
    var found: [Int] = []
    for (side, ends) in measures.enumerated() {
      let strip = parts.indices.filter { strips[side][$0] }
      guard let depth = strip.map({ ends(parts[$0]).end }).max() else { continue }
      let gap = ends(rest).begin - depth
      let isFree = ends(rest).end <= height - clear || strips[1 - side].contains(true)
      let loose = strip.filter { ends(parts[$0]).begin > 0 }.reduce(0) { $0 + parts[$1].area }
      if isFree, gap >= max(2, stroke / 16), depth * 2 <= rest.height,
        loose * 2 <= strip.reduce(0, { $0 + parts[$1].area })
      {
        found += strip
      }
    }
    return found
  }
}
