#if arch(x86_64)
  import CIntrinsics

  /// What a tile's weights are.
  private enum Kind {
    case int8
    /// int4 with any levels.
    case int4
    /// int4 with levels within -32 … 31.
    case int4Narrow
    /// The same two in coded panels.
    case coded, codedNarrow

    var isCoded: Bool { self == .coded || self == .codedNarrow }
    var isNarrow: Bool { self == .int4Narrow || self == .codedNarrow }
  }

  // A function each: the compiler stops inlining into a function that has grown too large. None is
  // private: private functions that stay out of line become weak symbols in release builds.

  @inline(never)
  func int8Tile8(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 8, .int8)
  }

  @inline(never)
  func int8Tile4(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 4, .int8)
  }

  @inline(never)
  func int8Tile2(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 2, .int8)
  }

  @inline(never)
  func int8Tile1(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 1, .int8)
  }

  @inline(never)
  func int4Tile8(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 8, .int4)
  }

  @inline(never)
  func int4Tile4(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 4, .int4)
  }

  @inline(never)
  func int4Tile2(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 2, .int4)
  }

  @inline(never)
  func int4Tile1(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 1, .int4)
  }

  @inline(never)
  func narrowTile8(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 8, .int4Narrow)
  }

  @inline(never)
  func narrowTile4(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 4, .int4Narrow)
  }

  @inline(never)
  func narrowTile2(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 2, .int4Narrow)
  }

  @inline(never)
  func narrowTile1(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 1, .int4Narrow)
  }

  @inline(never)
  func codedTile8(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 8, .coded)
  }

  @inline(never)
  func codedTile4(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 4, .coded)
  }

  @inline(never)
  func codedTile2(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 2, .coded)
  }

  @inline(never)
  func codedTile1(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 1, .coded)
  }

  @inline(never)
  func codedNarrowTile8(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 8, .codedNarrow)
  }

  @inline(never)
  func codedNarrowTile4(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 4, .codedNarrow)
  }

  @inline(never)
  func codedNarrowTile2(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 2, .codedNarrow)
  }

  @inline(never)
  func codedNarrowTile1(_ problem: Problem, _ panel: Int, _ token: Int) {
    tile(problem, panel, token, tokens: 1, .codedNarrow)
  }

  /// A panel times `tokens` tokens from `token` on, with at most eight vectors of sums. Both halves
  /// of the panel are taken at once; with eight tokens they are taken one after the other. `tokens`
  /// and `kind` are literals at every call, so that each call becomes a loop of its own.
  @inline(__always)
  private func tile(_ p: Problem, _ panel: Int, _ token: Int, tokens: Int, _ kind: Kind) {
    if tokens == 8 {
      for half in 0..<2 { part(p, panel, half, token, tokens: tokens, halves: 1, kind) }
    } else {
      part(p, panel, 0, token, tokens: tokens, halves: 2, kind)
    }
  }

  /// A panel's two halves of eight rows, or one of them (`halves` 2 or 1, from `half` on), times the
  /// tokens.
  @inline(__always)
  private func part(
    _ p: Problem, _ panel: Int, _ half: Int, _ token: Int, tokens: Int, halves: Int,
    _ kind: Kind
  ) {
    let first = panel * 16 + half * 8
    let rows = p.rows - first
    guard rows > 0 else { return }

    let weightBytes = kind == .int8 ? 512 : 256
    let columns = p.tokenStride * 32
    let panelBytes =
      kind.isCoded ? codedBytes(p.panelStride) : p.panelStride * (weightBytes + 32)
    let head = p.panels + panel * panelBytes
    // Coded panels begin with the rows' scales and the codes of four blocks.
    var bytes = kind.isCoded ? head + 128 : head
    var codes = head + 64
    var values = UnsafeRawPointer(p.values + token * columns)
    var scales = p.scales + token * p.tokenStride
    var offsets = p.offsets + token * p.tokenStride
    let out = p.output + token * p.outputStride + first

    var start = Vectors(_mm256_setzero_ps(), tokens: tokens, halves: halves)
    if !kind.isCoded { p.begin(&start, out, first, rows) }
    var sums = start

    for block in 0..<p.blocks {
      if token == 0, half == 0 { prefetch(bytes, weightBytes) }
      var dots = Vectors(_mm256_setzero_si256(), tokens: tokens, halves: halves)
      if kind.isNarrow {
        dots.each { token, _, dot in
          dot = _mm256_set1_epi32(offsets[token * p.tokenStride] >> narrowShift)
        }
      }
      for group in 0..<weightBytes / 64 {
        let line = bytes + group * 64 + half * 32
        let line0 = line.loadUnaligned(as: __m256i.self)
        let line1 = halves == 2 ? (line + 32).loadUnaligned(as: __m256i.self) : line0
        let column = values + group * 4
        switch kind {
        case .int8:
          let (w0, w1) = (Weights(biased: line0), Weights(biased: line1))
          dots.each { token, half, dot in
            let x = four(column + token * columns)
            dot = adding(dot, half == 0 ? w0 : w1, x, tokens: tokens)
          }
        case .int4, .coded:
          let (w0, w1) = (Weights(low(p.levels, line0)), Weights(low(p.levels, line1)))
          dots.each { token, half, dot in
            let x = four(column + token * columns)
            dot = adding(dot, half == 0 ? w0 : w1, x, tokens: tokens)
          }
          let (w2, w3) = (Weights(high(p.levels, line0)), Weights(high(p.levels, line1)))
          dots.each { token, half, dot in
            let x = four(column + 16 + token * columns)
            dot = adding(dot, half == 0 ? w2 : w3, x, tokens: tokens)
          }
        case .int4Narrow, .codedNarrow:
          let (w0, w1) = (low(p.levels, line0), low(p.levels, line1))
          let (w2, w3) = (high(p.levels, line0), high(p.levels, line1))
          dots.each { token, half, dot in
            let x = column + token * columns
            let pairs = _mm256_add_epi16(
              _mm256_maddubs_epi16(half == 0 ? w0 : w1, four(x)),
              _mm256_maddubs_epi16(half == 0 ? w2 : w3, four(x + 16)))
            dot = adding(dot, pairs)
          }
        }
      }
      let row0 =
        kind.isCoded ? eightCodes(codes + half * 8) : eightScales(bytes + weightBytes + half * 16)
      let row1 =
        halves == 1
        ? row0 : kind.isCoded ? eightCodes(codes + 8) : eightScales(bytes + weightBytes + 16)
      sums.each(with: dots) { token, half, sum, dot in
        let scale = _mm256_mul_ps(
          half == 0 ? row0 : row1, _mm256_set1_ps(scales[token * p.tokenStride]))
        sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), scale, sum)
      }
      if kind.isCoded {
        // Behind four blocks comes the next line of codes.
        let isLast = block & 3 == 3
        bytes += isLast ? 256 + 64 : 256
        codes += isLast ? 4 * 256 + 16 : 16
      } else {
        bytes += weightBytes + 32
      }
      values += 32
      scales += 1
      offsets += 1
    }

    if kind.isCoded {
      let scales = (head + half * 32).assumingMemoryBound(to: Float.self)
      let row0 = _mm256_loadu_ps(scales)
      let row1 = halves == 2 ? _mm256_loadu_ps(scales + 8) : row0
      p.begin(&start, out, first, rows)
      sums.each(with: start) { _, half, sum, start in
        sum = _mm256_fmadd_ps(half == 0 ? row0 : row1, sum, start)
      }
    }
    sums.each { token, half, sum in
      if rows > half * 8 { store(sum, out + token * p.outputStride + half * 8, rows - half * 8) }
    }
  }

  extension Problem {
    /// What sums begin with, if not with zero: what the output holds, and the biases.
    @inline(__always)
    fileprivate func begin(
      _ sums: inout Vectors<__m256>, _ out: UnsafePointer<Float>, _ first: Int, _ rows: Int
    ) {
      if adding {
        sums.each { token, half, sum in
          sum = load(out + token * outputStride + half * 8, rows - half * 8)
        }
      }
      if let bias {
        sums.each { _, half, sum in
          sum = _mm256_add_ps(sum, load(bias + first + half * 8, rows - half * 8))
        }
      }
    }
  }

  /// Bytes of a coded panel of so many blocks.
  @inline(__always)
  func codedBytes(_ blocks: Int) -> Int { 64 + (blocks + 3) / 4 * 64 + blocks * 256 }

  /// A vector for each token and half, eight at most, the halves of a token beside each other. They
  /// stay in registers if everything that uses them is inlined.
  private struct Vectors<Vector> {
    var v0, v1, v2, v3, v4, v5, v6, v7: Vector
    let tokens: Int
    let halves: Int

    @inline(__always)
    init(_ vector: Vector, tokens: Int, halves: Int) {
      (v0, v1, v2, v3) = (vector, vector, vector, vector)
      (v4, v5, v6, v7) = (vector, vector, vector, vector)
      (self.tokens, self.halves) = (tokens, halves)
    }

    @inline(__always)
    mutating func each(_ body: (_ token: Int, _ half: Int, _ vector: inout Vector) -> Void) {
      each(with: self) { token, half, vector, _ in body(token, half, &vector) }
    }

    @inline(__always)
    mutating func each<Other>(
      with other: Vectors<Other>,
      _ body: (_ token: Int, _ half: Int, _ vector: inout Vector, _ other: Other) -> Void
    ) {
      let count = tokens * halves
      body(0, 0, &v0, other.v0)
      if count == 1 { return }
      body(1 / halves, 1 % halves, &v1, other.v1)
      if count == 2 { return }
      body(2 / halves, 2 % halves, &v2, other.v2)
      body(3 / halves, 3 % halves, &v3, other.v3)
      if count == 4 { return }
      body(4 / halves, 4 % halves, &v4, other.v4)
      body(5 / halves, 5 % halves, &v5, other.v5)
      body(6 / halves, 6 % halves, &v6, other.v6)
      body(7 / halves, 7 % halves, &v7, other.v7)
    }
  }

  /// The signed weights of eight rows × four columns, and their magnitudes.
  private struct Weights {
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

  /// Four columns' values, for every row.
  @inline(__always)
  private func four(_ values: UnsafeRawPointer) -> __m256i {
    _mm256_set1_epi32(values.loadUnaligned(as: Int32.self))
  }

  /// The levels that the low nibbles stand for.
  @inline(__always)
  private func low(_ levels: __m256i, _ nibbles: __m256i) -> __m256i {
    _mm256_shuffle_epi8(levels, _mm256_and_si256(nibbles, _mm256_set1_epi8(15)))
  }

  /// The levels that the high nibbles stand for.
  @inline(__always)
  private func high(_ levels: __m256i, _ nibbles: __m256i) -> __m256i {
    low(levels, _mm256_srli_epi16(nibbles, 4))
  }

  /// `sum` and the products of four columns. A single token's magnitudes serve both halves; otherwise
  /// the weights' serve all tokens.
  @inline(__always)
  private func adding(_ sum: __m256i, _ w: Weights, _ x: __m256i, tokens: Int) -> __m256i {
    let pairs =
      tokens == 1
      ? _mm256_maddubs_epi16(_mm256_abs_epi8(x), _mm256_sign_epi8(w.value, x))
      : _mm256_maddubs_epi16(w.magnitude, _mm256_sign_epi8(x, w.value))
    return adding(sum, pairs)
  }

  /// `sum` and pairs of 16 bits.
  @inline(__always)
  private func adding(_ sum: __m256i, _ pairs: __m256i) -> __m256i {
    _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
  }

  /// The scales of eight rows.
  @inline(__always)
  private func eightScales(_ scales: UnsafeRawPointer) -> __m256 {
    _mm256_cvtph_ps(scales.loadUnaligned(as: __m128i.self))
  }

  /// The codes of eight rows.
  @inline(__always)
  private func eightCodes(_ codes: UnsafeRawPointer) -> __m256 {
    load(codes.assumingMemoryBound(to: Int8.self))
  }

  /// Prefetches what lies some blocks after `block`.
  @inline(__always)
  private func prefetch(_ block: UnsafeRawPointer, _ weightBytes: Int) {
    for line in 0..<(weightBytes + 95) / 64 { janus_prefetch(block + prefetchDistance + line * 64) }
  }

  /// How far ahead the first tokens prefetch weights. For one token and int8 weights Zen 1's own
  /// prefetching reaches a third of what its memory can give.
  private let prefetchDistance = 4096
#endif
