#if arch(x86_64)
  import CIntrinsics

  // The quantised matrix products with VNNI. A zmm register is a line of a panel: 16 rows × 4
  // columns, so that `vpdpbusd` adds four products to each row's Int32 and nothing is ever summed
  // across lanes. A tile is one panel times up to eight tokens; its weights are loaded (and for
  // int4 looked up) once per block.

  /// Bytes of weights that are kept in the L2 cache while the tokens pass over them.
  private let residentBytes = 256 * 1024

  /// `ScalePrecision.threeBits` and `ScalePrecision.powerOfTwo`.
  let threeBits: UInt32 = 0x0f_ffff
  private let powerOfTwo: UInt32 = 0x7f_ffff

  struct PanelProblem {
    let panels: UnsafeRawPointer
    let levels: __m512i
    /// The tables of the rows' scales, where there are any.
    let tables: UnsafeRawPointer
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
    let problem = PanelProblem(
      panels: panels, levels: _mm512_setzero_si512(), tables: UnsafeRawPointer(levels),
      blocks: blocks, panelStride: panelStride,
      rows: rows, values: values,
      scales: scales, offsets: offsets, tokenStride: tokenStride, bias: bias, output: output,
      outputStride: outputStride, adding: adding)
    let tabulated = precision == threeBits
    let group = max(1, residentBytes / max(1, blocks * 544))
    for begin in stride(from: panelBegin, to: panelEnd, by: group) {
      let end = min(begin + group, panelEnd)
      var token = 0
      while token + 8 <= tokens {
        var panel = begin
        while panel + 2 <= end {
          if tabulated {
            int8PairByTables(problem, panel, token)
          } else {
            int8Pair(problem, panel, token)
          }
          panel += 2
        }
        if panel < end { int8Tile8(problem, panel, token) }
        token += 8
      }
      if tokens & 4 != 0 {
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
    let problem = PanelProblem(
      panels: panels, levels: _mm512_broadcast_i32x4(table), tables: panels, blocks: blocks,
      panelStride: panelStride, rows: rows,
      values: values, scales: scales, offsets: offsets, tokenStride: tokenStride, bias: bias,
      output: output,
      outputStride: outputStride, adding: adding)
    let group = max(1, residentBytes / max(1, blocks * 288))
    for begin in stride(from: panelBegin, to: panelEnd, by: group) {
      let end = min(begin + group, panelEnd)
      var powers = precision == powerOfTwo
      var token = 0
      while token + 8 <= tokens {
        var panel = begin
        while panel + 2 <= end {
          powers = powers && int4PairOfPowers(problem, panel, token)
          if !powers { int4Pair(problem, panel, token) }
          panel += 2
        }
        if panel < end { int4Tile8(problem, panel, token) }
        token += 8
      }
      if tokens & 4 != 0 {
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
    let problem = PanelProblem(
      panels: panels, levels: _mm512_broadcast_i32x4(table), tables: panels, blocks: blocks,
      panelStride: panelStride, rows: rows,
      values: values, scales: scales, offsets: offsets, tokenStride: tokenStride, bias: bias,
      output: output,
      outputStride: outputStride, adding: adding)
    let group = max(1, residentBytes / max(1, blocks * 272))
    for begin in stride(from: panelBegin, to: panelEnd, by: group) {
      let end = min(begin + group, panelEnd)
      var powers = precision == powerOfTwo
      var token = 0
      while token + 8 <= tokens {
        var panel = begin
        while panel + 2 <= end {
          powers = powers && codedPairOfPowers(problem, panel, token)
          if !powers { codedPair(problem, panel, token) }
          panel += 2
        }
        if panel < end { codedTile8(problem, panel, token) }
        token += 8
      }
      if tokens & 4 != 0 {
        for panel in begin..<end { codedTile4(problem, panel, token) }
        token += 4
      }
      if tokens & 2 != 0 {
        for panel in begin..<end { codedTile2(problem, panel, token) }
        token += 2
      }
      if tokens & 1 != 0 {
        for panel in begin..<end { codedTile1(problem, panel, token) }
      }
    }
  }
#endif
