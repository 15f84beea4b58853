/// The 8-connected parts of a mask, numbered in the order of their first pixels, rows first.
///
/// Runs of pixels are joined by union–find, so that time is linear in the pixels. The twin is Tools/train/components.py.
struct Components {
  /// A part's box, right and bottom exclusive, and its pixels.
  struct Part {
    var left: Int
    var right: Int
    var top: Int
    var bottom: Int
    var area: Int

    var width: Int { right - left }
    var height: Int { bottom - top }
  }

  let width: Int
  let height: Int
  /// [height, width]: a part's number + 1; 0 outside.
  let labels: [Int32]
  let parts: [Part]

  private struct Run {
    let y: Int
    let begin: Int
    let end: Int
  }

  /// - Parameter isInside: whether a value belongs to the mask.
  init(_ plane: Plane, where isInside: (UInt8) -> Bool) {
    (width, height) = (plane.width, plane.height)
    var runs: [Run] = []
    var roots: [Int32] = []
    func root(_ run: Int) -> Int {
      var run = run
      while roots[run] != run {
        roots[run] = roots[Int(roots[run])]
        run = Int(roots[run])
      }
      return run
    }
    var above = 0..<0
    for y in 0..<height {
      let first = runs.count
      var x = 0
      var other = above.lowerBound
      while x < width {
        guard isInside(plane.values[y * width + x]) else {
          x += 1
          continue
        }
        let begin = x
        while x < width, isInside(plane.values[y * width + x]) { x += 1 }
        let run = runs.count
        runs.append(Run(y: y, begin: begin, end: x))
        roots.append(Int32(run))
        // Runs touch where they overlap or their corners meet.
        while other < above.upperBound, runs[other].end < begin { other += 1 }
        var touching = other
        while touching < above.upperBound, runs[touching].begin <= x {
          let (a, b) = (root(touching), root(run))
          if a != b { roots[max(a, b)] = Int32(min(a, b)) }
          touching += 1
        }
      }
      above = first..<runs.count
    }
    var parts: [Part] = []
    var numbers = [Int32](repeating: 0, count: runs.count)
    var labels = [Int32](repeating: 0, count: width * height)
    for (index, run) in runs.enumerated() {
      let head = root(index)
      if head == index {
        numbers[index] = Int32(parts.count)
        parts.append(
          Part(left: run.begin, right: run.end, top: run.y, bottom: run.y + 1, area: 0))
      }
      let number = Int(numbers[head])
      parts[number].left = min(parts[number].left, run.begin)
      parts[number].right = max(parts[number].right, run.end)
      parts[number].bottom = run.y + 1
      parts[number].area += run.end - run.begin
      for x in run.begin..<run.end { labels[run.y * width + x] = Int32(number + 1) }
    }
    self.labels = labels
    self.parts = parts
  }

  /// The largest value in each part.
  func largest(_ plane: Plane) -> [Int] {
    var found = [Int](repeating: 0, count: parts.count + 1)
    for (label, value) in zip(labels, plane.values) where label > 0 {
      found[Int(label)] = max(found[Int(label)], Int(value))
    }
    return Array(found.dropFirst())
  }

  /// How many pixels of each part lie where a mask is not 0.
  func count(in mask: Plane) -> [Int] {
    var found = [Int](repeating: 0, count: parts.count + 1)
    for (label, value) in zip(labels, mask.values) where value > 0 { found[Int(label)] += 1 }
    return Array(found.dropFirst())
  }

  /// 255 where a chosen part lies.
  func mask(_ chosen: [Bool]) -> Plane {
    let table: [UInt8] = [0] + chosen.map { $0 ? 255 : 0 }
    return Plane(width: width, height: height, values: labels.map { table[Int($0)] })
  }

  /// Whether each part has pixels at the picture's edge.
  var touchesEdge: [Bool] {
    parts.map { $0.left == 0 || $0.top == 0 || $0.right == width || $0.bottom == height }
  }

  /// The box of the chosen parts; its area is the sum of theirs.
  func bounds(_ chosen: [Bool]) -> Part? {
    var box: Part?
    for (part, isChosen) in zip(parts, chosen) where isChosen {
      guard let old = box else {
        box = part
        continue
      }
      box = Part(
        left: min(old.left, part.left), right: max(old.right, part.right),
        top: min(old.top, part.top), bottom: max(old.bottom, part.bottom),
        area: old.area + part.area)
    }
    return box
  }
}
