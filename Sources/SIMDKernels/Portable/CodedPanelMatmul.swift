// The products of panels whose blocks' scales are codes under a row's scale, one weight at a time.
// Every other tier must give these bits.

private let panelRows = 16
private let blockColumns = 32
private let scaleBytes = 64
private let codeBytes = 64

/// `Kernels.matmulInt4Coded`.
public func matmulInt4Coded(
  _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
  _ panelStride: Int, _ panelBegin: Int, _ panelEnd: Int, _ rows: Int,
  _ values: UnsafePointer<Int8>, _ scales: UnsafePointer<Float>,
  _ offsets: UnsafePointer<Int32>, _ precision: UInt32, _ tokenStride: Int, _ tokens: Int,
  _ bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int,
  _ adding: Bool
) {
  for row in panelBegin * panelRows..<min(panelEnd * panelRows, rows) {
    let (panel, lane) = place(of: row, panels, panelStride, lineBytes: 256)
    for token in 0..<tokens {
      var sum: Float = 0
      for block in 0..<blocks {
        let (lines, code) = parts(of: block, panel, lineBytes: 256)
        let activations = values + (token * tokenStride + block) * blockColumns
        var dot = offsets[token * tokenStride + block]
        for column in 0..<blockColumns / 2 {
          let (group, byte) = column.quotientAndRemainder(dividingBy: 4)
          let pair = lines.load(fromByteOffset: group * 64 + lane * 4 + byte, as: UInt8.self)
          dot &+= Int32(levels[Int(pair & 15)]) &* Int32(activations[column])
          dot &+= Int32(levels[Int(pair >> 4)]) &* Int32(activations[column + 16])
        }
        sum.addProduct(Float(dot), Float(code[lane]) * scales[token * tokenStride + block])
      }
      let out = output + (token * outputStride + row)
      var result = adding ? out.pointee : 0
      if let bias { result += bias[row] }
      result.addProduct(panel.loadUnaligned(fromByteOffset: lane * 4, as: Float.self), sum)
      out.pointee = result
    }
  }
}

/// `Kernels.CodedExpansion.matmul`.
public func matmulInt8Coded(
  _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
  _ panelStride: Int, _ panelBegin: Int, _ panelEnd: Int, _ rows: Int,
  _ values: UnsafePointer<Int8>, _ scales: UnsafePointer<Float>,
  _ offsets: UnsafePointer<Int32>, _ precision: UInt32, _ tokenStride: Int, _ tokens: Int,
  _ bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int,
  _ adding: Bool
) {
  for row in panelBegin * panelRows..<min(panelEnd * panelRows, rows) {
    let (panel, lane) = place(of: row, panels, panelStride, lineBytes: 512)
    for token in 0..<tokens {
      var sum: Float = 0
      for block in 0..<blocks {
        let (lines, code) = parts(of: block, panel, lineBytes: 512)
        let activations = values + (token * tokenStride + block) * blockColumns
        var dot = offsets[token * tokenStride + block]
        for column in 0..<blockColumns {
          let (group, byte) = column.quotientAndRemainder(dividingBy: 4)
          let weight = lines.load(fromByteOffset: group * 64 + lane * 4 + byte, as: UInt8.self)
          dot &+= Int32(weight) &* Int32(activations[column])
        }
        sum.addProduct(Float(dot), Float(code[lane]) * scales[token * tokenStride + block])
      }
      let out = output + (token * outputStride + row)
      var result = adding ? out.pointee : 0
      if let bias { result += bias[row] }
      result.addProduct(panel.loadUnaligned(fromByteOffset: lane * 4, as: Float.self), sum)
      out.pointee = result
    }
  }
}

/// `Kernels.CodedExpansion.expand`.
public func expandInt4Coded(
  _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int, _ count: Int,
  _ out: UnsafeMutableRawPointer
) {
  var from = panels
  var to = out
  for _ in 0..<count {
    to.copyMemory(from: from, byteCount: scaleBytes)
    (from, to) = (from + scaleBytes, to + scaleBytes)
    for block in 0..<blocks {
      if block % 4 == 0 {
        to.copyMemory(from: from, byteCount: codeBytes)
        (from, to) = (from + codeBytes, to + codeBytes)
      }
      let pairs = from.assumingMemoryBound(to: UInt8.self)
      let bytes = to.assumingMemoryBound(to: UInt8.self)
      for i in 0..<256 {
        bytes[i] = levels[Int(pairs[i] & 15)]
        bytes[256 + i] = levels[Int(pairs[i] >> 4)]
      }
      (from, to) = (from + 256, to + 512)
    }
  }
}

/// The panel of a row, and the row's lane in it.
private func place(
  of row: Int, _ panels: UnsafeRawPointer, _ blocks: Int, lineBytes: Int
) -> (panel: UnsafeRawPointer, lane: Int) {
  let (panel, lane) = row.quotientAndRemainder(dividingBy: panelRows)
  return (panels + panel * byteCount(blocks, lineBytes: lineBytes), lane)
}

private func byteCount(_ blocks: Int, lineBytes: Int) -> Int {
  scaleBytes + (blocks + 3) / 4 * codeBytes + blocks * lineBytes
}

/// The lines of a block, and its rows' codes. Four blocks share a line of codes.
private func parts(
  of block: Int, _ panel: UnsafeRawPointer, lineBytes: Int
) -> (lines: UnsafeRawPointer, codes: UnsafePointer<Int8>) {
  let (group, index) = block.quotientAndRemainder(dividingBy: 4)
  let codes = panel + scaleBytes + group * (codeBytes + 4 * lineBytes)
  return (
    codes + codeBytes + index * lineBytes,
    (codes + index * panelRows).assumingMemoryBound(to: Int8.self)
  )
}
