import SIMDKernels

/// The bytes of a group of rows back to floats.
///
/// The inverse of `Quantizer.encode`, with the same shapes: `out` is `[rowCount, columns]`,
/// row-major. Any bytes decode to some values. The caller checks the sizes.
public func decode(
  _ bytes: UnsafeRawBufferPointer, as format: ElementFormat, rowCount: Int, columns: Int,
  levels: Levels = .standard, into out: UnsafeMutableBufferPointer<Float>
) {
  let needed = try? format.byteCount(rows: rowCount, columns: columns)
  precondition(out.count == rowCount * columns && bytes.count == needed, "buffers of wrong size")
  guard let from = bytes.baseAddress, let to = out.baseAddress else { return }
  switch format {
  case .f32: UnsafeMutableRawPointer(to).copyMemory(from: from, byteCount: bytes.count)
  case .bf16:
    for i in 0..<out.count {
      let bits = from.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self)
      to[i] = Float(bitPattern: UInt32(bits) << 16)
    }
  case .q8Rows: decodeRows(from, blocks: out.count / ElementFormat.blockColumns, to)
  case .int8Panels, .int4Panels: decodePanels(from, format, rowCount, columns, levels, to)
  case .int4CodedPanels:
    let bytes = format.bytesPerPanel(blocks: blocks(of: columns))
    decodeCodedPanels(
      from, rowCount, columns, levels.values, to, adding: false, place: { $0 * bytes })
  case .int8Planes:
    let panels = (rowCount + ElementFormat.panelRows - 1) / ElementFormat.panelRows
    let blocks = blocks(of: columns)
    for part in [\PlanePanel.Place.high, \.low] {
      decodeCodedPanels(
        from, rowCount, columns, PlanePanel.levels, to, adding: part == \.low
      ) { PlanePanel.place(of: $0, panels: panels, blocks: blocks)[keyPath: part] }
    }
  }
}

private func blocks(of columns: Int) -> Int {
  (columns + ElementFormat.blockColumns - 1) / ElementFormat.blockColumns
}

private func decodeRows(_ from: UnsafeRawPointer, blocks: Int, _ to: UnsafeMutablePointer<Float>) {
  for block in 0..<blocks {
    let bytes = from + block * ElementFormat.bytesPerRowBlock
    let scale = half(at: bytes)
    for k in 0..<ElementFormat.blockColumns {
      let value = bytes.load(fromByteOffset: 2 + k, as: Int8.self)
      to[block * ElementFormat.blockColumns + k] = scale * Float(value)
    }
  }
}

private func decodePanels(
  _ from: UnsafeRawPointer, _ format: ElementFormat, _ rowCount: Int, _ columns: Int,
  _ levels: Levels, _ to: UnsafeMutablePointer<Float>
) {
  let blocks = (columns + ElementFormat.blockColumns - 1) / ElementFormat.blockColumns
  let values = levels.values.map(Float.init)
  for row in 0..<rowCount {
    let (panel, lane) = row.quotientAndRemainder(dividingBy: ElementFormat.panelRows)
    for block in 0..<blocks {
      let bytes = from + (panel * blocks + block) * format.bytesPerPanelBlock
      let scale = half(at: bytes + format.bytesPerPanelBlock - 32 + lane * 2)
      let first = block * ElementFormat.blockColumns
      for k in 0..<min(ElementFormat.blockColumns, columns - first) {
        // A line holds four columns of each row; int4 keeps columns 16...31 in the high nibbles.
        let offset = lane * 4 + k % 4
        var value: Float
        if format == .int8Panels {
          value = Float(Int(bytes.load(fromByteOffset: k / 4 * 64 + offset, as: UInt8.self)) - 128)
        } else {
          let pair = bytes.load(fromByteOffset: k % 16 / 4 * 64 + offset, as: UInt8.self)
          value = values[Int(k < 16 ? pair & 15 : pair >> 4)]
        }
        to[row * columns + first + k] = scale * value
      }
    }
  }
}

private func decodeCodedPanels(
  _ from: UnsafeRawPointer, _ rowCount: Int, _ columns: Int, _ levels: [Int8],
  _ to: UnsafeMutablePointer<Float>, adding: Bool, place: (_ panel: Int) -> Int
) {
  let blocks = (columns + ElementFormat.blockColumns - 1) / ElementFormat.blockColumns
  let values = levels.map(Float.init)
  for row in 0..<rowCount {
    let (index, lane) = row.quotientAndRemainder(dividingBy: ElementFormat.panelRows)
    let panel = from + place(index)
    let rowScale = panel.loadUnaligned(fromByteOffset: lane * 4, as: Float.self)
    for block in 0..<blocks {
      let code = panel.load(fromByteOffset: CodedPanel.codes(of: block) + lane, as: Int8.self)
      let scale = rowScale * Float(code)
      let lines = panel + CodedPanel.lines(of: block) + lane * 4
      let first = block * ElementFormat.blockColumns
      for k in 0..<min(ElementFormat.blockColumns, columns - first) {
        let pair = lines.load(fromByteOffset: k % 16 / 4 * 64 + k % 4, as: UInt8.self)
        let value = scale * values[Int(k < 16 ? pair & 15 : pair >> 4)]
        let place = row * columns + first + k
        to[place] = adding ? to[place] + value : value
      }
    }
  }
}

private func half(at bytes: UnsafeRawPointer) -> Float {
  var half = bytes.loadUnaligned(as: UInt16.self)
  var float: Float = 0
  Kernels.best.f16ToF32(&half, &float, 1)
  return float
}
