import SIMDKernels

/// One quantised matrix product, over copies of the matrix that together exceed the caches.
struct PanelMatmul {
  enum Format: String, CaseIterable {
    case int8, int4
  }

  let kernels: Kernels
  let format: Format
  let rows: Int
  let columns: Int
  let tokens: Int
  let memory: Buffer

  private var blocks: Int { columns / 32 }
  private var panels: Int { (rows + 15) / 16 }
  var bytes: Int { panels * blocks * (format == .int8 ? 544 : 288) }
  var products: Int { rows * columns * tokens }

  /// Seconds of one product, on `threads` threads that take equal shares of the panels.
  func measure(threads: Int, seconds: Double) -> Double {
    let matmul = format == .int8 ? kernels.matmulInt8 : kernels.matmulInt4
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
    for token in 0..<tokens {
      let x = (0..<columns).map { Float(($0 * 37 + token * 11) % 255 - 127) }
      kernels.quantizeActivations(
        x, columns, format == .int4, values + token * columns, scales + token * blocks,
        offsets + token * blocks)
    }
    output.initialize(repeating: 0, count: tokens * rows)

    let levels: [UInt8] = [1, 30, 51, 67, 82, 95, 107, 119, 130, 141, 152, 164, 177, 192, 209, 232]
    let copies = max(1, min(memory.count / bytes, 256 << 20 / bytes))
    nonisolated(unsafe) let (v, s, o, out) = (values, scales, offsets, output)
    var copy = 0
    return medianTime(seconds: seconds) {
      let matrix = UnsafeRawPointer(memory.bytes + copy * bytes)
      nonisolated(unsafe) let from = matrix
      copy = (copy + 1) % copies
      inParallel(threads) { thread in
        matmul(
          from, levels, blocks, blocks, panels * thread / threads,
          panels * (thread + 1) / threads, rows, v, s, o, blocks, tokens, nil, out, rows, false)
      }
    }
  }
}
