#if arch(arm64)
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
    var codes = head + 64
    var values = UnsafeRawPointer(p.values + token * columns)
    var scales = p.scales + token * p.tokenStride
    let rows = p.rows - panel * 16
    let out = p.output + token * p.outputStride + panel * 16
    /// What a token's sums begin with, or what they are added to.
    @inline(__always) func start(_ token: Int) -> Sums {
      var sums = Sums()
      if p.adding { sums.read(out + token * p.outputStride, rows) }
      if let bias = p.bias {
        var b = Sums()
        b.read(bias + panel * 16, rows)
        sums.add(b)
      }
      return sums
    }
    var (s0, s1, s2, s3) = (Sums(), Sums(), Sums(), Sums())
    if !coded {
      s0 = start(0)
      if tokens > 1 { s1 = start(1) }
      if tokens > 2 { (s2, s3) = (start(2), start(3)) }
    }

    for block in 0..<p.blocks {
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
      var r = Sums()
      if coded { r.read(codes: codes) } else { r.read(halves: bytes + weightBytes) }
      s0.add(d0, r, scales[0])
      if tokens > 1 { s1.add(d1, r, scales[p.tokenStride]) }
      if tokens > 2 { s2.add(d2, r, scales[2 * p.tokenStride]) }
      if tokens > 2 { s3.add(d3, r, scales[3 * p.tokenStride]) }
      if coded {
        // Behind four blocks comes the next line of codes.
        let isLast = block & 3 == 3
        bytes += isLast ? weightBytes + 64 : weightBytes
        codes += isLast ? 4 * weightBytes + 16 : 16
      } else {
        bytes += weightBytes + 32
      }
      values += 32
      scales += 1
    }

    if coded {
      var r = Sums()
      r.read(head.assumingMemoryBound(to: Float.self), 16)
      s0.scale(by: r, addedTo: start(0))
      if tokens > 1 { s1.scale(by: r, addedTo: start(1)) }
      if tokens > 2 { s2.scale(by: r, addedTo: start(2)) }
      if tokens > 2 { s3.scale(by: r, addedTo: start(3)) }
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

    /// Adds a block's products times the rows' scales, or their codes, and the token's scale.
    @inline(__always)
    mutating func add(_ dots: Dots, _ rows: Sums, _ scale: Float) {
      let token = Floats(repeating: scale)
      a = fma(vcvtq_f32_s32(dots.a), rows.a * token, a)
      b = fma(vcvtq_f32_s32(dots.b), rows.b * token, b)
      c = fma(vcvtq_f32_s32(dots.c), rows.c * token, c)
      d = fma(vcvtq_f32_s32(dots.d), rows.d * token, d)
    }

    /// Multiplies by the rows' scales and adds what the results begin with.
    @inline(__always)
    mutating func scale(by rows: Sums, addedTo start: Sums) {
      a = fma(rows.a, a, start.a)
      b = fma(rows.b, b, start.b)
      c = fma(rows.c, c, start.c)
      d = fma(rows.d, d, start.d)
    }

    /// Sixteen f16 scales.
    @inline(__always)
    mutating func read(halves: UnsafeRawPointer) {
      let scales = halves.assumingMemoryBound(to: UInt16.self)
      (a, b) = (load(scales), load(scales + 4))
      (c, d) = (load(scales + 8), load(scales + 12))
    }

    /// Sixteen codes.
    @inline(__always)
    mutating func read(codes: UnsafeRawPointer) {
      let low = vmovl_s8(codes.loadUnaligned(as: SIMD8<Int8>.self))
      let high = vmovl_s8(codes.loadUnaligned(fromByteOffset: 8, as: SIMD8<Int8>.self))
      (a, b) = (vcvtq_f32_s32(vmovl_s16(low.lowHalf)), vcvtq_f32_s32(vmovl_s16(low.highHalf)))
      (c, d) = (vcvtq_f32_s32(vmovl_s16(high.lowHalf)), vcvtq_f32_s32(vmovl_s16(high.highHalf)))
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
