#if arch(x86_64)
  import CIntrinsics

  // For one block most of the work is to find the maximum across lanes. So it is found for sixteen
  // blocks at once, or for four.

  /// `Kernels.quantizeActivations`.
  public func quantizeActivations(
    _ x: UnsafePointer<Float>, _ columns: Int, _ precision: UInt32,
    _ values: UnsafeMutablePointer<Int8>, _ scales: UnsafeMutablePointer<Float>,
    _ offsets: UnsafeMutablePointer<Int32>
  ) -> Bool {
    var most = _mm512_setzero_si512()
    var k = 0
    while k + 512 <= columns,
      let sixteen = quantizeSixteen(x + k, precision, values + k, scales + k / 32, offsets + k / 32)
    {
      most = _mm512_max_epu32(most, sixteen)
      k += 512
    }
    while k + 128 <= columns {
      let four = quantizeFour(
        x + k, 128, precision, values + k, scales + k / 32, offsets + k / 32)
      most = _mm512_max_epu32(most, four)
      k += 128
    }
    if k < columns {
      let four = quantizeFour(
        x + k, columns - k, precision, values + k, scales + k / 32, offsets + k / 32)
      most = _mm512_max_epu32(most, four)
    }
    // The bits of 2¹¹¹, `ScalePrecision.largest`.
    return janus_mm512_above_epu32(most, _mm512_set1_epi32((127 + 111) << 23)) == 0
  }

  /// Sixteen blocks. Returns the bits of their scales. Where a scale has no inverse, returns nil
  /// and writes nothing. The values are read twice: a scale is known long after they were read, and
  /// keeping them in registers would leave few for other work.
  @inline(__always)
  private func quantizeSixteen(
    _ x: UnsafePointer<Float>, _ precision: UInt32, _ values: UnsafeMutablePointer<Int8>,
    _ scales: UnsafeMutablePointer<Float>, _ offsets: UnsafeMutablePointer<Int32>
  ) -> __m512i? {
    let largest = maximaOfSixteen({ ActivationBlock(x + $0 * 32, 32).largest }, _mm512_max_epu32)
    let (scale, inverse, usable) = steps(largest, precision)
    if usable != 0xffff { return nil }
    store(scale, scales)
    for four in 0..<4 {
      let x = x + four * 128
      let lane = Int32(four * 4)
      let ab = bytes(ActivationBlock(x, 32), ActivationBlock(x + 32, 32), inverse, lane)
      let cd = bytes(ActivationBlock(x + 64, 32), ActivationBlock(x + 96, 32), inverse, lane + 2)
      _mm512_mask_storeu_epi32(values + four * 128, 0xffff, ab)
      _mm512_mask_storeu_epi32(values + four * 128 + 64, 0xffff, cd)
      _mm_mask_storeu_epi32(offsets + four * 4, 0xf, _mm512_castsi512_si128(offset(ab, cd)))
    }
    return _mm512_castps_si512(scale)
  }

  /// The largest values of sixteen blocks; `part` gives the larger ones of each block's halves.
  @inline(__always)
  func maximaOfSixteen(
    _ part: (Int) -> __m512i, _ larger: (__m512i, __m512i) -> __m512i
  ) -> __m512i {
    @inline(__always) func four(_ first: Int) -> __m512i {
      maximaOfFour(part(first), part(first + 1), part(first + 2), part(first + 3), larger)
    }
    /// The larger of neighbouring groups of four lanes: those of `a` in the lower half, those of
    /// `b` in the upper.
    @inline(__always) func halves(_ a: __m512i, _ b: __m512i) -> __m512i {
      larger(
        _mm512_permutex2var_epi64(a, _mm512_set_epi64(13, 12, 9, 8, 5, 4, 1, 0), b),
        _mm512_permutex2var_epi64(a, _mm512_set_epi64(15, 14, 11, 10, 7, 6, 3, 2), b))
    }
    return halves(halves(four(0), four(4)), halves(four(8), four(12)))
  }

  /// The largest values of four blocks, in the lanes 0, 1, 2, 3 of each group of four; each group
  /// covers a quarter of the values.
  @inline(__always)
  private func maximaOfFour(
    _ a: __m512i, _ b: __m512i, _ c: __m512i, _ d: __m512i,
    _ larger: (__m512i, __m512i) -> __m512i
  ) -> __m512i {
    let ab = larger(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b))
    let cd = larger(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d))
    return larger(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd))
  }

  /// Scales for largest magnitudes, their inverses, and a mask of those that have an inverse.
  @inline(__always)
  func steps(
    _ largest: __m512i, _ precision: UInt32
  ) -> (scale: __m512, inverse: __m512, usable: __mmask16) {
    var scale = _mm512_div_ps(_mm512_castsi512_ps(largest), _mm512_set1_ps(127))
    if precision != 0 { scale = rounded(up: scale, precision) }
    let inverse = _mm512_div_ps(_mm512_set1_ps(1), scale)
    let usable =
      janus_mm512_above_ps(inverse, _mm512_setzero_ps())
      & janus_mm512_above_ps(_mm512_set1_ps(.infinity), inverse)
    return (scale, inverse, usable)
  }

  /// Up to four blocks. `count` is a literal for whole blocks. Returns the bits of their scales.
  @inline(__always)
  private func quantizeFour(
    _ x: UnsafePointer<Float>, _ count: Int, _ precision: UInt32,
    _ values: UnsafeMutablePointer<Int8>, _ scales: UnsafeMutablePointer<Float>,
    _ offsets: UnsafeMutablePointer<Int32>
  ) -> __m512i {
    var a = ActivationBlock(x, count)
    var b = ActivationBlock(x + 32, count - 32)
    var c = ActivationBlock(x + 64, count - 64)
    var d = ActivationBlock(x + 96, count - 96)
    // Each group of four lanes has its own maxima so far.
    var largest = maximaOfFour(
      a.largest, b.largest, c.largest, d.largest, _mm512_max_epu32)
    largest = _mm512_max_epu32(largest, _mm512_permutexvar_epi64(swappedHalves, largest))
    largest = _mm512_max_epu32(largest, _mm512_permutexvar_epi64(swappedFours, largest))
    let (scale, inverse, usable) = steps(largest, precision)
    // Where the scale has no inverse, the values are zero.
    if usable != 0xffff {
      if usable & 1 == 0 { a = ActivationBlock() }
      if usable & 2 == 0 { b = ActivationBlock() }
      if usable & 4 == 0 { c = ActivationBlock() }
      if usable & 8 == 0 { d = ActivationBlock() }
    }
    let factors = _mm512_maskz_mov_ps(usable, inverse)
    let (ab, cd) = (bytes(a, b, factors, 0), bytes(c, d, factors, 2))

    let blocks = (count + 31) / 32
    _mm512_mask_storeu_epi32(values, firstLanes(blocks * 8), ab)
    _mm512_mask_storeu_epi32(values + 64, firstLanes(blocks * 8 - 16), cd)
    let first = __mmask8(truncatingIfNeeded: firstLanes(blocks)) & 0xf
    _mm_mask_storeu_ps(scales, first, _mm512_castps512_ps128(scale))
    _mm_mask_storeu_epi32(offsets, first, _mm512_castsi512_si128(offset(ab, cd)))
    return _mm512_castps_si512(scale)
  }

  struct ActivationBlock {
    let low, high: __m512

    @inline(__always)
    init(low: __m512, high: __m512) {
      self.low = low
      self.high = high
    }

    @inline(__always)
    init() {
      low = _mm512_setzero_ps()
      high = low
    }

    @inline(__always)
    init(_ x: UnsafePointer<Float>, _ count: Int) {
      low = load(x, firstLanes(count))
      high = load(x + 16, firstLanes(count - 16))
    }

    /// The larger of |x|, compared by their bits, which are ordered as the numbers are, with NaN
    /// above infinity.
    @inline(__always)
    var largest: __m512i {
      let magnitude = _mm512_set1_epi32(0x7fff_ffff)
      return _mm512_max_epu32(
        _mm512_and_si512(_mm512_castps_si512(low), magnitude),
        _mm512_and_si512(_mm512_castps_si512(high), magnitude))
    }
  }

  /// `scale` rounded up to `precision`, and at least 2⁻¹⁰². NaN stays NaN.
  @inline(__always)
  private func rounded(up scale: __m512, _ precision: UInt32) -> __m512 {
    let bits = _mm512_set1_epi32(Int32(bitPattern: precision))
    // A mantissa carries into the exponent.
    let above = _mm512_andnot_si512(
      bits, _mm512_add_epi32(_mm512_castps_si512(scale), bits))
    let rounded = _mm512_max_ps(_mm512_castsi512_ps(above), _mm512_set1_ps(0x1p-102))
    let numbers = janus_mm512_above_ps(scale, _mm512_set1_ps(-1))
    return _mm512_mask_blend_ps(numbers, scale, rounded)
  }

  /// Two blocks in int8; their inverse scales are the lanes `lane` and `lane + 1`.
  @inline(__always)
  private func bytes(
    _ a: ActivationBlock, _ b: ActivationBlock, _ factors: __m512, _ lane: Int32
  ) -> __m512i {
    bytes(
      a, _mm512_permutexvar_ps(_mm512_set1_epi32(lane), factors), b,
      _mm512_permutexvar_ps(_mm512_set1_epi32(lane + 1), factors))
  }

  /// Two blocks in int8: `a` times `p` and `b` times `q`.
  @inline(__always)
  func bytes(
    _ a: ActivationBlock, _ p: __m512, _ b: ActivationBlock, _ q: __m512
  ) -> __m512i {
    let packed = _mm512_packs_epi16(
      _mm512_packs_epi32(
        _mm512_cvtps_epi32(_mm512_mul_ps(a.low, p)), _mm512_cvtps_epi32(_mm512_mul_ps(a.high, p))),
      _mm512_packs_epi32(
        _mm512_cvtps_epi32(_mm512_mul_ps(b.low, q)), _mm512_cvtps_epi32(_mm512_mul_ps(b.high, q))))
    // Packing works within 128 bits; the permutation puts the groups of four in order.
    return _mm512_permutexvar_epi32(
      _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0), packed)
  }

  /// -128 times the sums of four blocks' values, in the first lanes.
  @inline(__always)
  func offset(_ ab: __m512i, _ cd: __m512i) -> __m512i {
    let factor = _mm512_set1_epi8(-128)  // 128, as it is read
    let p = _mm512_dpbusd_epi32(_mm512_setzero_si512(), factor, ab)
    let q = _mm512_dpbusd_epi32(_mm512_setzero_si512(), factor, cd)
    let pq = _mm512_add_epi32(_mm512_unpacklo_epi32(p, q), _mm512_unpackhi_epi32(p, q))
    var s = _mm512_permutexvar_epi32(
      _mm512_set_epi32(15, 7, 14, 6, 13, 5, 12, 4, 11, 3, 10, 2, 9, 1, 8, 0), pq)
    s = _mm512_add_epi32(s, _mm512_permutexvar_epi64(swappedHalves, s))
    s = _mm512_add_epi32(s, _mm512_permutexvar_epi64(swappedFours, s))
    return _mm512_sub_epi32(_mm512_setzero_si512(), s)
  }

  @inline(__always)
  private var swappedHalves: __m512i { _mm512_set_epi64(3, 2, 1, 0, 7, 6, 5, 4) }

  @inline(__always)
  private var swappedFours: __m512i { _mm512_set_epi64(5, 4, 7, 6, 1, 0, 3, 2) }
#endif
