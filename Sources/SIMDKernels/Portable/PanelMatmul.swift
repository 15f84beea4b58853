// The quantised matrix products, one weight at a time. Every other tier must give these bits.

private let panelRows = 16
private let blockColumns = 32
/// Sixteen f16 scales end every block of a panel.
private let scaleBytes = 32

/// `Kernels.matmulInt8`.
public func matmulInt8(
  _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
  _ panelStride: Int, _ panelBegin: Int, _ panelEnd: Int, _ rows: Int,
  _ values: UnsafePointer<Int8>, _ scales: UnsafePointer<Float>,
  _ offsets: UnsafePointer<Int32>, _ precision: UInt32, _ tokenStride: Int, _ tokens: Int,
  _ bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int,
  _ adding: Bool
) {
  let lineBytes = 512
  for row in panelBegin * panelRows..<min(panelEnd * panelRows, rows) {
    let (panel, lane) = row.quotientAndRemainder(dividingBy: panelRows)
    for token in 0..<tokens {
      var sum = adding ? output[token * outputStride + row] : 0
      if let bias { sum += bias[row] }
      for block in 0..<blocks {
        let bytes = panels + (panel * panelStride + block) * (lineBytes + scaleBytes)
        let activations = values + (token * tokenStride + block) * blockColumns
        var dot = offsets[token * tokenStride + block]
        for column in 0..<blockColumns {
          let (group, byte) = column.quotientAndRemainder(dividingBy: 4)
          let weight = bytes.load(fromByteOffset: group * 64 + lane * 4 + byte, as: UInt8.self)
          dot &+= Int32(weight) &* Int32(activations[column])
        }
        let scale = bytes.loadUnaligned(fromByteOffset: lineBytes + 2 * lane, as: UInt16.self)
        sum.addProduct(Float(dot), float(fromHalf: scale) * scales[token * tokenStride + block])
      }
      output[token * outputStride + row] = sum
    }
  }
}

/// `Kernels.matmulInt4`.
public func matmulInt4(
  _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
  _ panelStride: Int, _ panelBegin: Int, _ panelEnd: Int, _ rows: Int,
  _ values: UnsafePointer<Int8>, _ scales: UnsafePointer<Float>,
  _ offsets: UnsafePointer<Int32>, _ precision: UInt32, _ tokenStride: Int, _ tokens: Int,
  _ bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int,
  _ adding: Bool
) {
  let lineBytes = 256
  for row in panelBegin * panelRows..<min(panelEnd * panelRows, rows) {
    let (panel, lane) = row.quotientAndRemainder(dividingBy: panelRows)
    for token in 0..<tokens {
      var sum = adding ? output[token * outputStride + row] : 0
      if let bias { sum += bias[row] }
      for block in 0..<blocks {
        let bytes = panels + (panel * panelStride + block) * (lineBytes + scaleBytes)
        let activations = values + (token * tokenStride + block) * blockColumns
        var dot = offsets[token * tokenStride + block]
        for column in 0..<blockColumns / 2 {
          let (group, byte) = column.quotientAndRemainder(dividingBy: 4)
          let pair = bytes.load(fromByteOffset: group * 64 + lane * 4 + byte, as: UInt8.self)
          dot &+= Int32(levels[Int(pair & 15)]) &* Int32(activations[column])
          dot &+= Int32(levels[Int(pair >> 4)]) &* Int32(activations[column + 16])
        }
        let scale = bytes.loadUnaligned(fromByteOffset: lineBytes + 2 * lane, as: UInt16.self)
        sum.addProduct(Float(dot), float(fromHalf: scale) * scales[token * tokenStride + block])
      }
      output[token * outputStride + row] = sum
    }
  }
}
