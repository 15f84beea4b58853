#if arch(x86_64)
  import CIntrinsics

  // Two panels times eight tokens: the tile for many tokens. A broadcast of four values serves 32
  // rows. Zen 4 does one load of 512 bits a cycle, and loads are no longer the limit. The sixteen
  // integer sums stay in registers; the sixteen float sums are touched once per block.

  // Scales: a block's products are multiplied by the row's scale times the token's. Multiplications
  // share two ports of Zen 4 with `vpdpbusd`, additions have the other two. Beside int4 weights the
  // tokens' scales are powers of two, so their exponents are added instead. Beside int8 weights
  // their mantissas have three bits: tables hold the products of a row's scale with the eight
  // mantissas, and exponents are added to one of these.

  // None is private: private functions that stay out of line become weak symbols in release builds.

  @inline(never)
  func int8Pair(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    _ = pairTile(problem, panel, token, bits: 8, .any)
  }

  @inline(never)
  func int4Pair(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    _ = pairTile(problem, panel, token, bits: 4, .any)
  }

  @inline(never)
  func int4PairOfPowers(_ problem: PanelProblem, _ panel: Int, _ token: Int) -> Bool {
    pairTile(problem, panel, token, bits: 4, .powers)
  }

  @inline(never)
  func int8PairByTables(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    _ = pairTile(problem, panel, token, bits: 8, .tabulated)
  }

  @inline(never)
  func codedPair(_ problem: PanelProblem, _ panel: Int, _ token: Int) {
    _ = pairTile(problem, panel, token, bits: 4, .any, coded: true)
  }

  @inline(never)
  func codedPairOfPowers(_ problem: PanelProblem, _ panel: Int, _ token: Int) -> Bool {
    pairTile(problem, panel, token, bits: 4, .powers, coded: true)
  }

  /// What is known of the tokens' scales.
  private enum TokenScales {
    /// Nothing.
    case any
    /// They are powers of two.
    case powers
    /// They have three bits of mantissa, and there are tables of the rows' scales.
    case tabulated
  }

  /// The panels `panel` and `panel + 1` times eight tokens from `token` on. `bits`, `kind` and `coded`
  /// are literals at every call.
  ///
  /// - Returns: false, with nothing done, where adding exponents does not multiply by a row's
  ///   scale. Only the first tokens check it. Of codes, which are whole numbers, that is zero.
  @inline(__always)
  private func pairTile(
    _ p: PanelProblem, _ panel: Int, _ token: Int, bits: Int, _ kind: TokenScales,
    coded: Bool = false
  ) -> Bool {
    let weightBytes = bits == 8 ? 512 : 256
    let columns = p.tokenStride * 32
    let panelBytes =
      coded ? codedBytes(p.panelStride) : p.panelStride * (weightBytes + 32)
    let head = p.panels + panel * panelBytes
    // Coded panels begin with the rows' scales and the codes of four blocks.
    var low = coded ? head + 128 : head
    var high = low + panelBytes
    var codes = (head + 64).assumingMemoryBound(to: Int8.self)
    var lowTable = p.tables + panel * p.panelStride * tableBytes
    var highTable = lowTable + p.panelStride * tableBytes
    var values = UnsafeRawPointer(p.values + token * columns)
    var scales = p.scales + token * p.tokenStride
    var offsets = p.offsets + token * p.tokenStride
    let out = p.output + token * p.outputStride + panel * 16
    var sums = Sums()
    if !coded {
      if p.adding { sums.read(out, p.outputStride, p.rows - panel * 16) }
      if let bias = p.bias { sums.add(bias + panel * 16, p.rows - panel * 16) }
    }
    var remarkable = _mm256_setzero_si256()
    var zeros: UInt64 = 0

    for block in 0..<p.blocks {
      // A store to a line that is in memory holds up those behind it. Requesting all lines at once
      // would hold up the next weights. So each block requests two.
      if block < 8 {
        let line = out + block * p.outputStride
        janus_prefetch_for_writing(line)
        janus_prefetch_for_writing(line + 16)
      }
      // The first tokens prefetch the next two panels for all.
      if token == 0 {
        for line in 0..<(bits == 8 ? 9 : 5) {
          janus_prefetch_l2(low + 2 * panelBytes + line * 64)
          janus_prefetch_l2(high + 2 * panelBytes + line * 64)
        }
      }
      var dots = Dots(offsets, p.tokenStride)
      for group in 0..<(bits == 8 ? 8 : 4) {
        let l = (low + group * 64).loadUnaligned(as: __m512i.self)
        let h = (high + group * 64).loadUnaligned(as: __m512i.self)
        let four = values + group * 4
        if bits == 8 {
          dots.add(l, h, four, columns)
        } else {
          dots.add(level(p.levels, l), level(p.levels, h), four, columns)
          dots.add(
            level(p.levels, _mm512_srli_epi16(l, 4)), level(p.levels, _mm512_srli_epi16(h, 4)),
            four + 16, columns)
        }
      }
      if kind == .tabulated {
        let (l, h) = (lowTable, highTable)
        sums.add(
          dots, scales, p.tokenStride, low: { tabulated(l, $0) }, high: { tabulated(h, $0) })
        lowTable += tableBytes
        highTable += tableBytes
      } else if coded {
        let (l, h) = (load(codes), load(codes + panelBytes))
        if kind == .any {
          sums.add(
            dots, scales, p.tokenStride, low: { multiplied(l, $0) }, high: { multiplied(h, $0) })
        } else {
          if token == 0 { zeros |= zeroBytes(codes) | zeroBytes(codes + panelBytes) }
          let (l, h) = (lessOne(l), lessOne(h))
          sums.add(dots, scales, p.tokenStride, low: { added(l, $0) }, high: { added(h, $0) })
        }
      } else {
        let halves = (
          (low + weightBytes).loadUnaligned(as: __m256i.self),
          (high + weightBytes).loadUnaligned(as: __m256i.self)
        )
        let (l, h) = (_mm512_cvtph_ps(halves.0), _mm512_cvtph_ps(halves.1))
        if kind == .any {
          sums.add(
            dots, scales, p.tokenStride, low: { multiplied(l, $0) }, high: { multiplied(h, $0) })
        } else {
          if token == 0 {
            remarkable = _mm256_max_epu16(
              remarkable, _mm256_max_epu16(remark(halves.0), remark(halves.1)))
          }
          let (l, h) = (lessOne(l), lessOne(h))
          sums.add(dots, scales, p.tokenStride, low: { added(l, $0) }, high: { added(h, $0) })
        }
      }
      if coded {
        // Behind four blocks comes the next line of codes.
        let isLast = block & 3 == 3
        low += isLast ? 256 + 64 : 256
        high += isLast ? 256 + 64 : 256
        codes += isLast ? 4 * 256 + 16 : 16
      } else {
        low += weightBytes + 32
        high += weightBytes + 32
      }
      values += 32
      scales += 1
      offsets += 1
    }
    if coded {
      if kind == .powers && zeros & lowestBits << 7 != 0 { return false }
      var start = Sums()
      if p.adding { start.read(out, p.outputStride, p.rows - panel * 16) }
      if let bias = p.bias { start.add(bias + panel * 16, p.rows - panel * 16) }
      sums.scale(
        load(head.assumingMemoryBound(to: Float.self)),
        load((head + panelBytes).assumingMemoryBound(to: Float.self)), addedTo: start)
    } else if kind == .powers && isRemarkable(remarkable) {
      return false
    }
    sums.write(out, p.outputStride, p.rows - panel * 16)
    return true
  }

  /// Above 0x7bfe for rows' scales that are zero, infinite or NaN.
  @inline(__always)
  func remark(_ halves: __m256i) -> __m256i {
    _mm256_sub_epi16(
      _mm256_and_si256(halves, _mm256_set1_epi16(0x7fff)), _mm256_set1_epi16(1))
  }

  /// Whether the maximum of remarks comes from such a scale.
  @inline(__always)
  func isRemarkable(_ remarks: __m256i) -> Bool {
    janus_mm256_above_epu16(remarks, _mm256_set1_epi16(0x7bff - 1)) != 0
  }

  /// Has the highest bit of some byte set if one of 16 codes is zero. In general registers: those of
  /// vectors are all in use.
  @inline(__always)
  private func zeroBytes(_ codes: UnsafePointer<Int8>) -> UInt64 {
    let (a, b) = (
      UnsafeRawPointer(codes).loadUnaligned(as: UInt64.self),
      UnsafeRawPointer(codes).loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    )
    return (a &- lowestBits) & ~a | (b &- lowestBits) & ~b
  }

  private let lowestBits: UInt64 = 0x0101_0101_0101_0101

  /// Exact products of the block so far, of eight tokens with each panel.
  private struct Dots {
    var low0, low1, low2, low3, low4, low5, low6, low7: __m512i
    var high0, high1, high2, high3, high4, high5, high6, high7: __m512i

    /// The sums start at the offsets, which subtract the 128 that was added to every weight.
    @inline(__always)
    init(_ offsets: UnsafePointer<Int32>, _ stride: Int) {
      low0 = _mm512_set1_epi32(offsets[0 * stride])
      low1 = _mm512_set1_epi32(offsets[1 * stride])
      low2 = _mm512_set1_epi32(offsets[2 * stride])
      low3 = _mm512_set1_epi32(offsets[3 * stride])
      low4 = _mm512_set1_epi32(offsets[4 * stride])
      low5 = _mm512_set1_epi32(offsets[5 * stride])
      low6 = _mm512_set1_epi32(offsets[6 * stride])
      low7 = _mm512_set1_epi32(offsets[7 * stride])
      (high0, high1, high2, high3) = (low0, low1, low2, low3)
      (high4, high5, high6, high7) = (low4, low5, low6, low7)
    }

    /// Adds four columns: both panels' weights, and the tokens' values, `stride` bytes apart.
    @inline(__always)
    mutating func add(_ l: __m512i, _ h: __m512i, _ values: UnsafeRawPointer, _ stride: Int) {
      add(l, h, values + 0 * stride, &low0, &high0)
      add(l, h, values + 1 * stride, &low1, &high1)
      add(l, h, values + 2 * stride, &low2, &high2)
      add(l, h, values + 3 * stride, &low3, &high3)
      add(l, h, values + 4 * stride, &low4, &high4)
      add(l, h, values + 5 * stride, &low5, &high5)
      add(l, h, values + 6 * stride, &low6, &high6)
      add(l, h, values + 7 * stride, &low7, &high7)
    }

    @inline(__always)
    private func add(
      _ l: __m512i, _ h: __m512i, _ values: UnsafeRawPointer, _ low: inout __m512i,
      _ high: inout __m512i
    ) {
      let four = _mm512_set1_epi32(values.loadUnaligned(as: Int32.self))
      low = _mm512_dpbusd_epi32(low, l, four)
      high = _mm512_dpbusd_epi32(high, h, four)
    }
  }

  // Rows' scales times a token's.

  /// For any scales of tokens.
  @inline(__always)
  private func multiplied(_ rows: __m512, _ token: Float) -> __m512 {
    _mm512_mul_ps(rows, _mm512_set1_ps(token))
  }

  /// For powers of two, with the bits of the rows' scales less those of one; or for the mantissa of a
  /// line of a table.
  @inline(__always)
  private func added(_ rows: __m512i, _ token: Float) -> __m512 {
    _mm512_castsi512_ps(
      _mm512_add_epi32(rows, _mm512_set1_epi32(Int32(bitPattern: token.bitPattern))))
  }

  @inline(__always)
  private func lessOne(_ rows: __m512) -> __m512i {
    _mm512_sub_epi32(_mm512_castps_si512(rows), _mm512_set1_epi32(0x3f80_0000))
  }

  /// For scales with three bits of mantissa, which choose the line of a block's table.
  @inline(__always)
  private func tabulated(_ table: UnsafeRawPointer, _ token: Float) -> __m512 {
    let line = table + Int(token.bitPattern >> 14 & 0x1c0)
    return added(line.loadUnaligned(as: __m512i.self), token)
  }

  /// The results so far.
  private struct Sums {
    var low0 = _mm512_setzero_ps(), high0 = _mm512_setzero_ps()
    var low1 = _mm512_setzero_ps(), high1 = _mm512_setzero_ps()
    var low2 = _mm512_setzero_ps(), high2 = _mm512_setzero_ps()
    var low3 = _mm512_setzero_ps(), high3 = _mm512_setzero_ps()
    var low4 = _mm512_setzero_ps(), high4 = _mm512_setzero_ps()
    var low5 = _mm512_setzero_ps(), high5 = _mm512_setzero_ps()
    var low6 = _mm512_setzero_ps(), high6 = _mm512_setzero_ps()
    var low7 = _mm512_setzero_ps(), high7 = _mm512_setzero_ps()

    /// Adds a block's products times the tokens' scales times each panel's rows'.
    @inline(__always)
    mutating func add(
      _ dots: Dots, _ scales: UnsafePointer<Float>, _ stride: Int, low: (Float) -> __m512,
      high: (Float) -> __m512
    ) {
      let t0 = scales[0 * stride]
      low0 = scaled(dots.low0, low(t0), low0)
      high0 = scaled(dots.high0, high(t0), high0)
      let t1 = scales[1 * stride]
      low1 = scaled(dots.low1, low(t1), low1)
      high1 = scaled(dots.high1, high(t1), high1)
      let t2 = scales[2 * stride]
      low2 = scaled(dots.low2, low(t2), low2)
      high2 = scaled(dots.high2, high(t2), high2)
      let t3 = scales[3 * stride]
      low3 = scaled(dots.low3, low(t3), low3)
      high3 = scaled(dots.high3, high(t3), high3)
      let t4 = scales[4 * stride]
      low4 = scaled(dots.low4, low(t4), low4)
      high4 = scaled(dots.high4, high(t4), high4)
      let t5 = scales[5 * stride]
      low5 = scaled(dots.low5, low(t5), low5)
      high5 = scaled(dots.high5, high(t5), high5)
      let t6 = scales[6 * stride]
      low6 = scaled(dots.low6, low(t6), low6)
      high6 = scaled(dots.high6, high(t6), high6)
      let t7 = scales[7 * stride]
      low7 = scaled(dots.low7, low(t7), low7)
      high7 = scaled(dots.high7, high(t7), high7)
    }

    @inline(__always)
    private func scaled(_ dot: __m512i, _ scale: __m512, _ sum: __m512) -> __m512 {
      _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), scale, sum)
    }

    /// Begins with what the output holds.
    @inline(__always)
    mutating func read(_ out: UnsafePointer<Float>, _ stride: Int, _ rows: Int) {
      let (l, h) = (firstLanes(rows), firstLanes(rows - 16))
      low0 = load(out + 0 * stride, l)
      high0 = load(out + 0 * stride + 16, h)
      low1 = load(out + 1 * stride, l)
      high1 = load(out + 1 * stride + 16, h)
      low2 = load(out + 2 * stride, l)
      high2 = load(out + 2 * stride + 16, h)
      low3 = load(out + 3 * stride, l)
      high3 = load(out + 3 * stride + 16, h)
      low4 = load(out + 4 * stride, l)
      high4 = load(out + 4 * stride + 16, h)
      low5 = load(out + 5 * stride, l)
      high5 = load(out + 5 * stride + 16, h)
      low6 = load(out + 6 * stride, l)
      high6 = load(out + 6 * stride + 16, h)
      low7 = load(out + 7 * stride, l)
      high7 = load(out + 7 * stride + 16, h)
    }

    /// Adds the rows' biases.
    @inline(__always)
    mutating func add(_ bias: UnsafePointer<Float>, _ rows: Int) {
      let (l, h) = (load(bias, firstLanes(rows)), load(bias + 16, firstLanes(rows - 16)))
      (low0, high0) = (_mm512_add_ps(low0, l), _mm512_add_ps(high0, h))
      (low1, high1) = (_mm512_add_ps(low1, l), _mm512_add_ps(high1, h))
      (low2, high2) = (_mm512_add_ps(low2, l), _mm512_add_ps(high2, h))
      (low3, high3) = (_mm512_add_ps(low3, l), _mm512_add_ps(high3, h))
      (low4, high4) = (_mm512_add_ps(low4, l), _mm512_add_ps(high4, h))
      (low5, high5) = (_mm512_add_ps(low5, l), _mm512_add_ps(high5, h))
      (low6, high6) = (_mm512_add_ps(low6, l), _mm512_add_ps(high6, h))
      (low7, high7) = (_mm512_add_ps(low7, l), _mm512_add_ps(high7, h))
    }

    /// Multiplies by the rows' scales and adds what the results begin with.
    @inline(__always)
    mutating func scale(_ l: __m512, _ h: __m512, addedTo start: Sums) {
      low0 = _mm512_fmadd_ps(l, low0, start.low0)
      high0 = _mm512_fmadd_ps(h, high0, start.high0)
      low1 = _mm512_fmadd_ps(l, low1, start.low1)
      high1 = _mm512_fmadd_ps(h, high1, start.high1)
      low2 = _mm512_fmadd_ps(l, low2, start.low2)
      high2 = _mm512_fmadd_ps(h, high2, start.high2)
      low3 = _mm512_fmadd_ps(l, low3, start.low3)
      high3 = _mm512_fmadd_ps(h, high3, start.high3)
      low4 = _mm512_fmadd_ps(l, low4, start.low4)
      high4 = _mm512_fmadd_ps(h, high4, start.high4)
      low5 = _mm512_fmadd_ps(l, low5, start.low5)
      high5 = _mm512_fmadd_ps(h, high5, start.high5)
      low6 = _mm512_fmadd_ps(l, low6, start.low6)
      high6 = _mm512_fmadd_ps(h, high6, start.high6)
      low7 = _mm512_fmadd_ps(l, low7, start.low7)
      high7 = _mm512_fmadd_ps(h, high7, start.high7)
    }

    @inline(__always)
    func write(_ out: UnsafeMutablePointer<Float>, _ stride: Int, _ rows: Int) {
      let (l, h) = (firstLanes(rows), firstLanes(rows - 16))
      store(low0, out + 0 * stride, l)
      store(high0, out + 0 * stride + 16, h)
      store(low1, out + 1 * stride, l)
      store(high1, out + 1 * stride + 16, h)
      store(low2, out + 2 * stride, l)
      store(high2, out + 2 * stride + 16, h)
      store(low3, out + 3 * stride, l)
      store(high3, out + 3 * stride + 16, h)
      store(low4, out + 4 * stride, l)
      store(high4, out + 4 * stride + 16, h)
      store(low5, out + 5 * stride, l)
      store(high5, out + 5 * stride + 16, h)
      store(low6, out + 6 * stride, l)
      store(high6, out + 6 * stride + 16, h)
      store(low7, out + 7 * stride, l)
      store(high7, out + 7 * stride + 16, h)
    }
  }
#endif
