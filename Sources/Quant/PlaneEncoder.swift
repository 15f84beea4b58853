import SIMDKernels

/// Weights to panels of `int8-p2-p16`.
///
/// The whole numbers reach further below zero than above, so a block's scale has the sign that puts its largest weight
/// below. A row's scale is the largest that a block needs over 120; a block takes the code of the least squared error of
/// the eight from the smallest that holds all its weights. Sixteen rows side by side, by the same arithmetic on every
/// processor.
struct PlaneEncoder {
  private typealias Rows = SIMD16<Float>

  /// Of a panel, block by block, each `[column][row]`.
  private var weights: [Rows]
  private let blocks: Int

  /// Codes above the smallest possible that are tried.
  private static let tries = 8
  /// The code of the block that needs the largest scale. Those above are for trying.
  private static let firstCode: Float = 120
  private static let largestCode: Float = 127
  /// Rows whose scale would be smaller become zero: squares of scales stay normal numbers.
  private static let smallest: Float = 0x1p-60

  init(columns: Int) {
    blocks = (columns + ElementFormat.blockColumns - 1) / ElementFormat.blockColumns
    weights = Array(repeating: .zero, count: blocks * ElementFormat.blockColumns)
  }

  /// Encodes a panel.
  ///
  /// - Parameters:
  ///   - rows: weights `[height, columns]`.
  ///   - out: the bytes of all panels.
  ///   - place: where this one's parts lie in them.
  mutating func encode(
    _ rows: UnsafePointer<Float>, height: Int, columns: Int, into out: UnsafeMutableRawPointer,
    at place: PlanePanel.Place
  ) {
    for column in 0..<columns {
      var values = Rows.zero
      for row in 0..<height { values[row] = rows[row * columns + column] }
      weights[column] = values
    }
    let needed = (0..<blocks).map(neededScale)
    var scales = Rows.zero
    for scale in needed {
      let magnitude = scale.replacing(with: -scale, where: scale .< 0)
      scales.replace(with: magnitude, where: magnitude .> scales)
    }
    scales /= Self.firstCode
    scales.replace(with: 0, where: scales .< Self.smallest)

    let (high, low) = (out + place.high, out + place.low)
    for plane in [high, low] {
      plane.initializeMemory(
        as: UInt8.self, repeating: 0, count: CodedPanel.byteCount(blocks: blocks))
    }
    high.storeBytes(of: scales * 16, as: Rows.self)
    low.storeBytes(of: scales, as: Rows.self)
    var squares = SIMD16<Double>.zero
    for block in 0..<blocks {
      let codes = bestCodes(block, needed[block], scales)
      let integers = SIMD16<Int8>(truncatingIfNeeded: SIMD16<Int32>(codes))
      for plane in [high, low] {
        plane.storeBytes(
          of: integers, toByteOffset: CodedPanel.codes(of: block), as: SIMD16<Int8>.self)
      }
      let scale = codes * scales
      let sum = pack(
        block, scale, high + CodedPanel.lines(of: block), low + CodedPanel.lines(of: block))
      let wide = SIMD16<Double>(scale)
      squares += wide * wide * SIMD16<Double>(sum)
    }
    var norms = Rows.zero
    for row in 0..<ElementFormat.panelRows {
      // Up, and once more for what the square root lost.
      norms[row] = Float(squares[row].squareRoot()).nextUp.nextUp
    }
    norms.replace(with: 0, where: scales .== 0)
    (out + place.norms).storeBytes(of: norms, as: Rows.self)
  }

  /// The smallest scale, with its sign, that holds each row's weights of a block.
  private func neededScale(_ block: Int) -> Rows {
    var (least, most) = (Rows.zero, Rows.zero)
    for x in weights(of: block) {
      least.replace(with: x, where: x .< least)
      most.replace(with: x, where: x .> most)
    }
    let turned = -least .< most
    let below = (-least).replacing(with: most, where: turned)
    let above = most.replacing(with: -least, where: turned)
    let (left, right) = (below / -PlanePanel.range.lowerBound, above / PlanePanel.range.upperBound)
    let scale = left.replacing(with: right, where: left .< right)
    return scale.replacing(with: -scale, where: turned)
  }

  private func weights(of block: Int) -> ArraySlice<Rows> {
    weights[block * ElementFormat.blockColumns..<(block + 1) * ElementFormat.blockColumns]
  }

  /// The codes of the least squared error, with the signs of the scales that a block needs.
  private func bestCodes(_ block: Int, _ needed: Rows, _ scales: Rows) -> Rows {
    let isEmpty = scales .== 0
    let divisor = scales.replacing(with: 1, where: isEmpty)
    let isTurned = needed .< 0
    let magnitude = needed.replacing(with: -needed, where: isTurned)
    let first = (magnitude / divisor).rounded(.up)
    var best = (error: Rows(repeating: .infinity), code: Rows.zero)
    for step in 0..<Self.tries {
      var code = (first + Float(step)).clamped(
        lowerBound: Rows(repeating: 1), upperBound: Rows(repeating: Self.largestCode))
      code.replace(with: -code, where: isTurned)
      let scale = code * divisor
      let inverse = 1 / scale
      var error = Rows.zero
      for x in weights(of: block) {
        let difference = x - scale * Self.whole(x * inverse)
        error += difference * difference
      }
      let better = error .< best.error
      best.error.replace(with: error, where: better)
      best.code.replace(with: code, where: better)
    }
    // Kernels add exponents faster where no code is zero; the scale is zero.
    return best.code.replacing(with: 1, where: isEmpty)
  }

  private static func whole(_ x: Rows) -> Rows {
    x.rounded(.toNearestOrEven).clamped(
      lowerBound: Rows(repeating: PlanePanel.range.lowerBound),
      upperBound: Rows(repeating: PlanePanel.range.upperBound))
  }

  /// Writes the nibbles of a block; returns the sums of the low plane's squares.
  private func pack(
    _ block: Int, _ scale: Rows, _ high: UnsafeMutableRawPointer, _ low: UnsafeMutableRawPointer
  ) -> Rows {
    let isEmpty = scale .== 0
    let inverse = (1 / scale.replacing(with: 1, where: isEmpty)).replacing(with: 0, where: isEmpty)
    var sum = Rows.zero
    for (column, x) in weights(of: block).enumerated() {
      let whole = Self.whole(x * inverse)
      let upper = ((whole + 8) / 16).rounded(.down)
      let lower = whole - upper * 16
      sum += lower * lower
      // A line holds four columns of each row; the high nibbles are columns 16…31.
      let place = column % 16 / 4 * 64 + column % 4
      let shift = column < 16 ? 0 : 4
      for row in 0..<ElementFormat.panelRows {
        for (plane, value) in [(high, upper[row]), (low, lower[row])] {
          let byte = plane.load(fromByteOffset: place + row * 4, as: UInt8.self)
          plane.storeBytes(
            of: byte | UInt8(value + 8) << shift, toByteOffset: place + row * 4, as: UInt8.self)
        }
      }
    }
    return sum
  }
}
