#if arch(x86_64)
  import CIntrinsics

  // The quantised matrix products with VNNI in 256-bit registers: two of them hold a line of a
  // panel. A tile is one panel times up to four tokens, whose eight integer sums stay in registers.

  /// Bytes of weights that are kept in the L2 cache while the tokens pass over them.
  private let residentBytes = 256 * 1024

  struct Problem {
    let panels: UnsafeRawPointer
    let levels: __m256i
    let blocks: Int
    let panelStride: Int
    let rows: Int
    let values: UnsafePointer<Int8>
    let scales: UnsafePointer<Float>
    let offsets: UnsafePointer<Int32>
    let tokenStride: Int
    let bias: UnsafePointer<Float>?
    let output: UnsafeMutablePointer<Float>
    let outputStride: Int
    let adding: Bool
  }

  /// `Kernels.matmulInt8`.
  public func matmulInt8(
    _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
    _ panelStride: Int, _ panelBegin: Int, _ panelEnd: Int, _ rows: Int,
    _ values: UnsafePointer<Int8>, _ scales: UnsafePointer<Float>,
    _ offsets: UnsafePointer<Int32>, _ precision: UInt32, _ tokenStride: Int, _ tokens: Int,
    _ bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int,
    _ adding: Bool
  ) {
    let problem = Problem(
      panels: panels, levels: _mm256_setzero_si256(), blocks: blocks, panelStride: panelStride,
      rows: rows, values: values,
      scales: scales, offsets: offsets, tokenStride: tokenStride, bias: bias, output: output,
      outputStride: outputStride, adding: adding)
    let group = max(1, residentBytes / max(1, blocks * 544))
    for begin in stride(from: panelBegin, to: panelEnd, by: group) {
      let end = min(begin + group, panelEnd)
      var token = 0
      while token + 4 <= tokens {
        for panel in begin..<end { int8Tile4(problem, panel, token) }
        token += 4
      }
      if tokens & 2 != 0 {
        for panel in begin..<end { int8Tile2(problem, panel, token) }
        token += 2
      }
      if tokens & 1 != 0 {
        for panel in begin..<end { int8Tile1(problem, panel, token) }
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
    let table = _mm_loadu_si128(UnsafeRawPointer(levels).assumingMemoryBound(to: __m128i.self))
    let problem = Problem(
      panels: panels, levels: _mm256_broadcastsi128_si256(table),
      blocks: blocks, panelStride: panelStride, rows: rows, values: values, scales: scales,
      offsets: offsets, tokenStride: tokenStride, bias: bias,
      output: output, outputStride: outputStride, adding: adding)
    let group = max(1, residentBytes / max(1, blocks * 288))
    for begin in stride(from: panelBegin, to: panelEnd, by: group) {
      let end = min(begin + group, panelEnd)
      var token = 0
      while token + 4 <= tokens {
        for panel in begin..<end { int4Tile4(problem, panel, token) }
        token += 4
      }
      if tokens & 2 != 0 {
        for panel in begin..<end { int4Tile2(problem, panel, token) }
        token += 2
      }
      if tokens & 1 != 0 {
        for panel in begin..<end { int4Tile1(problem, panel, token) }
      }
    }
  }

  /// `Kernels.matmulInt4Coded`.
  public func matmulInt4Coded(
    _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
    _ panelStride: Int, _ panelBegin: Int, _ panelEnd: Int, _ rows: Int,
    _ values: UnsafePointer<Int8>, _ scales: UnsafePointer<Float>,
    _ offsets: UnsafePointer<Int32>, _ precision: UInt32, _ tokenStride: Int, _ tokens: Int,
    _ bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int,
    _ adding: Bool
  ) {
    let table = _mm_loadu_si128(UnsafeRawPointer(levels).assumingMemoryBound(to: __m128i.self))
    let problem = Problem(
      panels: panels, levels: _mm256_broadcastsi128_si256(table),
      blocks: blocks, panelStride: panelStride, rows: rows, values: values, scales: scales,
      offsets: offsets, tokenStride: tokenStride, bias: bias,
      output: output, outputStride: outputStride, adding: adding)
    let group = max(1, residentBytes / max(1, blocks * 272))
    for begin in stride(from: panelBegin, to: panelEnd, by: group) {
      let end = min(begin + group, panelEnd)
      var token = 0
      while token + 4 <= tokens {
        for panel in begin..<end { coded4Tile4(problem, panel, token) }
        token += 4
      }
      if tokens & 2 != 0 {
        for panel in begin..<end { coded4Tile2(problem, panel, token) }
        token += 2
      }
      if tokens & 1 != 0 {
        for panel in begin..<end { coded4Tile1(problem, panel, token) }
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
    let problem = Problem(
      panels: panels, levels: _mm256_setzero_si256(), blocks: blocks, panelStride: panelStride,
      rows: rows, values: values,
      scales: scales, offsets: offsets, tokenStride: tokenStride, bias: bias, output: output,
      outputStride: outputStride, adding: adding)
    let group = max(1, residentBytes / max(1, blocks * 528))
    for begin in stride(from: panelBegin, to: panelEnd, by: group) {
      let end = min(begin + group, panelEnd)
      var token = 0
      while token + 4 <= tokens {
        for panel in begin..<end { coded8Tile4(problem, panel, token) }
        token += 4
      }
      if tokens & 2 != 0 {
        for panel in begin..<end { coded8Tile2(problem, panel, token) }
        token += 2
      }
      if tokens & 1 != 0 {
        for panel in begin..<end { coded8Tile1(problem, panel, token) }
      }
    }
  }
#endif
