#if arch(x86_64)
  import CIntrinsics

  /// How far ahead of its first use a panel is prefetched for a few tokens. First it comes from
  /// memory into the L2 cache, then from there into the L1 cache: the L1 cache has few buffers, and
  /// a line from memory would occupy one for the whole wait. For one token the processor's own
  /// prefetching is faster.
  private let farDistance = 12_288
  private let nearDistance = 2304

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

  @inline(never)
  func codedTile8(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 8, bits: 4, coded: true)
  }

  @inline(never)
  func codedTile4(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 4, bits: 4, coded: true)
  }

  @inline(never)
  func codedTile2(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 2, bits: 4, coded: true)
  }

  @inline(never)
  func codedTile1(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 1, bits: 4, coded: true)
  }

  /// One panel times `tokens` (1, 2, 4 or 8) tokens from `token` on. `tokens`, `bits` (8 or 4) and
  /// `coded` are literals at every call, so that each call becomes a loop of its own.
  @inline(__always)
  func tile(
    _ p: PanelProblem, _ panel: Int, _ token: Int, tokens: Int, bits: Int, coded: Bool = false
  ) {
    let blockBytes = bits == 8 ? 544 : 288
    let columns = p.tokenStride * 32
    let head = p.panels + panel * (coded ? codedBytes(p.panelStride) : p.panelStride * blockBytes)
    // Coded panels begin with the rows' scales and the codes of four blocks.
    var bytes = coded ? head + 128 : head
    var codes = (head + 64).assumingMemoryBound(to: Int8.self)
    var values = UnsafeRawPointer(p.values + token * columns)
    var scales = p.scales + token * p.tokenStride
    var offsets = p.offsets + token * p.tokenStride
    let lanes = firstLanes(p.rows - panel * 16)
    let out = p.output + token * p.outputStride + panel * 16
    let bias = p.bias.map { load($0 + panel * 16, lanes) }
    /// What a token's sum begins with, or what it is added to.
    @inline(__always) func start(_ token: Int) -> __m512 {
      let sum = p.adding ? load(out + token * p.outputStride, lanes) : zero
      return bias.map { _mm512_add_ps(sum, $0) } ?? sum
    }
    var (s0, s1, s2, s3) = (zero, zero, zero, zero)
    var (s4, s5, s6, s7) = (zero, zero, zero, zero)
    if !coded {
      s0 = start(0)
      if tokens > 1 { s1 = start(1) }
      if tokens > 2 { (s2, s3) = (start(2), start(3)) }
      if tokens > 4 { (s4, s5, s6, s7) = (start(4), start(5), start(6), start(7)) }
    }

    for block in 0..<p.blocks {
      if tokens > 1 && tokens <= 4 {
        for line in 0..<(bits == 8 ? 9 : 5) {
          janus_prefetch_l2(bytes + farDistance + line * 64)
          janus_prefetch(bytes + nearDistance + line * 64)
        }
      }
      let w =
        coded
        ? Block(int4: bytes, levels: p.levels, scale: load(codes))
        : bits == 8
          ? Block(int8: bytes) : Block(int4: bytes, levels: p.levels, scale: halves(bytes + 256))
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
      if coded {
        // Behind four blocks comes the next line of codes.
        let isLast = block & 3 == 3
        bytes += isLast ? 256 + 64 : 256
        codes += isLast ? 4 * 256 + 16 : 16
      } else {
        bytes += blockBytes
      }
      values += 32
      scales += 1
      offsets += 1
    }

    if coded {
      let rows = load(head.assumingMemoryBound(to: Float.self))
      s0 = _mm512_fmadd_ps(rows, s0, start(0))
      if tokens > 1 { s1 = _mm512_fmadd_ps(rows, s1, start(1)) }
      if tokens > 2 { s2 = _mm512_fmadd_ps(rows, s2, start(2)) }
      if tokens > 2 { s3 = _mm512_fmadd_ps(rows, s3, start(3)) }
      if tokens > 4 { s4 = _mm512_fmadd_ps(rows, s4, start(4)) }
      if tokens > 4 { s5 = _mm512_fmadd_ps(rows, s5, start(5)) }
      if tokens > 4 { s6 = _mm512_fmadd_ps(rows, s6, start(6)) }
      if tokens > 4 { s7 = _mm512_fmadd_ps(rows, s7, start(7)) }
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
      scale = halves(bytes + 512)
    }

    @inline(__always)
    init(int4 bytes: UnsafeRawPointer, levels: __m512i, scale: __m512) {
      let (p0, p1, p2, p3) = (line(bytes, 0), line(bytes, 1), line(bytes, 2), line(bytes, 3))
      w0 = level(levels, p0)
      w1 = level(levels, p1)
      w2 = level(levels, p2)
      w3 = level(levels, p3)
      w4 = level(levels, _mm512_srli_epi16(p0, 4))
      w5 = level(levels, _mm512_srli_epi16(p1, 4))
      w6 = level(levels, _mm512_srli_epi16(p2, 4))
      w7 = level(levels, _mm512_srli_epi16(p3, 4))
      self.scale = scale
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

  /// Bytes of a coded panel of so many blocks.
  @inline(__always)
  func codedBytes(_ blocks: Int) -> Int { 64 + (blocks + 3) / 4 * 64 + blocks * 256 }

  /// The scales of 16 rows in f16.
  @inline(__always)
  private func halves(_ scales: UnsafeRawPointer) -> __m512 {
    _mm512_cvtph_ps(scales.loadUnaligned(as: __m256i.self))
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
