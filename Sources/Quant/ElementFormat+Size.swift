import SIMDKernels

extension ElementFormat {
  /// Bytes of one block of a panel: 16 rows × 32 columns of weights, and 16 f16 scales. Zero for
  /// the formats without panels, and where scales do not follow each block.
  public var bytesPerPanelBlock: Int {
    switch self {
    case .int8Panels: 512 + 32
    case .int4Panels: 256 + 32
    case .f32, .bf16, .q8Rows, .int4CodedPanels, .int8Planes: 0
    }
  }

  /// Bytes of a panel of so many blocks; zero for the formats without panels.
  ///
  /// For sizes that are known to be possible: nothing is checked.
  public func bytesPerPanel(blocks: Int) -> Int {
    switch self {
    case .int4CodedPanels: CodedPanel.byteCount(blocks: blocks)
    case .int8Planes: PlanePanel.byteCount(blocks: blocks)
    default: blocks * bytesPerPanelBlock
    }
  }

  /// Bytes of a block of 32 columns of `q8Rows`: an f16 scale and 32 int8 values.
  static let bytesPerRowBlock = 2 + blockColumns

  /// Bytes of a matrix of `rows` × `columns`.
  ///
  /// Panels are padded to whole panels and blocks; `q8Rows` takes whole blocks only. Throws when a
  /// dimension is not positive, when a block is partial, or when the size overflows.
  public func byteCount(rows: Int, columns: Int) throws(SizeError) -> Int {
    guard rows > 0, columns > 0 else { throw .notPositive(rows: rows, columns: columns) }
    switch self {
    case .f32:
      return try rows.checkedMultiplying(by: columns).checkedMultiplying(by: 4)
    case .bf16:
      return try rows.checkedMultiplying(by: columns).checkedMultiplying(by: 2)
    case .q8Rows:
      guard columns % Self.blockColumns == 0 else { throw .partialBlock(columns: columns) }
      return try (columns / Self.blockColumns).checkedMultiplying(by: Self.bytesPerRowBlock)
        .checkedMultiplying(by: rows)
    case .int8Panels, .int4Panels, .int4CodedPanels, .int8Planes:
      let panels = try rows.checkedRoundingUp(toMultipleOf: Self.panelRows) / Self.panelRows
      let blocks =
        try columns.checkedRoundingUp(toMultipleOf: Self.blockColumns)
        / Self.blockColumns
      if bytesPerPanelBlock == 0 {
        // A panel of one block has the most bytes a block.
        _ = try blocks.checkedMultiplying(by: bytesPerPanel(blocks: 1))
        return try panels.checkedMultiplying(by: bytesPerPanel(blocks: blocks))
      }
      return try panels.checkedMultiplying(by: blocks).checkedMultiplying(by: bytesPerPanelBlock)
    }
  }
}
