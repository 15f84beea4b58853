import SIMDKernels

/// Rounds the weights of a panel again, with its blocks' scales as they are.
///
/// Sixteen rows side by side, in the order of the columns. The arithmetic is the same on every processor, so
/// the bytes are.
struct FeedbackRounding {
  private let feedback: ErrorFeedback
  private let format: ElementFormat
  private let levels: [Float]

  init(_ feedback: ErrorFeedback, format: ElementFormat, levels: [Float]) {
    precondition(format.isPanels)
    (self.feedback, self.format, self.levels) = (feedback, format, levels)
  }

  /// - Parameters:
  ///   - rows: weights `[height, columns]`.
  ///   - panel: the encoded blocks of these rows.
  func round(
    _ rows: UnsafePointer<Float>, height: Int, columns: Int, in panel: UnsafeMutableRawPointer
  ) {
    let kinds = feedback.kinds
    var sums = [SIMD16<Float>](repeating: .zero, count: kinds)
    for first in stride(from: 0, to: columns, by: ElementFormat.blockColumns) {
      let (block, scales) = place(of: first / ElementFormat.blockColumns, in: panel)
      let inverses = (1 / scales).replacing(with: 0, where: scales .== 0)
      for k in 0..<min(ElementFormat.blockColumns, columns - first) {
        let column = first + k
        var x = SIMD16<Float>.zero
        for row in 0..<height { x[row] = rows[row * columns + column] }
        var target = x
        for kind in 0..<kinds { target += feedback.gains[column * kinds + kind] * sums[kind] }
        let level = store(target * inverses, column: k, in: block)
        let error = x - level * scales
        for kind in 0..<kinds { sums[kind] += feedback.means[column * kinds + kind] * error }
      }
    }
  }

  /// Writes the level nearest to each row's value into column `k` of a block.
  private func store(
    _ y: SIMD16<Float>, column k: Int, in block: UnsafeMutableRawPointer
  ) -> SIMD16<Float> {
    if format == .int8Panels {
      let limited = y.replacing(with: 127, where: y .> 127).replacing(with: -127, where: y .< -127)
      let level = limited.rounded(.toNearestOrEven)
      let line = block + k / 4 * 64 + k % 4
      for row in 0..<16 {
        line.storeBytes(of: UInt8(Int(level[row]) + 128), toByteOffset: row * 4, as: UInt8.self)
      }
      return level
    }
    var level = SIMD16<Float>(repeating: levels[0])
    var index = SIMD16<UInt32>.zero
    for i in 1..<levels.count {
      let above = y .> (levels[i - 1] + levels[i]) * 0.5
      level.replace(with: levels[i], where: above)
      index.replace(with: UInt32(i), where: above)
    }
    // Columns 16...31 are in the high nibbles.
    let line = block + k % 16 / 4 * 64 + k % 4
    for row in 0..<16 {
      let old = line.load(fromByteOffset: row * 4, as: UInt8.self)
      let nibble = UInt8(truncatingIfNeeded: index[row])
      line.storeBytes(
        of: k < 16 ? old & 0xf0 | nibble : old & 0x0f | nibble << 4, toByteOffset: row * 4,
        as: UInt8.self)
    }
    return level
  }

  /// The lines of a block, and its rows' scales.
  private func place(
    of block: Int, in panel: UnsafeMutableRawPointer
  ) -> (lines: UnsafeMutableRawPointer, scales: SIMD16<Float>) {
    guard format == .int4CodedPanels else {
      let lines = panel + block * format.bytesPerPanelBlock
      return (lines, Self.scales(of: lines + format.bytesPerPanelBlock - 32))
    }
    let rows = panel.loadUnaligned(as: SIMD16<Float>.self)
    let codes = panel.loadUnaligned(
      fromByteOffset: CodedPanel.codes(of: block), as: SIMD16<Int8>.self)
    return (panel + CodedPanel.lines(of: block), rows * SIMD16<Float>(codes))
  }

  private static func scales(of halves: UnsafeMutableRawPointer) -> SIMD16<Float> {
    var scales = SIMD16<Float>.zero
    withUnsafeMutableBytes(of: &scales) { floats in
      Kernels.best.f16ToF32(
        halves.assumingMemoryBound(to: UInt16.self),
        floats.baseAddress!.assumingMemoryBound(to: Float.self), 16)
    }
    return scales
  }
}
