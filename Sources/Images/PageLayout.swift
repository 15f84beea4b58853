/// From a map of ink to the canvas that a model sees. Integer arithmetic and Pillow's bicubic passes only; the training's
/// twin is Tools/train/fold.py, and docs/MODEL.md says what the steps are.
struct PageLayout: Sendable, Equatable {
  /// Pixels of white at the left, and at least this many on every other side.
  let margin: Int
  /// Mean width of a stroke on the page, in 1/4096 of the canvas.
  let thickness: Int
  /// Whether a formula that is too wide is folded into rows; otherwise it is shrunk.
  let folds: Bool

  static let mostEnlargement = 4
  /// What sampling adds to a stroke's width, squared, in 1/4096² pixels.
  static let blur = 45 * 4096 * 4096 / 100
  /// The least width of a stroke, in 1/4096 pixels: about ten pixels an em.
  static let leastStroke = 35 * 4096 / 100
  /// Pixels by which a continued row is further to the right.
  static let indent = 16
  /// Pixels between rows.
  static let gap = 8
  /// Pixels of white, on the page, that part lines of a formula.
  static let betweenLines = 12
  /// Eighths of the wanted scale that are tried.
  static let eighths = stride(from: 8, through: 3, by: -1)

  /// A part of the ink and where it lies on the canvas.
  struct Row: Sendable, Equatable {
    var box: InkMap.Box
    var x: Int
    var y: Int
    var width: Int
    var height: Int
  }

  /// A factor as a fraction: sums over a picture of the largest size, times its side, exceed 64 bits.
  struct Scale: Sendable, Equatable {
    var up: Int128
    var down: Int128

    func callAsFunction(_ length: Int) -> Int { max(1, Int(Int128(length) * up / down)) }

    func fits(_ length: Int, in room: Int) -> Bool { Int128(length) * up <= Int128(room) * down }
  }

  /// The page of a map of ink: `side` × `side`, grey in three equal channels.
  ///
  /// - Parameter side: more than twice the margin.
  func canvas(of ink: InkMap, side: Int) -> Picture {
    canvas(of: ink, rows(of: ink, side: side), side: side)
  }

  /// The page with the parts of the ink where `rows(of:side:)` says.
  func canvas(of ink: InkMap, _ rows: [Row], side: Int) -> Picture {
    var canvas = Picture(width: side, height: side, filledWith: [255, 255, 255]).bytes
    for row in rows {
      let part = ink.blackOnWhite(row.box).resized(toWidth: row.width, height: row.height)
      for y in 0..<row.height {
        let start = ((row.y + y) * side + row.x) * 3
        let line = y * row.width * 3
        canvas.replaceSubrange(
          start..<start + row.width * 3, with: part.bytes[line..<line + row.width * 3])
      }
    }
    return Picture(width: side, height: side, bytes: canvas)
  }

  /// The parts of the ink and their places.
  ///
  /// - Parameter side: more than twice the margin.
  func rows(of ink: InkMap, side: Int) -> [Row] {
    precondition(side > 2 * margin, "the canvas has room between its margins")
    guard let box = ink.bounds(within: ink.whole) else { return [] }
    let scale = wantedScale(ink.measure(box), side: side)
    let room = side - 2 * margin
    if folds, !scale.fits(box.width, in: room),
      let folded = folded(ink, box, scale: scale, side: side)
    {
      return folded
    }
    let shrunk = [box.width, box.height].reduce(scale) { scale, length in
      scale.fits(length, in: room) ? scale : Scale(up: Int128(room), down: Int128(length))
    }
    return placed([[box]], scale: shrunk, side: side) ?? []
  }

  /// The factor that gives strokes the wanted thickness. The mean width of strokes of any direction, as sampled, is
  /// 2 · ink / total variation.
  private func wantedScale(_ measure: (sum: Int, variation: Int), side: Int) -> Scale {
    var scale: Scale
    if folds {
      let sampled = 8192 * measure.sum / measure.variation
      let stroke = max(Self.squareRoot(max(sampled * sampled - Self.blur, 0)), Self.leastStroke)
      scale = Scale(up: Int128(side * thickness), down: Int128(stroke))
    } else {
      scale = Scale(
        up: Int128(side) * Int128(thickness) * Int128(measure.variation),
        down: 4096 * 2 * Int128(measure.sum))
    }
    let most = Int128(Self.mostEnlargement)
    return scale.up > most * scale.down ? Scale(up: most, down: 1) : scale
  }

