#if arch(x86_64)
  import CIntrinsics

  // Attention's two products in bf16: `vdpbf16ps` takes two steps of a sum in the time of one fused
  // multiply-add, the one in the upper half of a pair first. So the right matrix lies in pairs of rows,
  // the first one in the upper halves.

  /// Columns of a tile of packed pairs.
  private let tileColumns = 64

  /// `BF16Attention.round`.
  public func roundToBF16(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
    forEachVector(count) { i, lanes in
      let halves = _mm512_castsi512_si256(
        janus_mm512_cvtne2ps_pbh(_mm512_setzero_ps(), load(x + i, lanes)))
      store(
        _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16)), x + i, lanes)
    }
  }

  /// `BF16Attention.packRow`.
  public func packRow(
    _ x: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutablePointer<UInt16>
  ) {
    let whole = count & ~31
    for i in stride(from: 0, to: whole, by: 32) {
      let pairs = janus_mm512_cvtne2ps_pbh(load(x + i + 16), load(x + i))
      _mm512_storeu_si512(out + i, janus_mm512_swap_halves(pairs))
    }
    if whole < count {
      let rest = count - whole
      let pairs = janus_mm512_cvtne2ps_pbh(
        load(x + whole + 16, firstLanes(rest - 16)), load(x + whole, firstLanes(rest)))
      _mm512_mask_storeu_epi32(
        out + whole, firstLanes((rest + 1) / 2), janus_mm512_swap_halves(pairs))
    }
  }

  /// `BF16Attention.pack`.
  public func packPairs(
    _ halves: UnsafePointer<UInt16>, _ stride: Int, _ rows: Int, _ columns: Int,
    _ out: UnsafeMutablePointer<UInt16>
  ) {
    var place = UnsafeMutableRawPointer(out)
    for column in Swift.stride(from: 0, to: columns, by: tileColumns) {
      // Compiled twice: masks cost instructions, which whole tiles go without.
      if columns - column >= tileColumns {
        pack(halves + column, stride, rows, Quarters(tileColumns), &place)
      } else {
        pack(halves + column, stride, rows, Quarters(columns - column), &place)
      }
    }
  }

  /// A tile of up to 64 columns.
  @inline(__always)
  private func pack(
    _ halves: UnsafePointer<UInt16>, _ stride: Int, _ rows: Int, _ lanes: Quarters,
    _ place: inout UnsafeMutableRawPointer
  ) {
    var first = halves
    for _ in 0..<rows / 2 {
      PairLine(first, first + stride, lanes).store(place)
      place += 256
      first += 2 * stride
    }
    if rows & 1 != 0 {
      PairLine(first, nil, lanes).store(place)
      place += 256
    }
  }

  /// `BF16Attention.product`.
  public func multiplyPairs(
    _ left: UnsafePointer<UInt16>, _ leftStride: Int, _ rows: Int,
    _ pairs: UnsafePointer<UInt16>, _ steps: Int, _ columns: Int, _ scale: Float,
    _ adding: Bool, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
  ) {
    // A pair is where a float would be.
    let left = UnsafeRawPointer(left).assumingMemoryBound(to: Float.self)
    let pairSteps = (steps + 1) / 2
    var right = UnsafeRawPointer(pairs)
    for column in stride(from: 0, to: columns, by: tileColumns) {
      let product = Product(
        left: left, leftStride: leftStride / 2, right: right, rightStride: tileColumns,
        element: .pairs, steps: pairSteps, lanes: Quarters(columns - column), out: out + column,
        outStride: outStride)
      product.run(rows, scale: adding ? nil : scale)
      right += pairSteps * 256
    }
  }

  /// 64 pairs of bf16.
  private struct PairLine {
    let p0, p1, p2, p3: __m512i

    @inline(__always)
    func store(_ place: UnsafeMutableRawPointer) {
      place.storeBytes(of: p0, as: __m512i.self)
      place.storeBytes(of: p1, toByteOffset: 64, as: __m512i.self)
      place.storeBytes(of: p2, toByteOffset: 128, as: __m512i.self)
      place.storeBytes(of: p3, toByteOffset: 192, as: __m512i.self)
    }

    /// Pairs of two rows of halves, or of one row and zeros. bf16 are the upper halves of floats.
    @inline(__always)
    init(
      _ first: UnsafePointer<UInt16>, _ second: UnsafePointer<UInt16>?, _ lanes: Quarters
    ) {
      p0 = pairs(first, second, lanes.m0)
      p1 = pairs(first + 16, second.map { $0 + 16 }, lanes.m1)
      p2 = pairs(first + 32, second.map { $0 + 32 }, lanes.m2)
      p3 = pairs(first + 48, second.map { $0 + 48 }, lanes.m3)
    }
  }

  @inline(__always)
  private func pairs(
    _ first: UnsafePointer<UInt16>, _ second: UnsafePointer<UInt16>?, _ lanes: __mmask16
  ) -> __m512i {
    let high = load(first, lanes)
    let low = second.map { load($0, lanes) } ?? _mm512_setzero_ps()
    return _mm512_mask_blend_epi16(
      0xaaaa_aaaa, _mm512_srli_epi32(_mm512_castps_si512(low), 16), _mm512_castps_si512(high))
  }
#endif
