#if arch(x86_64)
  import CIntrinsics

  // The quantised matrix products without VNNI. `vpmaddubsw` adds pairs of u8 · s8 products in 16
  // bits, which 255 · 127 would saturate; so weights are taken as signed numbers, their signs are
  // moved over to the values, and a pair is at most 2 · 127 · 127 < 2¹⁵. That is why -128 must occur
  // neither in weights nor in values. A tile is one panel times up to four tokens: its eight
  // integer sums, the weights and what the product needs fill the 16 registers; eight tokens take half
  // a panel at a time (PanelHalf.swift).

  /// Bytes of weights that are kept in the L2 cache while the tokens pass over them.
  private let residentBytes = 256 * 1024

  /// How far ahead the first tokens fetch weights: what Zen 1 fetches by itself is a third of what
  /// its memory gives to one token and int8 weights.
  private let fetchDistance = 4096

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
    _ offsets: UnsafePointer<Int32>, _ dropped: UInt32, _ tokenStride: Int, _ tokens: Int,
    _ bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int,
    _ adding: Bool
  ) {
    let problem = Problem(
      panels: panels, levels: _mm256_setzero_si256(), blocks: blocks, panelStride: panelStride,
      rows: rows, values: values,
      scales: scales, offsets: offsets, tokenStride: tokenStride, bias: bias, output: output,
      outputStride: outputStride, adding: adding)
    multiply(problem, panelBegin, panelEnd, tokens, bits: 8)
  }

  /// `Kernels.matmulInt4`.
  public func matmulInt4(
    _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
    _ panelStride: Int, _ panelBegin: Int, _ panelEnd: Int, _ rows: Int,
    _ values: UnsafePointer<Int8>, _ scales: UnsafePointer<Float>,
    _ offsets: UnsafePointer<Int32>, _ dropped: UInt32, _ tokenStride: Int, _ tokens: Int,
    _ bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int,
    _ adding: Bool
  ) {
    let table = _mm_loadu_si128(UnsafeRawPointer(levels).assumingMemoryBound(to: __m128i.self))
    let problem = Problem(
      panels: panels,
      levels: _mm256_xor_si256(_mm256_broadcastsi128_si256(table), _mm256_set1_epi8(-128)),
      blocks: blocks, panelStride: panelStride, rows: rows, values: values, scales: scales,
      offsets: offsets, tokenStride: tokenStride, bias: bias,
      output: output, outputStride: outputStride, adding: adding)
    multiply(problem, panelBegin, panelEnd, tokens, bits: 4)
  }

  /// As many panels as stay in the L2 cache times all tokens, eight and then fewer at a time. `bits` (8
  /// or 4) is a literal at every call.
  @inline(__always)
  private func multiply(_ p: Problem, _ begin: Int, _ end: Int, _ tokens: Int, bits: Int) {
    let isInt8 = bits == 8
    let group = max(1, residentBytes / max(1, p.blocks * (isInt8 ? 544 : 288)))
    for first in stride(from: begin, to: end, by: group) {
      let panels = first..<min(first + group, end)
      var token = 0
      while token + 8 <= tokens {
        for panel in panels {
          for side in 0..<2 {
            isInt8 ? int8Half8(p, panel, token, side) : int4Half8(p, panel, token, side)
          }
        }
        token += 8
      }
      if tokens & 4 != 0 {
        for panel in panels {
          isInt8 ? int8Tile4(p, panel, token) : int4Tile4(p, panel, token)
        }
        token += 4
      }
      if tokens & 2 != 0 {
        for panel in panels {
          isInt8 ? int8Tile2(p, panel, token) : int4Tile2(p, panel, token)
        }
        token += 2
      }
      if tokens & 1 != 0 {
        for panel in panels {
          isInt8 ? int8Tile1(p, panel, token) : int4Tile1(p, panel, token)
        }
      }
    }
  }

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

  /// One panel times `tokens` (1, 2 or 4) tokens from `token` on. `tokens` and `bits` (8 or 4) are
  /// literals at every call, so that each call becomes a loop of its own.
  @inline(__always)
  private func tile(_ p: Problem, _ panel: Int, _ token: Int, tokens: Int, bits: Int) {
    let weightBytes = bits == 8 ? 512 : 256
    let columns = p.tokenStride * 32
    var bytes = p.panels + panel * p.panelStride * (weightBytes + 32)
    var values = UnsafeRawPointer(p.values + token * columns)
    var scales = p.scales + token * p.tokenStride

    let out = p.output + token * p.outputStride + panel * 16
    let rows = p.rows - panel * 16
    var sums = Sums()
    if p.adding { sums.read(out, p.outputStride, rows: rows, tokens: tokens) }
    if let bias = p.bias { sums.add(bias + panel * 16, rows) }

    for _ in 0..<p.blocks {
      var dots = Dots()
      if token == 0 { fetch(bytes, weightBytes) }
      for group in 0..<(bits == 8 ? 8 : 4) {
        let low = half(bytes + group * 64)
        let high = half(bytes + group * 64 + 32)
        let four = values + group * 4
        if bits == 8 {
          dots.add(Weights(biased: low), Weights(biased: high), four, columns, tokens: tokens)
        } else {
          dots.add(
            Weights(level(p.levels, low)), Weights(level(p.levels, high)), four, columns,
            tokens: tokens)
          dots.add(
            Weights(level(p.levels, _mm256_srli_epi16(low, 4))),
            Weights(level(p.levels, _mm256_srli_epi16(high, 4))), four + 16, columns,
            tokens: tokens)
        }
      }
      sums.add(dots, bytes + weightBytes, scales, p.tokenStride, tokens: tokens)
      bytes += weightBytes + 32
      values += 32
      scales += 1
    }

    sums.write(out, p.outputStride, rows: rows, tokens: tokens)
  }

  /// Fetches what lies some blocks behind `block`.
  @inline(__always)
  func fetch(_ block: UnsafeRawPointer, _ weightBytes: Int) {
    for line in 0..<(weightBytes + 95) / 64 { janus_prefetch(block + fetchDistance + line * 64) }
  }

  @inline(__always)
  private func half(_ line: UnsafeRawPointer) -> __m256i {
    line.loadUnaligned(as: __m256i.self)
  }

  /// The levels that the low nibbles stand for.
  @inline(__always)
  func level(_ levels: __m256i, _ nibbles: __m256i) -> __m256i {
    _mm256_shuffle_epi8(levels, _mm256_and_si256(nibbles, _mm256_set1_epi8(15)))
  }

  /// The weights of eight rows × four columns, and their magnitudes.
  struct Weights {
    let value: __m256i
    let magnitude: __m256i

    @inline(__always)
    init(_ value: __m256i) {
      self.value = value
      magnitude = _mm256_abs_epi8(value)
    }

    @inline(__always)
    init(biased: __m256i) {
      self.init(_mm256_xor_si256(biased, _mm256_set1_epi8(-128)))
    }
  }

  /// Exact products of the block so far: eight rows each in `low` and `high`, for up to 4 tokens.
  private struct Dots {
    var low0 = _mm256_setzero_si256(), high0 = _mm256_setzero_si256()
    var low1 = _mm256_setzero_si256(), high1 = _mm256_setzero_si256()
    var low2 = _mm256_setzero_si256(), high2 = _mm256_setzero_si256()
    var low3 = _mm256_setzero_si256(), high3 = _mm256_setzero_si256()

    /// Adds four columns: of 8 + 8 rows' weights, and of the tokens' values, `stride` bytes apart.
    @inline(__always)
    mutating func add(
      _ l: Weights, _ h: Weights, _ values: UnsafeRawPointer, _ stride: Int, tokens: Int
    ) {
      let x0 = four(values)
      if tokens == 1 {
        // The value's magnitude serves both halves.
        let magnitude = _mm256_abs_epi8(x0)
        low0 = adding(low0, magnitude, _mm256_sign_epi8(l.value, x0))
        high0 = adding(high0, magnitude, _mm256_sign_epi8(h.value, x0))
        return
      }
      low0 = adding(low0, l, x0)
      high0 = adding(high0, h, x0)
      let x1 = four(values + stride)
      low1 = adding(low1, l, x1)
      high1 = adding(high1, h, x1)
      if tokens == 2 { return }
      let x2 = four(values + 2 * stride)
      low2 = adding(low2, l, x2)
      high2 = adding(high2, h, x2)
      let x3 = four(values + 3 * stride)
      low3 = adding(low3, l, x3)
      high3 = adding(high3, h, x3)
    }
  }

  /// The results so far.
  private struct Sums {
    var low0 = _mm256_setzero_ps(), high0 = _mm256_setzero_ps()
    var low1 = _mm256_setzero_ps(), high1 = _mm256_setzero_ps()
    var low2 = _mm256_setzero_ps(), high2 = _mm256_setzero_ps()
    var low3 = _mm256_setzero_ps(), high3 = _mm256_setzero_ps()

    /// Adds a block's products times the rows' and the tokens' scales.
    @inline(__always)
    mutating func add(
      _ dots: Dots, _ rowScales: UnsafeRawPointer, _ scales: UnsafePointer<Float>, _ stride: Int,
      tokens: Int
    ) {
      let l = eightScales(rowScales)
      let h = eightScales(rowScales + 16)
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

  /// Four columns' values, for every row.
  @inline(__always)
  func four(_ values: UnsafeRawPointer) -> __m256i {
    _mm256_set1_epi32(values.loadUnaligned(as: Int32.self))
  }

  /// The scales of eight rows.
  @inline(__always)
  func eightScales(_ scales: UnsafeRawPointer) -> __m256 {
    _mm256_cvtph_ps(scales.loadUnaligned(as: __m128i.self))
  }

  /// `sum` and a block's products times the rows' scales and their token's.
  @inline(__always)
  func scaled(_ dot: __m256i, _ row: __m256, _ token: Float, _ sum: __m256) -> __m256 {
    let scale = _mm256_mul_ps(row, _mm256_set1_ps(token))
    return _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), scale, sum)
  }

  /// `sum` and the products of four columns.
  @inline(__always)
  func adding(_ sum: __m256i, _ w: Weights, _ x: __m256i) -> __m256i {
    adding(sum, w.magnitude, _mm256_sign_epi8(x, w.value))
  }

  @inline(__always)
  private func adding(_ sum: __m256i, _ magnitudes: __m256i, _ signed: __m256i) -> __m256i {
    let pairs = _mm256_maddubs_epi16(magnitudes, signed)
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
  }
#endif
