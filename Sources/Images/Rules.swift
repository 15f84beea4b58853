/// Rules of paper: lines from edge to edge, fainter than the writing or several, where the writing itself ends before the
/// edges. The twin is `rules` in Tools/train/marks.py.
struct Rules {
  /// 255 where a rule is that no writing crosses.
  let mask: Plane

  /// - Parameter ink: 0 to 255.
  init(in ink: Plane) {
    let level = Self.level(in: ink)
    let upright = Self.level(in: ink.transposed)
    let (found, band) = (upright.found.transposed, upright.band.transposed)
    // Where two rules cross, each looks like writing over the other.
    let crossings = level.band.combined(with: band) { min($0, $1) }
    mask = level.found.combined(with: found) { max($0, $1) }
      .combined(with: crossings) { max($0, $1) }
  }

  /// The level rules without the writing on them, and with it.
  private static func level(in ink: Plane) -> (found: Plane, band: Plane) {
    let (width, height) = (ink.width, ink.height)
    var found = Plane(width: width, height: height)
    var band = found
    let lines = Self.lines(in: ink)
    guard !lines.isEmpty, writingEndsBeforeEdges(ink, besides: lines) else { return (found, band) }
    for line in lines {
      var columns = [UInt8](repeating: 0, count: width)
      for y in line {
        for x in 0..<width { columns[x] = max(columns[x], ink.values[y * width + x]) }
      }
      var histogram = Histogram()
      for value in columns { histogram.add(Int(value)) }
      let level = histogram.lowerMedian
      if level >= 150 && lines.count < 3 { continue }
      let most = level + level / 4 + 8
      // Writing crosses a rule where there is ink beside it, or where the rule is darker than
      // elsewhere.
      let least = max(Ground.faint, min(level, 128))
      let beside = [line.lowerBound - 2, line.upperBound + 1].filter { (0..<height).contains($0) }
      let isCrossed = (0..<width).map { x in
        Int(columns[x]) > most || beside.contains { Int(ink.values[$0 * width + x]) >= least }
      }
      for y in line {
        for x in 0..<width where Int(ink.values[y * width + x]) <= most {
          band.values[y * width + x] = 255
          if !isCrossed[x] { found.values[y * width + x] = 255 }
        }
      }
      for y in [line.lowerBound - 1, line.upperBound] where (0..<height).contains(y) {
        for x in 0..<width where ink.values[y * width + x] < Ground.faint && !isCrossed[x] {
          found.values[y * width + x] = 255
        }
      }
    }
    return (found, band)
  }

  /// Runs of rows with ink from edge to edge, as thin as lines.
  private static func lines(in ink: Plane) -> [Range<Int>] {
    let (width, height) = (ink.width, ink.height)
    func isInked(_ x: Int, _ y: Int) -> Bool {
      (0..<width).contains(x) && ink.values[y * width + x] >= Ground.noise
    }
    var lines: [Range<Int>] = []
    var begin: Int?
    for y in 0...height {
      var isFull = false
      if y < height, isInked(0, y) || isInked(1, y), isInked(width - 1, y) || isInked(width - 2, y)
      {
        let row = ink.values[y * width..<(y + 1) * width]
        isFull = row.reduce(0) { $0 + ($1 >= Ground.noise ? 1 : 0) } * 10 >= width * 9
      }
      if isFull {
        begin = begin ?? y
      } else if let first = begin {
        if y - first <= max(4, height / 12) { lines.append(first..<y) }
        begin = nil
      }
    }
    return lines
  }

  private static func writingEndsBeforeEdges(_ ink: Plane, besides lines: [Range<Int>]) -> Bool {
    var isRuled = [Bool](repeating: false, count: ink.height)
    for line in lines {
      for y in max(0, line.lowerBound - 1)..<min(ink.height, line.upperBound + 1) {
        isRuled[y] = true
      }
    }
    var (first, last) = (ink.width, -1)
    for y in 0..<ink.height where !isRuled[y] {
      for x in 0..<ink.width where ink.values[y * ink.width + x] >= Ground.faint {
        first = min(first, x)
        last = max(last, x)
      }
    }
    return last >= 0 && first >= 3 && ink.width - 1 - last >= 3
  }
}
