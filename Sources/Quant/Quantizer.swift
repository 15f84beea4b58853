import SIMDKernels

/// Rows of weights to the bytes of a format.
public struct Quantizer: Sendable {
  public let format: ElementFormat
  public let levels: Levels
  /// How much the squared error of each column counts (panels only), at least one value per column.
  public let importance: [Float]?
  /// How errors of a row make good for each other (panels only); nil for each weight by itself.
  public let feedback: ErrorFeedback?
  private let kernels: Kernels

  /// The largest weight of the formats with f16 scales: the scale search may try 1/19 of it as a
  /// scale.
  public static let largestWeight: Float = 65504 * 16

  /// The bytes do not depend on `kernels`; the time does.
  public init(
    format: ElementFormat, levels: Levels = .standard, importance: [Float]? = nil,
    feedback: ErrorFeedback? = nil, kernels: Kernels = .best
  ) {
    precondition(importance?.allSatisfy { $0 >= 0 && $0.isFinite } ?? true)
    self.format = format
    self.levels = levels
    self.importance = importance
    self.feedback = feedback
    self.kernels = kernels
  }

  /// Encodes a group of rows.
  ///
  /// `rows` is `[rowCount, columns]`, row-major. `out` receives `format.byteCount(rows: rowCount,
  /// columns: columns)` bytes. For panels the group must begin at a multiple of 16 rows of its
  /// matrix, and only the matrix's last group may have a row count that is not a multiple of 16; for
  /// `int8Planes` the same with 512 rows.
  /// Throws when a weight is not finite, or too large for a scale in f16; the row counts from the
  /// group's beginning.
  public func encode(
    rows: UnsafeBufferPointer<Float>, rowCount: Int, columns: Int,
    into out: UnsafeMutableRawBufferPointer
  ) throws(WeightError) {
    let needed = try? format.byteCount(rows: rowCount, columns: columns)
    precondition(rows.count == rowCount * columns && out.count == needed, "buffers of wrong size")
    precondition(importance.map { $0.count >= columns } ?? true, "importance of too few columns")
    precondition(feedback.map { $0.columns == columns } ?? true, "feedback of other columns")
    guard let from = rows.baseAddress, let to = out.baseAddress else { return }
    try check(rows, columns: columns)
    switch format {
    case .f32: to.copyMemory(from: from, byteCount: out.count)
    case .bf16: kernels.f32ToBF16(from, to.assumingMemoryBound(to: UInt16.self), rows.count)
    case .q8Rows: encodeRows(from, blocks: rows.count / ElementFormat.blockColumns, to)
    case .int8Panels, .int4Panels: encodePanels(from, rowCount, columns, to)
    case .int4CodedPanels: encodeCodedPanels(from, rowCount, columns, to)
    case .int8Planes: encodePlanes(from, rowCount, columns, to)
    }
  }

  private func check(_ rows: UnsafeBufferPointer<Float>, columns: Int) throws(WeightError) {
    let scaled = format != .f32 && format != .bf16
    let limit = scaled ? Self.largestWeight : Float.greatestFiniteMagnitude
    for row in stride(from: 0, to: rows.count, by: columns) {
      // A whole row first, without a branch per weight; NaN fails the comparison too.
      var allFit = true
      for i in row..<row + columns { allFit = rows[i].magnitude <= limit && allFit }
      if allFit { continue }
      for i in row..<row + columns where !(rows[i].magnitude <= limit) {
        let (row, column) = (row / columns, i - row)
        guard rows[i].isFinite else {
          throw .notFinite(row: row, column: column, value: "\(rows[i])")
        }
        throw .tooLarge(row: row, column: column, value: rows[i], limit: limit)
      }
    }
  }

  /// GGUF's Q8_0.
  private func encodeRows(
    _ from: UnsafePointer<Float>, blocks: Int, _ to: UnsafeMutableRawPointer
  ) {
    for block in 0..<blocks {
      let x = from + block * ElementFormat.blockColumns
      let bytes = to + block * ElementFormat.bytesPerRowBlock
      var scale: Float = 0
      for k in 0..<ElementFormat.blockColumns { scale = max(scale, x[k].magnitude) }
      scale /= 127
      var half: UInt16 = 0
      kernels.f32ToF16(&scale, &half, 1)
      kernels.f16ToF32(&half, &scale, 1)
      bytes.storeBytes(of: half, as: UInt16.self)
      for k in 0..<ElementFormat.blockColumns {
        // Rounding the scale down can take the quotient above 127.
        let value = scale > 0 ? max(-127, min(127, x[k] / scale)) : 0
        bytes.storeBytes(
          of: Int8(value.rounded(.toNearestOrEven)), toByteOffset: 2 + k, as: Int8.self)
      }
    }
  }

