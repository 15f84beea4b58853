/// Writing that stands askew, by up to 11 degrees, turned level.
///
/// A slope is tan(angle) in 1/512, positive where lines fall towards the right. Integer arithmetic only; the twin is
/// Tools/train/straightening.py.
struct Straightening {
  /// 0 where there is no good sign of a slope.
  let slope: Int

  private static let step = 4
  /// A hundred pixels of sharp edges that run nearly level.
  private static let leastEdges = 150_000
  /// Steps to either side: slopes up to 104/512, 11.5 degrees.
  private static let reach = 26
  /// Slopes below this are left: one degree does not hurt, a turn blurs.
  private static let least = 10
  /// The longest side that slopes are looked for in.
  private static let longest = 640

  /// - Parameter ink: 0 to 255.
  init(of ink: Plane) {
    let small = ink.reduced(toSide: Self.longest)
    let slopes = (-Self.reach...Self.reach).map { $0 * Self.step }
    let edges = Self.edgeScores(small)
    guard edges.reduce(0, +) >= Self.leastEdges, abs(slopes[edges.firstOfLargest]) > Self.step
    else {
      slope = 0
      return
    }
    let pixels = InkedPixels(of: small)
    let rows = slopes.map(pixels.sharpness)
    let score = zip(Self.shares(rows), Self.shares(edges)).map { $0 + $1 }
    let best = score.firstOfLargest
    let agrees = [rows, edges].allSatisfy { abs($0.firstOfLargest - best) <= 3 }
    guard score[best] * 10 > score[Self.reach] * (agrees ? 14 : 20) else {
      slope = 0
      return
    }
    // Finer, by the rows alone.
    let near = Array(slopes[best] - Self.step...slopes[best] + Self.step)
    let found = near[near.map(pixels.sharpness).firstOfLargest]
    slope = abs(found) >= Self.least ? found : 0
  }

  /// How much of the edges that run nearly level has each slope, in steps; smoothed.
  private static func edgeScores(_ ink: Plane) -> [Int] {
    var scores = [Int](repeating: 0, count: 2 * reach + 1)
    if min(ink.width, ink.height) < 3 { return scores }
    let soft = ink.softened
    let (width, height) = (ink.width, ink.height)
    // Sobel's operator on what 1 2 1 softened, zeros around.
    func line(_ y: Int) -> Int? { (0..<height).contains(y) ? y * width : nil }
    soft.withUnsafeBufferPointer { soft in
      func at(_ row: Int?, _ x: Int) -> Int {
        guard let row, x >= 0, x < width else { return 0 }
        return Int(soft[row + x])
      }
      for y in 0..<height {
        let (above, here, below) = (line(y - 1), line(y), line(y + 1))
        for x in 0..<width {
          let down =
            at(below, x - 1) + 2 * at(below, x) + at(below, x + 1)
            - at(above, x - 1) - 2 * at(above, x) - at(above, x + 1)
          let steep = abs(down)
          if steep <= 2400 { continue }
          let across =
            at(above, x + 1) + 2 * at(here, x + 1) + at(below, x + 1)
            - at(above, x - 1) - 2 * at(here, x - 1) - at(below, x - 1)
          if abs(across) * 4 >= steep { continue }
          let slope = (-across * 512 * down.signum()).dividedDown(by: steep)
          let place = ((slope + step / 2) >> 2) + reach
          if scores.indices.contains(place) { scores[place] += steep >> 6 }
        }
      }
    }
    for _ in 0..<3 {
      let wide = [0] + scores + [0]
      scores = scores.indices.map { wide[$0] + 2 * wide[$0 + 1] + wide[$0 + 2] }
    }
    return scores
  }

  /// Scores in 1/1024 of their mean.
  private static func shares(_ scores: [Int]) -> [Int] {
    let mean = scores.reduce(0, +) / scores.count
    return scores.map { $0 / max(1, mean >> 10) }
  }

