#if arch(x86_64)
  import CIntrinsics

  // Attention's two products in bf16: `vdpbf16ps` takes two steps of a sum in the time of one fused
  // multiply-add. It adds the product of the upper halves first. So the right matrix is stored in
  // pairs of rows, with the first row in the upper halves.

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
      // Compiled twice: whole tiles need no masks, which cost instructions.
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
    var first = UnsafeRawPointer(halves)
    for _ in 0..<rows / 2 {
      let second = Line(first + 2 * stride, .f16, lanes)
      Line(first, .f16, lanes).storePairs(with: second, place)
      place += 256
      first += 4 * stride
    }
    if rows & 1 != 0 {
      Line(first, .f16, lanes).storePairs(with: Line(), place)
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

  extension Line {
    /// Writes 64 pairs of bf16: this line in the upper halves, another in the lower halves. (bf16
    /// is the upper half of a float.)
    @inline(__always)
    fileprivate func storePairs(with other: Line, _ place: UnsafeMutableRawPointer) {
      place.storeBytes(of: pairs(s0, other.s0), as: __m512i.self)
      place.storeBytes(of: pairs(s1, other.s1), toByteOffset: 64, as: __m512i.self)
      place.storeBytes(of: pairs(s2, other.s2), toByteOffset: 128, as: __m512i.self)
      place.storeBytes(of: pairs(s3, other.s3), toByteOffset: 192, as: __m512i.self)
    }

    @inline(__always)
    private func pairs(_ upper: __m512, _ lower: __m512) -> __m512i {
      _mm512_mask_blend_epi16(
        0xaaaa_aaaa, _mm512_srli_epi32(_mm512_castps_si512(lower), 16), _mm512_castps_si512(upper))
    }
  }
#endif
