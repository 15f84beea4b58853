import JanusEngine
import JanusMeasure
import JanusSystem
import Quant
import SIMDKernels

/// One quantised matrix product, over copies of the matrix that together exceed the caches.
struct PanelMatmul {
  enum Format: String, CaseIterable {
    case int8, int4
    /// int4 whose blocks' scales are codes.
    case int4Coded = "int4-coded"
  }

  let kernels: Kernels
  let format: Format
  let rows: Int
  let columns: Int
  let tokens: Int
  let memory: Buffer

  private var blocks: Int { columns / 32 }
  private var panels: Int { (rows + 15) / 16 }
  var bytes: Int {
    switch format {
    case .int8: panels * blocks * 544
    case .int4: panels * blocks * 288
    case .int4Coded: panels * CodedPanel.byteCount(blocks: blocks)
    }
  }
  var products: Int { rows * columns * tokens }

  /// Seconds of one product, on `threads` threads that take equal shares of the panels.
  func measure(threads: Int, seconds: Double) -> Double {
    let matmul =
      switch format {
      case .int8: kernels.matmulInt8
      case .int4: kernels.matmulInt4
      case .int4Coded: kernels.matmulInt4Coded
      }
    let values = UnsafeMutablePointer<Int8>.allocate(capacity: tokens * columns)
    let scales = UnsafeMutablePointer<Float>.allocate(capacity: tokens * blocks)
    let offsets = UnsafeMutablePointer<Int32>.allocate(capacity: tokens * blocks)
    let output = UnsafeMutablePointer<Float>.allocate(capacity: tokens * rows)
    defer {
      values.deallocate()
      scales.deallocate()
      offsets.deallocate()
      output.deallocate()
    }
    let precision = format == .int8 ? ScalePrecision.threeBits : ScalePrecision.powerOfTwo
    for token in 0..<tokens {
      let x = (0..<columns).map { Float(($0 * 37 + token * 11) % 255 - 127) }
      _ = kernels.quantizeActivations(
        x, columns, precision, values + token * columns, scales + token * blocks,
        offsets + token * blocks)
    }
    output.initialize(repeating: 0, count: tokens * rows)

    let levels = Levels.standard.biased
    let copies = max(1, min(memory.count / bytes, 256 << 20 / bytes))
    nonisolated(unsafe) let (v, s, o, out) = (values, scales, offsets, output)
    var copy = 0
    return medianTime(seconds: seconds) {
      let matrix = UnsafeRawPointer(memory.bytes + copy * bytes)
      nonisolated(unsafe) let from = matrix
      copy = (copy + 1) % copies
      inParallel(threads) { thread in
        let range = panels * thread / threads..<panels * (thread + 1) / threads
        if let tabulate = kernels.tabulateInt8, format == .int8, tokens >= 128 {
          multiplyByTables(from, range, v, s, o, out, tabulate)
          return
        }
        matmul(
          from, levels, blocks, blocks, range.lowerBound, range.upperBound, rows, v, s, o,
          format == .int8 ? ScalePrecision.full : precision, blocks, tokens, nil, out, rows, false)
      }
    }
  }

  /// As the runtime multiplies prompts: a few panels, with their tables, at a time.
  private func multiplyByTables(
    _ matrix: UnsafeRawPointer, _ range: Range<Int>, _ values: UnsafePointer<Int8>,
    _ scales: UnsafePointer<Float>, _ offsets: UnsafePointer<Int32>,
    _ output: UnsafeMutablePointer<Float>, _ tabulate: Kernels.PanelTabulation
  ) {
    let bytesPerPanel = bytes / panels
    let step = max(2, min(8, (320 << 10) / (bytesPerPanel + blocks * Kernels.bytesPerTable)) & ~1)
    let tables = UnsafeMutablePointer<UInt8>.allocate(
      capacity: step * blocks * Kernels.bytesPerTable)
    defer { tables.deallocate() }
    for first in stride(from: range.lowerBound, to: range.upperBound, by: step) {
      let count = min(step, range.upperBound - first)
      let part = matrix + first * bytesPerPanel
      let tabulated = tabulate(part, count * blocks, tables)
      precondition(tabulated, "a scale of zero in the benchmark's weights")
      kernels.matmulInt8(
        part, tables, blocks, blocks, 0, count, rows - first * 16, values, scales, offsets,
        ScalePrecision.threeBits, blocks, tokens, nil, output + first * 16, rows, false)
    }
  }
}
