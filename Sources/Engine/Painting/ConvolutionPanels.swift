import JanusModelFile
import JanusSystem
import Quant
import Synchronization

/// The convolutions' weights as int8 panels, each made when a decoder first meets it, and kept.
final class ConvolutionPanels {
  /// By the offset of the weights in the file.
  private var panels: [UnsafeRawPointer: (bytes: UnsafeMutableRawPointer, count: Int)] = [:]
  private let hasDamage = Atomic(false)

  /// Whether all weights so far were finite. In the panels NaN becomes 0, and infinity the largest
  /// weight.
  var areFinite: Bool { !hasDamage.load(ordering: .relaxed) }

  deinit { for panels in panels.values { PageMemory.deallocate(panels.bytes, panels.count) } }

  /// `[outputs, taps · inputs]` of a convolution.
  func weight(_ convolution: Convolution, _ ops: Ops) throws(MemoryError) -> Weight {
    try weight(convolution, columns: convolution.stride, ops) { rows, floats, _ in
      convolution.copyRows(rows, to: floats, ops.kernels)
    }
  }

  /// `[outputs, parity, tap, inputs]` of a convolution that enlarges.
  func paritySums(_ convolution: Convolution, _ ops: Ops) throws(MemoryError) -> Weight {
    try weight(convolution, columns: 16 * convolution.inputs, ops) { rows, floats, taps in
      convolution.copyParitySums(rows, to: floats, taps: taps, ops.kernels)
    }
  }

  /// Writes some rows as floats; the second place is scratch for one output's weights.
  private typealias CopyRows = (
    Range<Int>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
  ) -> Void

  private func weight(
    _ convolution: Convolution, columns: Int, _ ops: Ops, _ copyRows: CopyRows
  ) throws(MemoryError) -> Weight {
    let bytes: UnsafeRawPointer
    if let known = panels[convolution.bytes] {
      bytes = UnsafeRawPointer(known.bytes)
    } else {
      bytes = try encode(convolution, columns: columns, ops, copyRows)
    }
    return Weight(
      format: .int8Panels, rows: convolution.outputs, columns: columns, bytes: bytes,
      levels: Weight.noLevels)
  }

  private func encode(
    _ convolution: Convolution, columns: Int, _ ops: Ops, _ copyRows: CopyRows
  ) throws(MemoryError) -> UnsafeRawPointer {
    let rows = convolution.outputs
    let panelRows = ElementFormat.panelRows
    let bytesPerPanel =
      columns / ElementFormat.blockColumns * ElementFormat.int8Panels.bytesPerPanelBlock
    let count = (rows + panelRows - 1) / panelRows
    let quantizer = Quantizer(format: .int8Panels, kernels: ops.kernels)
    try ops.reserveThreadScratch(panelRows * columns + convolution.stride)
    let bytes = try PageMemory.allocate(count * bytesPerPanel)
    ops.pool.run(count) { panel, thread in
      let first = panel * panelRows
      let height = min(panelRows, rows - first)
      let floats = UnsafeMutableBufferPointer(
        start: ops.threadScratch[thread].base, count: height * columns)
      copyRows(
        first..<first + height, floats.baseAddress!,
        ops.threadScratch[thread].base + panelRows * columns)
      if !floats.allSatisfy(\.isFinite) { hasDamage.store(true, ordering: .relaxed) }
      // A weight that is too large for a scale cannot be part of a sound model either.
      for i in floats.indices {
        let limit = Quantizer.largestWeight
        floats[i] = floats[i].isNaN ? 0 : max(-limit, min(limit, floats[i]))
      }
      let out = UnsafeMutableRawBufferPointer(
        start: bytes + panel * bytesPerPanel, count: bytesPerPanel)
      do {
        try quantizer.encode(
          rows: UnsafeBufferPointer(floats), rowCount: height, columns: columns, into: out)
      } catch {
        preconditionFailure("every weight is finite and within the limit")
      }
    }
    panels[convolution.bytes] = (bytes, count * bytesPerPanel)
    return UnsafeRawPointer(bytes)
  }
}
