/// One byte for each pixel, rows from top to bottom without gaps: a brightness, a difference, or a mask of 0 and 255.
///
/// The twin of its arithmetic is Tools/train/components.py.
package struct Plane: Equatable, Sendable {
  package let width: Int
  package let height: Int
  /// [height, width]
  package var values: [UInt8]

  init(width: Int, height: Int, values: [UInt8]) {
    precondition(values.count == width * height)
    self.width = width
    self.height = height
    self.values = values
  }

  init(width: Int, height: Int, filledWith value: UInt8 = 0) {
    self.init(
      width: width, height: height, values: [UInt8](repeating: value, count: width * height))
  }

  var count: Int { values.count }

  var isBlank: Bool { !values.contains { $0 != 0 } }

  /// How many values a condition holds for.
  func count(where condition: (UInt8) -> Bool) -> Int {
    values.reduce(0) { $0 + (condition($1) ? 1 : 0) }
  }

  func map(_ transform: (UInt8) -> UInt8) -> Plane {
    Plane(width: width, height: height, values: values.map(transform))
  }

  /// 255 where a condition holds.
  func mask(_ condition: (UInt8) -> Bool) -> Plane {
    map { condition($0) ? 255 : 0 }
  }

  /// What a table of 256 says of each value.
  func looked(up table: [UInt8]) -> Plane {
    precondition(table.count == 256)
    return table.withUnsafeBufferPointer { table in map { table[Int($0)] } }
  }

  /// The value of each pair of pixels of two planes of one size.
  func combined(with other: Plane, _ operation: (UInt8, UInt8) -> UInt8) -> Plane {
    precondition(width == other.width && height == other.height)
    let count = values.count
    let result = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      values.withUnsafeBufferPointer { a in
        other.values.withUnsafeBufferPointer { b in
          for i in 0..<count { target[i] = operation(a[i], b[i]) }
        }
      }
      initialized = count
    }
    return Plane(width: width, height: height, values: result)
  }

  var transposed: Plane {
    var result = [UInt8](repeating: 0, count: values.count)
    for y in 0..<height {
      for x in 0..<width { result[x * height + y] = values[y * width + x] }
    }
    return Plane(width: height, height: width, values: result)
  }

  /// The plane in the middle of a larger one of zeros.
  func padded(by margin: Int) -> Plane {
    var result = Plane(width: width + 2 * margin, height: height + 2 * margin)
    for y in 0..<height {
      let start = (y + margin) * result.width + margin
      result.values.replaceSubrange(
        start..<start + width, with: values[y * width..<(y + 1) * width])
    }
    return result
  }

  func cropped(left: Int, top: Int, width newWidth: Int, height newHeight: Int) -> Plane {
    var result: [UInt8] = []
    result.reserveCapacity(newWidth * newHeight)
    for y in top..<top + newHeight {
      result += values[y * width + left..<y * width + left + newWidth]
    }
    return Plane(width: newWidth, height: newHeight, values: result)
  }

  // MARK: Square neighbourhoods

  /// The largest value in a square of `size` (odd) pixels around each; what lies outside does not count.
  func highest(_ size: Int) -> Plane { slid(size, neutral: 0) { max($0, $1) } }

  /// The smallest value in a square of `size` (odd) pixels around each; what lies outside does not count.
  func lowest(_ size: Int) -> Plane { slid(size, neutral: 255) { min($0, $1) } }

  /// Morphological closing: dark marks that no square of `size` fits into are filled.
  func closed(_ size: Int) -> Plane { highest(size).lowest(size) }

  /// Morphological opening: light marks that no square of `size` fits into are gone.
  func opened(_ size: Int) -> Plane { lowest(size).highest(size) }

  /// The best of `size` neighbours down and then across. A window of n is the better of two of n / 2, so that the work is
  /// a logarithm of the size for each pixel.
  @inline(__always)
  private func slid(
    _ size: Int, neutral: UInt8, _ better: (UInt8, UInt8) -> UInt8
  ) -> Plane {
    precondition(size % 2 == 1)
    if size == 1 { return self }
    let half = size / 2
    let count = (height + size - 1) * width
    var rows = [UInt8](repeating: neutral, count: count)
    rows.replaceSubrange(half * width..<half * width + values.count, with: values)
    rows.withUnsafeMutableBufferPointer { rows in
      var (reach, length) = (1, height + size - 1)
      while reach < size {
        let step = min(reach, size - reach)
        length -= step
        let (used, distance) = (length * width, step * width)
        for i in 0..<used { rows[i] = better(rows[i], rows[i + distance]) }
        reach += step
      }
    }
    var result = [UInt8](repeating: 0, count: values.count)
    var row = [UInt8](repeating: neutral, count: width + size - 1)
    result.withUnsafeMutableBufferPointer { result in
      rows.withUnsafeBufferPointer { rows in
        row.withUnsafeMutableBufferPointer { row in
          for y in 0..<height {
            for x in 0..<half { (row[x], row[half + width + x]) = (neutral, neutral) }
            for x in 0..<width { row[half + x] = rows[y * width + x] }
            var (reach, length) = (1, width + size - 1)
            while reach < size {
              let step = min(reach, size - reach)
              length -= step
              for x in 0..<length { row[x] = better(row[x], row[x + step]) }
              reach += step
            }
            for x in 0..<width { result[y * width + x] = row[x] }
          }
        }
      }
    }
    return Plane(width: width, height: height, values: result)
  }

  // MARK: Figures

  /// Mean width of strokes in 1/16 pixels, whatever their direction: 2 · sum / total variation, of the values from `least`
  /// on; 0 where there are none.
  func thickness(from least: Int = 1) -> Int {
    var (sum, variation) = (0, 0)
    var above = [Int32](repeating: 0, count: width)
    values.withUnsafeBufferPointer { values in
      above.withUnsafeMutableBufferPointer { above in
        for y in 0..<height {
          var before: Int32 = 0
          var (rowSum, rowVariation): (Int, Int) = (0, 0)
          for x in 0..<width {
            let value = Int32(values[y * width + x])
            let clear = value < least ? 0 : value
            rowSum += Int(clear)
            rowVariation += Int(abs(clear - before) + abs(clear - above[x]))
            before = clear
            above[x] = clear
          }
          sum += rowSum
          variation += rowVariation + Int(before)
        }
      }
    }
    variation += above.reduce(0) { $0 + Int($1) }
    return variation == 0 ? 0 : 32 * sum / variation
  }

  var largest: Int { Int(values.max() ?? 0) }
}

/// How often each of 256 values occurs.
struct Histogram {
  private(set) var counts: [Int]
  private(set) var total = 0

  init(size: Int = 256) { counts = [Int](repeating: 0, count: size) }

  mutating func add(_ value: Int) {
    counts[value] += 1
    total += 1
  }

  /// The lower median; 0 where nothing was counted.
  var lowerMedian: Int { value(at: (total - 1) / 2) }

  /// The value at a place in the order of all that were counted, from 0; 0 where there is none.
  func value(at place: Int) -> Int {
    var left = place
    for (value, count) in counts.enumerated() {
      left -= count
      if left < 0 { return value }
    }
    return 0
  }
}
