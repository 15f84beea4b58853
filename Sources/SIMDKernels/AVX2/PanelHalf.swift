#if arch(x86_64)
  import CIntrinsics

  // Half a panel, eight rows, times eight tokens. Beside a whole panel times four (PanelMatmul.swift)
  // each vector of weights, its sign and its magnitude serve twice as many products, and fewer of
  // them must be held: on Zen 1 the products of int8 panels are 5 %, of int4 panels 10 % faster.

  @inline(never)
  func int8Half8(_ problem: Problem, _ panel: Int, _ token: Int, _ side: Int) {
    half(problem, panel, token, side, bits: 8)
  }

  @inline(never)
  func int4Half8(_ problem: Problem, _ panel: Int, _ token: Int, _ side: Int) {
    half(problem, panel, token, side, bits: 4)
  }

  /// Rows 0 – 7 (`side` 0) or 8 – 15 (1) of a panel times eight tokens from `token` on. `bits` (8 or
  /// 4) is a literal at every call, so that each call becomes a loop of its own.
  @inline(__always)
  private func half(_ p: Problem, _ panel: Int, _ token: Int, _ side: Int, bits: Int) {
    let first = panel * 16 + side * 8
    let rows = p.rows - first
    guard rows > 0 else { return }

    let weightBytes = bits == 8 ? 512 : 256
    let columns = p.tokenStride * 32
    var bytes = p.panels + panel * p.panelStride * (weightBytes + 32)
    var values = UnsafeRawPointer(p.values + token * columns)
    var scales = p.scales + token * p.tokenStride
    let out = p.output + token * p.outputStride + first

    var sums = Eight(_mm256_setzero_ps())
    if p.adding { sums.each { token, sum in sum = load(out + token * p.outputStride, rows) } }
    if let bias = p.bias {
      let bias = load(bias + first, rows)
      sums.each { _, sum in sum = _mm256_add_ps(sum, bias) }
    }

    for _ in 0..<p.blocks {
      if token == 0, side == 0 { fetch(bytes, weightBytes) }
      var dots = Eight(_mm256_setzero_si256())
      for group in 0..<(bits == 8 ? 8 : 4) {
        let line = (bytes + group * 64 + side * 32).loadUnaligned(as: __m256i.self)
        let column = values + group * 4
        if bits == 8 {
          add(Weights(biased: line), column, columns, to: &dots)
        } else {
          add(Weights(level(p.levels, line)), column, columns, to: &dots)
          let high = _mm256_srli_epi16(line, 4)
          add(Weights(level(p.levels, high)), column + 16, columns, to: &dots)
        }
      }
      let row = eightScales(bytes + weightBytes + side * 16)
      sums.each(with: dots) { token, sum, dot in
        sum = scaled(dot, row, scales[token * p.tokenStride], sum)
      }
      bytes += weightBytes + 32
      values += 32
      scales += 1
    }

    sums.each { token, sum in store(sum, out + token * p.outputStride, rows) }
  }

  /// Adds the products of four columns.
  @inline(__always)
  private func add(
    _ weights: Weights, _ values: UnsafeRawPointer, _ stride: Int, to dots: inout Eight<__m256i>
  ) {
    dots.each { token, dot in dot = adding(dot, weights, four(values + token * stride)) }
  }

  /// A vector for each of eight tokens: registers, if all that is done with it is inlined.
  private struct Eight<Vector> {
    var v0, v1, v2, v3, v4, v5, v6, v7: Vector

    @inline(__always)
    init(_ vector: Vector) {
      (v0, v1, v2, v3) = (vector, vector, vector, vector)
      (v4, v5, v6, v7) = (vector, vector, vector, vector)
    }

    @inline(__always)
    mutating func each(_ body: (_ token: Int, _ vector: inout Vector) -> Void) {
      body(0, &v0)
      body(1, &v1)
      body(2, &v2)
      body(3, &v3)
      body(4, &v4)
      body(5, &v5)
      body(6, &v6)
      body(7, &v7)
    }

    @inline(__always)
    mutating func each<Other>(
      with other: Eight<Other>,
      _ body: (_ token: Int, _ vector: inout Vector, _ other: Other) -> Void
    ) {
      body(0, &v0, other.v0)
      body(1, &v1, other.v1)
      body(2, &v2, other.v2)
      body(3, &v3, other.v3)
      body(4, &v4, other.v4)
      body(5, &v5, other.v5)
      body(6, &v6, other.v6)
      body(7, &v7, other.v7)
    }
  }
#endif
