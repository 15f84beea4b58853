import SIMDKernels

/// Weights to panels of `int4-c8-p16`: a row's scale and the codes of its blocks are searched together.
///
/// A block's best scale is searched without a code, as for panels with f16 scales. The row's scale
/// begins as the largest of them over 127. Then, twice: each block takes the code, of the four around
/// its best scale, that leaves the least squared error; and the row takes the scale of the least
/// squared error for these codes and their levels, `Σ c·p / Σ c²·s` with `p` and `s` the products and
/// squares of `Kernels.fitInt4`. No code is zero, which a kernel would have to treat apart: weights of
/// zero are a level of zero. Sixteen rows side by side, by the same arithmetic on every processor.
struct CodedPanelEncoder {
  private typealias Rows = SIMD16<Float>

  private let kernels: Kernels
  private let levels: [Float]
  /// For each column of whole blocks.
  private let importance: [Float]
  private let blocks: Int
  /// The panel's weights, block by block, each `[column][row]`.
  private var weights: [Float]
  private var best: [Rows]
  private var codes: [Rows]
  private let blockCount = ElementFormat.blockColumns * ElementFormat.panelRows

  /// - Parameter importance: of the columns of whole blocks; zero for those of the padding.
  init(levels: [Float], importance: [Float], kernels: Kernels) {
    (self.kernels, self.levels, self.importance) = (kernels, levels, importance)
    blocks = importance.count / ElementFormat.blockColumns
    weights = [Float](repeating: 0, count: blocks * blockCount)
    best = [Rows](repeating: .zero, count: blocks)
    codes = best
  }

  /// Encodes a panel.
  ///
  /// - Parameters:
  ///   - rows: weights `[height, columns]`.
  ///   - out: the panel's bytes.
  mutating func encode(
    _ rows: UnsafePointer<Float>, height: Int, columns: Int, into out: UnsafeMutableRawPointer
  ) {
    for column in 0..<columns {
      for row in 0..<height {
        weights[column * ElementFormat.panelRows + row] = rows[row * columns + column]
      }
      for row in height..<ElementFormat.panelRows {
        weights[column * ElementFormat.panelRows + row] = 0
      }
    }
    // The array itself, not a copy: nothing writes to it before the end.
    let weights = self.weights
    weights.withUnsafeBufferPointer { weights in
      let rowScales = search(weights.baseAddress!)
      out.initializeMemory(
        as: UInt8.self, repeating: 0, count: CodedPanel.byteCount(blocks: blocks))
      out.storeBytes(of: rowScales, as: Rows.self)
      for block in 0..<blocks {
        let integers = SIMD16<Int8>(truncatingIfNeeded: SIMD16<Int32>(codes[block]))
        out.storeBytes(
          of: integers, toByteOffset: CodedPanel.codes(of: block), as: SIMD16<Int8>.self)
        withFloats(of: rowScales * codes[block]) { scales in
          kernels.packInt4(
            weights.baseAddress! + block * blockCount, levels, scales,
            out + CodedPanel.lines(of: block))
        }
      }
    }
  }

  /// Finds the codes; returns the rows' scales.
  private mutating func search(_ weights: UnsafePointer<Float>) -> Rows {
    var largest = Rows.zero
    for block in 0..<blocks {
      var scale = Rows.zero
      withMutableFloats(of: &scale) { scale in
        importance.withUnsafeBufferPointer {
          kernels.searchInt4(
            weights + block * blockCount,
            $0.baseAddress! + block * ElementFormat.blockColumns, levels, scale)
        }
      }
      best[block] = scale
      let magnitude = scale.replacing(with: -scale, where: scale .< 0)
      largest.replace(with: magnitude, where: magnitude .> largest)
    }
    var rowScales = largest / Self.largestCode
    rowScales.replace(with: 0, where: rowScales .< Self.smallest)
    for _ in 0..<Self.rounds { rowScales = refine(rowScales, weights) }
    return rowScales
  }

  /// Chooses the codes for the rows' scales; returns better scales for these codes.
  private mutating func refine(_ rowScales: Rows, _ weights: UnsafePointer<Float>) -> Rows {
    let isEmpty = rowScales .== 0
    let divisor = rowScales.replacing(with: 1, where: isEmpty)
    var products = Rows.zero
    var squares = Rows.zero
    for block in 0..<blocks {
      let place = (best[block] / divisor).rounded(.down)
      var choice = (gain: -Rows(repeating: .infinity), code: Rows.zero, p: Rows.zero, s: Rows.zero)
      for step in Self.steps {
        var code = (place + step).clamped(
          lowerBound: Rows(repeating: -Self.largestCode),
          upperBound: Rows(repeating: Self.largestCode))
        code.replace(with: 1, where: code .== 0 .| isEmpty)
        let scale = code * rowScales
        var (p, s) = (Rows.zero, Rows.zero)
        withFloats(of: scale) { scale in
          withMutableFloats(of: &p) { p in
            withMutableFloats(of: &s) { s in
              importance.withUnsafeBufferPointer {
                kernels.fitInt4(
                  weights + block * blockCount,
                  $0.baseAddress! + block * ElementFormat.blockColumns, levels, scale, p, s)
              }
            }
          }
        }
        let gain = (scale + scale) * p - (scale * scale) * s
        let better = gain .> choice.gain
        choice.gain.replace(with: gain, where: better)
        choice.code.replace(with: code, where: better)
        choice.p.replace(with: p, where: better)
        choice.s.replace(with: s, where: better)
      }
      codes[block] = choice.code
      products += choice.code * choice.p
      squares += (choice.code * choice.code) * choice.s
    }
    let scale = products / squares
    return rowScales.replacing(with: scale, where: scale .>= Self.smallest)
  }

  private static let largestCode: Float = 127
  /// Rows whose scale would be smaller become zero: squares of scales stay normal numbers.
  private static let smallest: Float = 0x1p-60
  /// Codes that are tried, from the whole number below a block's best scale. More gained nothing.
  private static let steps: [Float] = [-1, 0, 1, 2]
  private static let rounds = 2

  private func withFloats(of rows: Rows, _ body: (UnsafePointer<Float>) -> Void) {
    withUnsafeBytes(of: rows) { body($0.baseAddress!.assumingMemoryBound(to: Float.self)) }
  }

  private func withMutableFloats(
    of rows: inout Rows, _ body: (UnsafeMutablePointer<Float>) -> Void
  ) {
    withUnsafeMutableBytes(of: &rows) {
      body($0.baseAddress!.assumingMemoryBound(to: Float.self))
    }
  }
}