  /// The lines of a formula that is too wide, cut into rows at the largest scale at which these are not too high.
  private func folded(_ ink: InkMap, _ box: InkMap.Box, scale: Scale, side: Int) -> [Row]? {
    let lines = parted(ink, box, scale: scale)
    let room = side - 2 * margin
    for part in Self.eighths {
      let smaller = Scale(up: scale.up * Int128(part), down: scale.down * 8)
      let cut = lines.map { line in
        cutIntoRows(
          ink, line, first: Int(Int128(room) * smaller.down / smaller.up),
          further: Int(Int128(room - Self.indent) * smaller.down / smaller.up))
      }
      if let rows = placed(cut, scale: smaller, side: side) { return rows }
    }
    return nil
  }

  /// Lines between bands of white that are at least `betweenLines` high on the page.
  private func parted(_ ink: InkMap, _ box: InkMap.Box, scale: Scale) -> [InkMap.Box] {
    var result: [InkMap.Box] = []
    var (start, end) = (box.top, box.top)
    for y in box.top..<box.bottom {
      let line = InkMap.Box(left: box.left, top: y, right: box.right, bottom: y + 1)
      guard ink.bounds(within: line) != nil else { continue }
      if y > end, Int128(y - end) * scale.up >= Int128(Self.betweenLines) * scale.down {
        result.append(.init(left: box.left, top: start, right: box.right, bottom: end))
        start = y
      }
      end = y + 1
    }
    result.append(.init(left: box.left, top: start, right: box.right, bottom: end))
    return result
  }

  /// A line cut into boxes of at most `first` columns, and `further` after the first.
  ///
  /// Each cut is made within the last half of the room.
  private func cutIntoRows(
    _ ink: InkMap, _ line: InkMap.Box, first: Int, further: Int
  ) -> [InkMap.Box] {
    let profile = ink.profile(line)
    guard var start = profile.firstIndex(where: { $0 > 0 }),
      let end = profile.lastIndex(where: { $0 > 0 }).map({ $0 + 1 })
    else { return [] }
    var result: [InkMap.Box] = []
    while start < end {
      let width = max(1, result.isEmpty ? first : further)
      let cut =
        end - start <= width
        ? end : Self.cut(profile, from: start + max(1, width / 2), through: start + width)
      let part = InkMap.Box(
        left: line.left + start, top: line.top, right: line.left + cut, bottom: line.bottom)
      if let box = ink.bounds(within: part) { result.append(box) }
      start = cut
      while start < end, profile[start] == 0 { start += 1 }
    }
    return result
  }

  /// Where to cut: at the end of the widest gap's last column in reach, the last of several; where there is no gap, at
  /// the column with the least ink, again the last.
  private static func cut(_ profile: [Int], from first: Int, through last: Int) -> Int {
    var (best, widest, run) = (last, 0, 0)
    var (least, thinnest) = (last, Int.max)
    for x in first...last {
      let amount = x < profile.count ? profile[x] : 0
      if amount <= thinnest { (least, thinnest) = (x, amount) }
      run = amount == 0 ? run + 1 : 0
      if run > 0, run >= widest { (best, widest) = (x, run) }
    }
    return widest > 0 ? best : least
  }

  /// The boxes of each line, scaled, one below the other and half-way down; nil where they are too high.
  private func placed(_ lines: [[InkMap.Box]], scale: Scale, side: Int) -> [Row]? {
    var rows: [Row] = []
    var y = 0
    for boxes in lines {
      for (number, box) in boxes.enumerated() {
        let row = Row(
          box: box, x: margin + (number > 0 ? Self.indent : 0), y: y, width: scale(box.width),
          height: scale(box.height))
        rows.append(row)
        y += row.height + Self.gap
      }
    }
    let total = y - Self.gap
    guard total <= side - 2 * margin else { return nil }
    for number in rows.indices { rows[number].y += (side - total) / 2 }
    return rows
  }

  /// The largest integer whose square is at most `value`.
  private static func squareRoot(_ value: Int) -> Int {
    var root = Int(Double(value).squareRoot())
    while root * root > value { root -= 1 }
    while (root + 1) * (root + 1) <= value { root += 1 }
    return root
  }
}
