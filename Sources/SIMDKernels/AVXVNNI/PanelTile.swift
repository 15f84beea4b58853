#if arch(x86_64)
  import CIntrinsics

  // A function each: the compiler stops inlining into a function that has grown too large. None is
  // private: private functions that stay out of line become weak symbols in release builds.

  @inline(never)
  func int8Tile4(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 4, bits: 8)
  }

  @inline(never)
  func int8Tile2(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 2, bits: 8)
  }

  @inline(never)
  func int8Tile1(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 1, bits: 8)
  }

  @inline(never)
  func int4Tile4(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 4, bits: 4)
  }

  @inline(never)
  func int4Tile2(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 2, bits: 4)
  }

  @inline(never)
  func int4Tile1(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 1, bits: 4)
  }

  @inline(never)
  func coded8Tile4(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 4, bits: 8, coded: true)
  }

  @inline(never)
  func coded8Tile2(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 2, bits: 8, coded: true)
  }

  @inline(never)
  func coded8Tile1(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 1, bits: 8, coded: true)
  }

  @inline(never)
  func coded4Tile4(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 4, bits: 4, coded: true)
  }

  @inline(never)
  func coded4Tile2(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 2, bits: 4, coded: true)
  }

  @inline(never)
  func coded4Tile1(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 1, bits: 4, coded: true)
  }

  /// One panel times `tokens` (1, 2 or 4) tokens from `token` on. `tokens`, `bits` (8 or 4) and
  /// `coded` are literals at every call, so that each call becomes a loop of its own.
  @inline(__always)
  private func tile(
    _ p: Problem, _ panel: Int, _ token: Int, tokens: Int, bits: Int, coded: Bool = false
  ) {
    let weightBytes = bits == 8 ? 512 : 256
    let columns = p.tokenStride * 32
    let panelBytes =
      coded
      ? 64 + (p.panelStride + 3) / 4 * 64 + p.panelStride * weightBytes
      : p.panelStride * (weightBytes + 32)
    let head = p.panels + panel * panelBytes
    // Coded panels begin with the rows' scales and the codes of four blocks.
    var bytes = coded ? head + 128 : head
    var codes = (head + 64).assumingMemoryBound(to: Int8.self)
    var values = UnsafeRawPointer(p.values + token * columns)
    var scales = p.scales + token * p.tokenStride
    var offsets = p.offsets + token * p.tokenStride

    let out = p.output + token * p.outputStride + panel * 16
    let rows = p.rows - panel * 16
    var sums = Sums()
    if !coded {
      if p.adding { sums.read(out, p.outputStride, rows: rows, tokens: tokens) }
      if let bias = p.bias { sums.add(bias + panel * 16, rows) }
    }

    for block in 0..<p.blocks {
      var dots = Dots(offsets, p.tokenStride, tokens: tokens)
      for group in 0..<(bits == 8 ? 8 : 4) {
        let low = half(bytes + group * 64)
        let high = half(bytes + group * 64 + 32)
        let four = values + group * 4
        if bits == 8 {
          dots.add(low, high, four, columns, tokens: tokens)
        } else {
          dots.add(
            level(p.levels, low), level(p.levels, high), four, columns,
            tokens: tokens)
          dots.add(
            level(p.levels, _mm256_srli_epi16(low, 4)),
            level(p.levels, _mm256_srli_epi16(high, 4)), four + 16, columns,
            tokens: tokens)
        }
      }
      if coded {
        sums.add(dots, floats(codes), floats(codes + 8), scales, p.tokenStride, tokens: tokens)
        // Behind four blocks comes the next line of codes.
        let isLast = block & 3 == 3
        bytes += isLast ? weightBytes + 64 : weightBytes
        codes += isLast ? 4 * weightBytes + 16 : 16
      } else {
        let rowScales = bytes + weightBytes
        sums.add(
          dots, _mm256_cvtph_ps(rowScales.loadUnaligned(as: __m128i.self)),
          _mm256_cvtph_ps(rowScales.loadUnaligned(fromByteOffset: 16, as: __m128i.self)), scales,
          p.tokenStride, tokens: tokens)
        bytes += weightBytes + 32
      }
      values += 32
      scales += 1
      offsets += 1
    }

    if coded {
      var start = Sums()
      if p.adding { start.read(out, p.outputStride, rows: rows, tokens: tokens) }
      if let bias = p.bias { start.add(bias + panel * 16, rows) }
      sums.scale(by: head.assumingMemoryBound(to: Float.self), addedTo: start)
    }
    sums.write(out, p.outputStride, rows: rows, tokens: tokens)
  }

  /// The codes of eight rows.
  @inline(__always)
  private func floats(_ codes: UnsafePointer<Int8>) -> __m256 {
    let bytes = UnsafeRawPointer(codes).loadUnaligned(as: Int64.self)
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_cvtsi64_si128(bytes)))
  }

  @inline(__always)
  private func half(_ line: UnsafeRawPointer) -> __m256i {
    line.loadUnaligned(as: __m256i.self)
  }

  /// The levels that the low nibbles stand for.
  @inline(__always)
  private func level(_ levels: __m256i, _ nibbles: __m256i) -> __m256i {
    _mm256_shuffle_epi8(levels, _mm256_and_si256(nibbles, _mm256_set1_epi8(15)))
  }

  /// Eight rows × four columns, `value + 128`.
  private typealias Weights = __m256i

  /// Exact products of the block so far: eight rows each in `low` and `high`, for up to 4 tokens.
  private struct Dots {
    var low0, high0, low1, high1, low2, high2, low3, high3: __m256i

    /// The sums start at the offsets, which subtract the 128 that was added to every weight.
    @inline(__always)
    init(_ offsets: UnsafePointer<Int32>, _ stride: Int, tokens: Int) {
      low0 = _mm256_set1_epi32(offsets[0])
      low1 = tokens > 1 ? _mm256_set1_epi32(offsets[stride]) : low0
      low2 = tokens > 2 ? _mm256_set1_epi32(offsets[2 * stride]) : low0
      low3 = tokens > 2 ? _mm256_set1_epi32(offsets[3 * stride]) : low0
      (high0, high1, high2, high3) = (low0, low1, low2, low3)
    }

    /// Adds four columns: of 8 + 8 rows' weights, and of the tokens' values, `stride` bytes apart.
    @inline(__always)
    mutating func add(
      _ l: Weights, _ h: Weights, _ values: UnsafeRawPointer, _ stride: Int, tokens: Int
    ) {
      let x0 = four(values)
      low0 = _mm256_dpbusd_avx_epi32(low0, l, x0)
      high0 = _mm256_dpbusd_avx_epi32(high0, h, x0)
      if tokens == 1 { return }
      let x1 = four(values + stride)
      low1 = _mm256_dpbusd_avx_epi32(low1, l, x1)
      high1 = _mm256_dpbusd_avx_epi32(high1, h, x1)
      if tokens == 2 { return }
      let x2 = four(values + 2 * stride)
      low2 = _mm256_dpbusd_avx_epi32(low2, l, x2)
      high2 = _mm256_dpbusd_avx_epi32(high2, h, x2)
      let x3 = four(values + 3 * stride)
      low3 = _mm256_dpbusd_avx_epi32(low3, l, x3)
      high3 = _mm256_dpbusd_avx_epi32(high3, h, x3)
    }

    /// Four columns' values, for every row.
    @inline(__always)
    private func four(_ values: UnsafeRawPointer) -> __m256i {
      _mm256_set1_epi32(values.loadUnaligned(as: Int32.self))
    }
  }

  /// The results so far.
  private struct Sums {
    var low0 = _mm256_setzero_ps(), high0 = _mm256_setzero_ps()
    var low1 = _mm256_setzero_ps(), high1 = _mm256_setzero_ps()
    var low2 = _mm256_setzero_ps(), high2 = _mm256_setzero_ps()
    var low3 = _mm256_setzero_ps(), high3 = _mm256_setzero_ps()

    /// Adds a block's products times the rows' (`l` and `h`, or their codes) and the tokens' scales.
    @inline(__always)
    mutating func add(
      _ dots: Dots, _ l: __m256, _ h: __m256, _ scales: UnsafePointer<Float>, _ stride: Int,
      tokens: Int
    ) {
      low0 = scaled(dots.low0, l, scales[0], low0)
      high0 = scaled(dots.high0, h, scales[0], high0)
      if tokens == 1 { return }
      low1 = scaled(dots.low1, l, scales[stride], low1)
      high1 = scaled(dots.high1, h, scales[stride], high1)
      if tokens == 2 { return }
      low2 = scaled(dots.low2, l, scales[2 * stride], low2)
      high2 = scaled(dots.high2, h, scales[2 * stride], high2)
      low3 = scaled(dots.low3, l, scales[3 * stride], low3)
      high3 = scaled(dots.high3, h, scales[3 * stride], high3)
    }

    @inline(__always)
    private func scaled(_ dot: __m256i, _ row: __m256, _ token: Float, _ sum: __m256) -> __m256 {
      let scale = _mm256_mul_ps(row, _mm256_set1_ps(token))
      return _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), scale, sum)
    }

    /// Multiplies by the rows' scales and adds what the results begin with.
    @inline(__always)
    mutating func scale(by rows: UnsafePointer<Float>, addedTo start: Sums) {
      let (l, h) = (_mm256_loadu_ps(rows), _mm256_loadu_ps(rows + 8))
      low0 = _mm256_fmadd_ps(l, low0, start.low0)
      high0 = _mm256_fmadd_ps(h, high0, start.high0)
      low1 = _mm256_fmadd_ps(l, low1, start.low1)
      high1 = _mm256_fmadd_ps(h, high1, start.high1)
      low2 = _mm256_fmadd_ps(l, low2, start.low2)
      high2 = _mm256_fmadd_ps(h, high2, start.high2)
      low3 = _mm256_fmadd_ps(l, low3, start.low3)
      high3 = _mm256_fmadd_ps(h, high3, start.high3)
    }

    /// Begins with what the output holds.
    @inline(__always)
    mutating func read(
      _ out: UnsafePointer<Float>, _ stride: Int, rows: Int, tokens: Int
    ) {
      (low0, high0) = (load(out, rows), load(out + 8, rows - 8))
      if tokens == 1 { return }
      (low1, high1) = (load(out + stride, rows), load(out + stride + 8, rows - 8))
      if tokens == 2 { return }
      (low2, high2) = (load(out + 2 * stride, rows), load(out + 2 * stride + 8, rows - 8))
      (low3, high3) = (load(out + 3 * stride, rows), load(out + 3 * stride + 8, rows - 8))
    }

    /// Adds the rows' biases.
    @inline(__always)
    mutating func add(_ bias: UnsafePointer<Float>, _ rows: Int) {
      let (l, h) = (load(bias, rows), load(bias + 8, rows - 8))
      (low0, high0) = (_mm256_add_ps(low0, l), _mm256_add_ps(high0, h))
      (low1, high1) = (_mm256_add_ps(low1, l), _mm256_add_ps(high1, h))
      (low2, high2) = (_mm256_add_ps(low2, l), _mm256_add_ps(high2, h))
      (low3, high3) = (_mm256_add_ps(low3, l), _mm256_add_ps(high3, h))
    }

    @inline(__always)
    func write(_ out: UnsafeMutablePointer<Float>, _ stride: Int, rows: Int, tokens: Int) {
      write16(low0, high0, out, rows)
      if tokens == 1 { return }
      write16(low1, high1, out + stride, rows)
      if tokens == 2 { return }
      write16(low2, high2, out + 2 * stride, rows)
      write16(low3, high3, out + 3 * stride, rows)
    }

    @inline(__always)
    private func write16(
      _ low: __m256, _ high: __m256, _ out: UnsafeMutablePointer<Float>, _ rows: Int
    ) {
      store(low, out, rows)
      if rows > 8 { store(high, out + 8, rows - 8) }
    }
  }

  /// Loads the first `count` lanes.
  @inline(__always)
  private func load(_ from: UnsafePointer<Float>, _ count: Int) -> __m256 {
    count >= 8 ? _mm256_loadu_ps(from) : _mm256_maskload_ps(from, firstLanes(count))
  }

  /// Stores the first `count` lanes.
  @inline(__always)
  private func store(_ x: __m256, _ to: UnsafeMutablePointer<Float>, _ count: Int) {
    if count >= 8 { _mm256_storeu_ps(to, x) } else { _mm256_maskstore_ps(to, firstLanes(count), x) }
  }

  @inline(__always)
  private func firstLanes(_ count: Int) -> __m256i {
    let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(Int32(truncatingIfNeeded: count)), lane)
  }
#endif