  /// Ink turned so that its lines come level, on a canvas that holds all of it; bilinear.
  func applied(to ink: Plane) -> Plane {
    if slope == 0 { return ink }
    let (width, height) = (ink.width, ink.height)
    let norm = ((512 * 512 + slope * slope) << 20).squareRoot
    let cosine = (512 << 26) / norm
    let sine = (abs(slope) << 26) / norm * slope.signum()
    let newWidth = width + abs(slope) * height / 512 + 2
    let newHeight = height + abs(slope) * width / 512 + 2
    let padded = ink.padded(by: 1)
    var result = Plane(width: newWidth, height: newHeight)
    padded.values.withUnsafeBufferPointer { source in
      result.values.withUnsafeMutableBufferPointer { target in
        for row in 0..<newHeight {
          let y = 2 * row - (newHeight - 1)
          for place in 0..<newWidth {
            let x = 2 * place - (newWidth - 1)
            let fromX = ((cosine * x - sine * y) >> 1) + ((width - 1) << 15)
            let fromY = ((sine * x + cosine * y) >> 1) + ((height - 1) << 15)
            let (column, line) = (fromX >> 16, fromY >> 16)
            guard column >= -1, column < width, line >= -1, line < height else { continue }
            let (right, below) = ((fromX >> 8) & 255, (fromY >> 8) & 255)
            let corner = (line + 1) * padded.width + column + 1
            let next = corner + padded.width
            let upper = Int(source[corner]) * (256 - right) + Int(source[corner + 1]) * right
            let lower = Int(source[next]) * (256 - right) + Int(source[next + 1]) * right
            let value = (upper * (256 - below) + lower * below + 32768) >> 16
            target[row * newWidth + place] = value < Ground.noise ? 0 : UInt8(value)
          }
        }
      }
    }
    return result
  }
}

/// The places of ink that is not faint.
private struct InkedPixels {
  private var x: [Int32] = []
  private var y: [Int32] = []
  private var weight: [Int32] = []

  init(of ink: Plane) {
    for row in 0..<ink.height {
      for column in 0..<ink.width where ink.values[row * ink.width + column] >= Ground.faint {
        x.append(Int32(column))
        y.append(Int32(row))
        weight.append(Int32(ink.values[row * ink.width + column]))
      }
    }
  }

  /// How sharply the sums along lines of a slope change from line to line.
  func sharpness(_ slope: Int) -> Int {
    let slope = Int32(slope)
    let lines = zip(x, y).map { ($1 * 512 - slope * $0) >> 9 }
    guard let first = lines.min(), let last = lines.max() else { return 0 }
    var sums = [Int](repeating: 0, count: Int(last - first) + 3)
    for (line, weight) in zip(lines, weight) { sums[Int(line - first) + 1] += Int(weight) }
    return zip(sums, sums.dropFirst()).reduce(0) { $0 + ($1.1 - $1.0) * ($1.1 - $1.0) }
  }
}

extension Plane {
  /// Means of squares, rounded down, so that neither side is longer than `longest`; zeros beyond the edges.
  fileprivate func reduced(toSide longest: Int) -> Plane {
    let factor = (max(width, height) + longest - 1) / longest
    if factor == 1 { return self }
    let (columns, rows) = ((width + factor - 1) / factor, (height + factor - 1) / factor)
    var sums = [Int](repeating: 0, count: columns * rows)
    for y in 0..<height {
      for x in 0..<width { sums[y / factor * columns + x / factor] += Int(values[y * width + x]) }
    }
    return Plane(
      width: columns, height: rows, values: sums.map { UInt8($0 / (factor * factor)) })
  }

  /// 1 2 1 across and down, not divided; zeros beyond the edges.
  fileprivate var softened: [Int32] {
    var rows = [Int32](repeating: 0, count: values.count)
    for y in 0..<height {
      for x in 0..<width {
        let above = y > 0 ? Int32(values[(y - 1) * width + x]) : 0
        let below = y + 1 < height ? Int32(values[(y + 1) * width + x]) : 0
        rows[y * width + x] = above + 2 * Int32(values[y * width + x]) + below
      }
    }
    var result = rows
    for y in 0..<height {
      for x in 0..<width {
        let left = x > 0 ? rows[y * width + x - 1] : 0
        let right = x + 1 < width ? rows[y * width + x + 1] : 0
        result[y * width + x] = left + 2 * rows[y * width + x] + right
      }
    }
    return result
  }
}

extension [Int] {
  /// The index of the largest element; of several, the first.
  fileprivate var firstOfLargest: Int { firstIndex(of: self.max()!)! }
}

extension Int {
  /// The quotient rounded towards −∞.
  fileprivate func dividedDown(by divisor: Int) -> Int {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// The root rounded down.
  fileprivate var squareRoot: Int {
    var root = Int(Double(self).squareRoot())
    while root * root > self { root -= 1 }
    while (root + 1) * (root + 1) <= self { root += 1 }
    return root
  }
}
