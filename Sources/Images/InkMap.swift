/// How much ink each pixel of a picture holds, whatever its colours were.
struct InkMap: Sendable, Equatable {
  let width: Int
  let height: Int
  /// [height, width], 255 being the darkest; at least one is not faint.
  let values: [UInt8]

  /// Ink below this neither bounds a formula nor counts for its thickness: blurred edges, JPEG's ripples.
  static let faint: UInt8 = 64

  init(width: Int, height: Int, values: [UInt8]) {
    precondition(values.count == width * height, "a value for each pixel")
    self.width = width
    self.height = height
    self.values = values
  }

  init(_ ink: Plane) { self.init(width: ink.width, height: ink.height, values: ink.values) }

  /// A part of the map: columns `left` ..< `right` and lines `top` ..< `bottom`.
  struct Box: Sendable, Equatable {
    var left: Int
    var top: Int
    var right: Int
    var bottom: Int

    var width: Int { right - left }
    var height: Int { bottom - top }
  }

  /// The box of the ink that is not faint; nil where there is none.
  func bounds(within box: Box) -> Box? {
    var found = Box(left: box.right, top: box.bottom, right: box.left, bottom: box.top)
    for y in box.top..<box.bottom {
      for x in box.left..<box.right where values[y * width + x] >= Self.faint {
        found.left = min(found.left, x)
        found.right = max(found.right, x + 1)
        found.top = min(found.top, y)
        found.bottom = y + 1
      }
    }
    return found.width > 0 ? found : nil
  }

  var whole: Box { Box(left: 0, top: 0, right: width, bottom: height) }

  /// The sum of the ink, and of the differences between neighbours across and down, beyond the box as well; faint ink
  /// counts as none.
  func measure(_ box: Box) -> (sum: Int, variation: Int) {
    var (sum, variation) = (0, 0)
    var above = [Int](repeating: 0, count: box.width)
    for y in box.top..<box.bottom {
      var before = 0
      for x in 0..<box.width {
        let value = values[y * width + box.left + x]
        let clear = value < Self.faint ? 0 : Int(value)
        sum += clear
        variation += abs(clear - before) + abs(clear - above[x])
        before = clear
        above[x] = clear
      }
      variation += before
    }
    return (sum, variation + above.reduce(0, +))
  }

  /// The ink of each column of a box, faint ink taken as none.
  func profile(_ box: Box) -> [Int] {
    var sums = [Int](repeating: 0, count: box.width)
    for y in box.top..<box.bottom {
      for x in 0..<box.width {
        let value = values[y * width + box.left + x]
        if value >= Self.faint { sums[x] += Int(value) }
      }
    }
    return sums
  }

  /// A box as a picture, black on white.
  func blackOnWhite(_ box: Box) -> Picture {
    let count = box.width * box.height * 3
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      var next = 0
      for y in box.top..<box.bottom {
        for x in box.left..<box.right {
          let paper = 255 - values[y * width + x]
          for channel in 0..<3 { target[next + channel] = paper }
          next += 3
        }
      }
      initialized = count
    }
    return Picture(width: box.width, height: box.height, bytes: bytes)
  }
}
