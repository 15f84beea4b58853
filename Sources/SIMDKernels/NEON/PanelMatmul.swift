#if arch(arm64)
  import CIntrinsics

  // The quantised matrix products with the dot product of four signed bytes. Four registers hold a
  // line of a panel, four rows each. A tile is one panel times up to four tokens, whose sixteen
  // integer sums stay in registers.

  /// Bytes of weights that are kept in the L2 cache while the tokens pass over them.
  private let residentBytes = 256 * 1024

  struct Problem {
    let panels: UnsafeRawPointer
    let levels: SIMD16<UInt8>
    let blocks: Int
    let panelStride: Int
    let rows: Int
    let values: UnsafePointer<Int8>
    let scales: UnsafePointer<Float>
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
      panels: panels, levels: .zero,
      blocks: blocks, panelStride: panelStride, rows: rows, values: values, scales: scales,
      tokenStride: tokenStride, bias: bias, output: output,
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
    let problem = Problem(
      panels: panels, levels: UnsafeRawPointer(levels).loadUnaligned(as: SIMD16<UInt8>.self),
      blocks: blocks, panelStride: panelStride, rows: rows, values: values, scales: scales,
      tokenStride: tokenStride, bias: bias, output: output,
      outputStride: outputStride, adding: adding)
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
    var (s0, s1, s2, s3) = (Sums(), Sums(), Sums(), Sums())
    let rows = p.rows - panel * 16
    let out = p.output + token * p.outputStride + panel * 16
    if p.adding {
      s0.read(out, rows)
      if tokens > 1 { s1.read(out + p.outputStride, rows) }
      if tokens > 2 { s2.read(out + 2 * p.outputStride, rows) }
      if tokens > 2 { s3.read(out + 3 * p.outputStride, rows) }
    }
    if let bias = p.bias {
      var b = Sums()
      b.read(bias + panel * 16, rows)
      s0.add(b)
      if tokens > 1 { s1.add(b) }
      if tokens > 2 { s2.add(b) }
      if tokens > 2 { s3.add(b) }
    }

    for _ in 0..<p.blocks {
      var (d0, d1, d2, d3) = (Dots(), Dots(), Dots(), Dots())
      for line in 0..<(bits == 8 ? 8 : 4) {
        let low =
          bits == 8
          ? Line(biased: bytes + line * 64) : Line(lowNibbles: bytes + line * 64, p.levels)
        let x = values + line * 4
        d0.add(low, x)
        if tokens > 1 { d1.add(low, x + columns) }
        if tokens > 2 { d2.add(low, x + 2 * columns) }
        if tokens > 2 { d3.add(low, x + 3 * columns) }
        if bits == 8 { continue }
        let high = Line(highNibbles: bytes + line * 64, p.levels)
        d0.add(high, x + 16)
        if tokens > 1 { d1.add(high, x + columns + 16) }
        if tokens > 2 { d2.add(high, x + 2 * columns + 16) }
        if tokens > 2 { d3.add(high, x + 3 * columns + 16) }
      }
      let rowScales = (bytes + weightBytes).assumingMemoryBound(to: UInt16.self)
      s0.add(d0, rowScales, scales[0])
      if tokens > 1 { s1.add(d1, rowScales, scales[p.tokenStride]) }
      if tokens > 2 { s2.add(d2, rowScales, scales[2 * p.tokenStride]) }
      if tokens > 2 { s3.add(d3, rowScales, scales[3 * p.tokenStride]) }
      bytes += weightBytes + 32
      values += 32
      scales += 1
    }

    s0.write(out, rows)
    if tokens > 1 { s1.write(out + p.outputStride, rows) }
    if tokens > 2 { s2.write(out + 2 * p.outputStride, rows) }
    if tokens > 2 { s3.write(out + 3 * p.outputStride, rows) }
  }

  /// Four columns of 16 rows' weights, as signed bytes.
  private struct Line {
    let a, b, c, d: SIMD16<Int8>

    @inline(__always)
    init(biased line: UnsafeRawPointer) {
      a = signed(quarter(line, 0))
      b = signed(quarter(line, 1))
      c = signed(quarter(line, 2))
      d = signed(quarter(line, 3))
    }

    @inline(__always)
    init(lowNibbles line: UnsafeRawPointer, _ levels: SIMD16<UInt8>) {
      a = signed(vqtbl1q_u8(levels, quarter(line, 0) & 15))
      b = signed(vqtbl1q_u8(levels, quarter(line, 1) & 15))
      c = signed(vqtbl1q_u8(levels, quarter(line, 2) & 15))
      d = signed(vqtbl1q_u8(levels, quarter(line, 3) & 15))
    }

    @inline(__always)
    init(highNibbles line: UnsafeRawPointer, _ levels: SIMD16<UInt8>) {
      a = signed(vqtbl1q_u8(levels, quarter(line, 0) &>> 4))
      b = signed(vqtbl1q_u8(levels, quarter(line, 1) &>> 4))
      c = signed(vqtbl1q_u8(levels, quarter(line, 2) &>> 4))
      d = signed(vqtbl1q_u8(levels, quarter(line, 3) &>> 4))
    }
  }

  @inline(__always)
  private func quarter(_ line: UnsafeRawPointer, _ index: Int) -> SIMD16<UInt8> {
    line.loadUnaligned(fromByteOffset: index * 16, as: SIMD16<UInt8>.self)
  }

  /// `value + 128` to `value`.
  @inline(__always)
  private func signed(_ biased: SIMD16<UInt8>) -> SIMD16<Int8> {
    unsafeBitCast(biased ^ 0x80, to: SIMD16<Int8>.self)
  }

  /// One token's exact products of the block so far, four rows each.
  private struct Dots {
    var a = SIMD4<Int32>.zero, b = SIMD4<Int32>.zero
    var c = SIMD4<Int32>.zero, d = SIMD4<Int32>.zero

    @inline(__always)
    mutating func add(_ w: Line, _ values: UnsafeRawPointer) {
      let four = SIMD4<Int32>(repeating: values.loadUnaligned(as: Int32.self))
      let x = unsafeBitCast(four, to: SIMD16<Int8>.self)
      a = vdotq_s32(a, w.a, x)
      b = vdotq_s32(b, w.b, x)
      c = vdotq_s32(c, w.c, x)
      d = vdotq_s32(d, w.d, x)
    }
  }

  /// One token's results so far, four rows each.
  private struct Sums {
    var a = Floats.zero, b = Floats.zero, c = Floats.zero, d = Floats.zero

    /// Adds a block's products times the rows' and the token's scales.
    @inline(__always)
    mutating func add(_ dots: Dots, _ rowScales: UnsafePointer<UInt16>, _ scale: Float) {
      let token = Floats(repeating: scale)
      a = fma(vcvtq_f32_s32(dots.a), load(rowScales) * token, a)
      b = fma(vcvtq_f32_s32(dots.b), load(rowScales + 4) * token, b)
      c = fma(vcvtq_f32_s32(dots.c), load(rowScales + 8) * token, c)
      d = fma(vcvtq_f32_s32(dots.d), load(rowScales + 12) * token, d)
    }

    /// Begins with what the output holds.
    @inline(__always)
    mutating func read(_ out: UnsafePointer<Float>, _ rows: Int) {
      (a, b) = (load(out, rows), load(out + 4, rows - 4))
      (c, d) = (load(out + 8, rows - 8), load(out + 12, rows - 12))
    }

    @inline(__always)
    mutating func add(_ other: Sums) {
      a += other.a
      b += other.b
      c += other.c
      d += other.d
    }

    @inline(__always)
    func write(_ out: UnsafeMutablePointer<Float>, _ rows: Int) {
      store(a, out, rows)
      store(b, out + 4, rows - 4)
      store(c, out + 8, rows - 8)
      store(d, out + 12, rows - 12)
    }
  }
#endif
