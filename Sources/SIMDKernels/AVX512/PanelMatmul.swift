#if arch(x86_64)
  import CIntrinsics

  // The quantised matrix products with VNNI. A zmm register is a line of a panel: 16 rows × 4
  // columns, so that `vpdpbusd` adds four products to each row's Int32 and nothing is ever summed
  // across lanes. A tile is one panel times up to eight tokens; its weights are loaded (and for
  // int4 looked up) once per block.

  /// Bytes of weights that are kept in the L2 cache while the tokens pass over them.
  private let residentBytes = 256 * 1024

  /// How far ahead of its first use a panel is prefetched for a few tokens. First it comes from
  /// memory into the L2 cache, then from there into the L1 cache: the L1 cache has few buffers, and
  /// a line from memory would occupy one for the whole wait. For one token the processor's own
  /// prefetching is faster.
  private let farDistance = 12_288
  private let nearDistance = 2304

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

  // One function for each tile. The compiler stops inlining into a function that has grown too
  // large; it would make one tile for all cases, which tests its number of tokens in every block.
  // None is private: private functions that stay out of line become weak symbols in release builds.

  @inline(never)
  func int8Tile8(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 8, bits: 8)
  }

  @inline(never)
  func int8Tile4(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 4, bits: 8)
  }

  @inline(never)
  func int8Tile2(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 2, bits: 8)
  }

  @inline(never)
  func int8Tile1(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 1, bits: 8)
  }

  @inline(never)
  func int4Tile8(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 8, bits: 4)
  }

  @inline(never)
  func int4Tile4(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 4, bits: 4)
  }

  @inline(never)
  func int4Tile2(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 2, bits: 4)
  }

  @inline(never)
  func int4Tile1(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 1, bits: 4)
  }

  /// One panel times `tokens` (1, 2, 4 or 8) tokens from `token` on. `tokens` and `bits` (8 or 4)
  /// are literals at every call, so that each call becomes a loop of its own.
  @inline(__always)
  func tile(_ p: PanelProblem, _ panel: Int, _ token: Int, tokens: Int, bits: Int) {
    let blockBytes = bits == 8 ? 544 : 288
    let columns = p.tokenStride * 32
    var bytes = p.panels + panel * p.panelStride * blockBytes
    var values = UnsafeRawPointer(p.values + token * columns)
    var scales = p.scales + token * p.tokenStride
    var offsets = p.offsets + token * p.tokenStride
    var (s0, s1, s2, s3) = (zero, zero, zero, zero)
    var (s4, s5, s6, s7) = (zero, zero, zero, zero)
    let lanes = firstLanes(p.rows - panel * 16)
    let out = p.output + token * p.outputStride + panel * 16
    if p.adding {
      s0 = load(out, lanes)
      if tokens > 1 { s1 = load(out + p.outputStride, lanes) }
      if tokens > 2 { s2 = load(out + 2 * p.outputStride, lanes) }
      if tokens > 2 { s3 = load(out + 3 * p.outputStride, lanes) }
      if tokens > 4 { s4 = load(out + 4 * p.outputStride, lanes) }
      if tokens > 4 { s5 = load(out + 5 * p.outputStride, lanes) }
      if tokens > 4 { s6 = load(out + 6 * p.outputStride, lanes) }
      if tokens > 4 { s7 = load(out + 7 * p.outputStride, lanes) }
    }
    if let bias = p.bias {
      let b = load(bias + panel * 16, lanes)
      s0 = _mm512_add_ps(s0, b)
      if tokens > 1 { s1 = _mm512_add_ps(s1, b) }
      if tokens > 2 { s2 = _mm512_add_ps(s2, b) }
      if tokens > 2 { s3 = _mm512_add_ps(s3, b) }
      if tokens > 4 { s4 = _mm512_add_ps(s4, b) }
      if tokens > 4 { s5 = _mm512_add_ps(s5, b) }
      if tokens > 4 { s6 = _mm512_add_ps(s6, b) }
      if tokens > 4 { s7 = _mm512_add_ps(s7, b) }
    }

    for _ in 0..<p.blocks {
      if tokens > 1 && tokens <= 4 {
        for line in 0..<(bits == 8 ? 9 : 5) {
          janus_prefetch_l2(bytes + farDistance + line * 64)
          janus_prefetch(bytes + nearDistance + line * 64)
        }
      }
      let w = bits == 8 ? Block(int8: bytes) : Block(int4: bytes, levels: p.levels)
      @inline(__always) func add(_ t: Int, _ sum: inout __m512) {
        let dot = w.dot(values + t * columns, offsets[t * p.tokenStride])
        let scale = _mm512_mul_ps(w.scale, _mm512_set1_ps(scales[t * p.tokenStride]))
        sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), scale, sum)
      }
      add(0, &s0)
      if tokens > 1 { add(1, &s1) }
      if tokens > 2 { add(2, &s2) }
      if tokens > 2 { add(3, &s3) }
      if tokens > 4 { add(4, &s4) }
      if tokens > 4 { add(5, &s5) }
      if tokens > 4 { add(6, &s6) }
      if tokens > 4 { add(7, &s7) }
      bytes += blockBytes
      values += 32
      scales += 1
      offsets += 1
    }

    _mm512_mask_storeu_ps(out, lanes, s0)
    if tokens > 1 { _mm512_mask_storeu_ps(out + p.outputStride, lanes, s1) }
    if tokens > 2 { _mm512_mask_storeu_ps(out + 2 * p.outputStride, lanes, s2) }
    if tokens > 2 { _mm512_mask_storeu_ps(out + 3 * p.outputStride, lanes, s3) }
    if tokens > 4 { _mm512_mask_storeu_ps(out + 4 * p.outputStride, lanes, s4) }
    if tokens > 4 { _mm512_mask_storeu_ps(out + 5 * p.outputStride, lanes, s5) }
    if tokens > 4 { _mm512_mask_storeu_ps(out + 6 * p.outputStride, lanes, s6) }
    if tokens > 4 { _mm512_mask_storeu_ps(out + 7 * p.outputStride, lanes, s7) }
  }

  /// The weights of 16 rows × 32 columns as unsigned bytes, and the rows' scales.
  private struct Block {
    let w0, w1, w2, w3, w4, w5, w6, w7: __m512i
    let scale: __m512

    @inline(__always)
    init(int8 bytes: UnsafeRawPointer) {
      w0 = line(bytes, 0)
      w1 = line(bytes, 1)
      w2 = line(bytes, 2)
      w3 = line(bytes, 3)
      w4 = line(bytes, 4)
      w5 = line(bytes, 5)
      w6 = line(bytes, 6)
      w7 = line(bytes, 7)
      scale = _mm512_cvtph_ps(bytes.loadUnaligned(fromByteOffset: 512, as: __m256i.self))
    }

    @inline(__always)
    init(int4 bytes: UnsafeRawPointer, levels: __m512i) {
      let (p0, p1, p2, p3) = (line(bytes, 0), line(bytes, 1), line(bytes, 2), line(bytes, 3))
      w0 = level(levels, p0)
      w1 = level(levels, p1)
      w2 = level(levels, p2)
      w3 = level(levels, p3)
      w4 = level(levels, _mm512_srli_epi16(p0, 4))
      w5 = level(levels, _mm512_srli_epi16(p1, 4))
      w6 = level(levels, _mm512_srli_epi16(p2, 4))
      w7 = level(levels, _mm512_srli_epi16(p3, 4))
      scale = _mm512_cvtph_ps(bytes.loadUnaligned(fromByteOffset: 256, as: __m256i.self))
    }

    /// The 16 rows' products with one token's 32 values. The sum starts at `offset`, which
    /// subtracts the 128 that was added to every weight.
    @inline(__always)
    func dot(_ values: UnsafeRawPointer, _ offset: Int32) -> __m512i {
      var sum = _mm512_set1_epi32(offset)
      sum = _mm512_dpbusd_epi32(sum, w0, four(values, 0))
      sum = _mm512_dpbusd_epi32(sum, w1, four(values, 1))
      sum = _mm512_dpbusd_epi32(sum, w2, four(values, 2))
      sum = _mm512_dpbusd_epi32(sum, w3, four(values, 3))
      sum = _mm512_dpbusd_epi32(sum, w4, four(values, 4))
      sum = _mm512_dpbusd_epi32(sum, w5, four(values, 5))
      sum = _mm512_dpbusd_epi32(sum, w6, four(values, 6))
      sum = _mm512_dpbusd_epi32(sum, w7, four(values, 7))
      return sum
    }
  }

  /// The levels that the low nibbles stand for. `vpermb` looks at six bits of each byte; the table
  /// holds the sixteen levels four times, so that the two above the nibble do not matter.
  @inline(__always)
  func level(_ levels: __m512i, _ nibbles: __m512i) -> __m512i {
    _mm512_permutexvar_epi8(nibbles, levels)
  }

  @inline(__always)
  private func line(_ bytes: UnsafeRawPointer, _ index: Int) -> __m512i {
    bytes.loadUnaligned(fromByteOffset: index * 64, as: __m512i.self)
  }

  /// Four columns' values, for every row.
  @inline(__always)
  private func four(_ values: UnsafeRawPointer, _ group: Int) -> __m512i {
    _mm512_set1_epi32(values.loadUnaligned(fromByteOffset: group * 4, as: Int32.self))
  }

  @inline(__always)
  private var zero: __m512 { _mm512_setzero_ps() }
#endif