  private func encodePanels(
    _ from: UnsafePointer<Float>, _ rowCount: Int, _ columns: Int, _ to: UnsafeMutableRawPointer
  ) {
    let panelRows = ElementFormat.panelRows
    let blockColumns = ElementFormat.blockColumns
    let blocks = (columns + blockColumns - 1) / blockColumns
    let floatLevels = levels.values.map(Float.init)
    let weights = paddedImportance(columns)
    var block = [Float](repeating: 0, count: panelRows * blockColumns)
    let rounding = feedback.map { FeedbackRounding($0, format: format, levels: floatLevels) }

    var out = to
    for panel in stride(from: 0, to: rowCount, by: panelRows) {
      for first in stride(from: 0, to: columns, by: blockColumns) {
        let width = min(blockColumns, columns - first)
        let height = min(panelRows, rowCount - panel)
        block.withUnsafeMutableBufferPointer { block in
          if width < blockColumns || height < panelRows { block.update(repeating: 0) }
          for row in 0..<height {
            let x = from + (panel + row) * columns + first
            for k in 0..<width { block[k * panelRows + row] = x[k] }
          }
        }
        weights.withUnsafeBufferPointer { weights in
          let importance = weights.baseAddress! + first
          if format == .int4Panels {
            kernels.encodeInt4(block, importance, floatLevels, out)
          } else {
            kernels.encodeInt8(block, importance, out)
          }
        }
        out += format.bytesPerPanelBlock
      }
      rounding?.round(
        from + panel * columns, height: min(panelRows, rowCount - panel), columns: columns,
        in: out - blocks * format.bytesPerPanelBlock)
    }
  }

  private func encodeCodedPanels(
    _ from: UnsafePointer<Float>, _ rowCount: Int, _ columns: Int, _ to: UnsafeMutableRawPointer
  ) {
    let floatLevels = levels.values.map(Float.init)
    var encoder = CodedPanelEncoder(
      levels: floatLevels, importance: paddedImportance(columns), kernels: kernels)
    let rounding = feedback.map { FeedbackRounding($0, format: format, levels: floatLevels) }
    let blocks = (columns + ElementFormat.blockColumns - 1) / ElementFormat.blockColumns
    var out = to
    for panel in stride(from: 0, to: rowCount, by: ElementFormat.panelRows) {
      let rows = from + panel * columns
      let height = min(ElementFormat.panelRows, rowCount - panel)
      encoder.encode(rows, height: height, columns: columns, into: out)
      rounding?.round(rows, height: height, columns: columns, in: out)
      out += format.bytesPerPanel(blocks: blocks)
    }
  }

  private func encodePlanes(
    _ from: UnsafePointer<Float>, _ rowCount: Int, _ columns: Int, _ to: UnsafeMutableRawPointer
  ) {
    var encoder = PlaneEncoder(columns: columns)
    let blocks = (columns + ElementFormat.blockColumns - 1) / ElementFormat.blockColumns
    let panels = (rowCount + ElementFormat.panelRows - 1) / ElementFormat.panelRows
    for panel in 0..<panels {
      let first = panel * ElementFormat.panelRows
      encoder.encode(
        from + first * columns, height: min(ElementFormat.panelRows, rowCount - first),
        columns: columns, into: to,
        at: PlanePanel.place(of: panel, panels: panels, blocks: blocks))
    }
  }

  /// For each column of whole blocks; zero behind the last column.
  private func paddedImportance(_ columns: Int) -> [Float] {
    let blocks = (columns + ElementFormat.blockColumns - 1) / ElementFormat.blockColumns
    let weights =
      importance.map { Array($0.prefix(columns)) } ?? Array(repeating: 1, count: columns)
    return weights
      + Array(repeating: 0, count: blocks * ElementFormat.blockColumns - columns)
  }
}
