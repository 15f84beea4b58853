#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.quantizeActivations`.
  public func quantizeActivations(
    _ x: UnsafePointer<Float>, _ columns: Int, _ precision: UInt32,
    _ values: UnsafeMutablePointer<Int8>, _ scales: UnsafeMutablePointer<Float>,
    _ offsets: UnsafeMutablePointer<Int32>
  ) -> Bool {
    var k = 0
    var block = 0
    var allFit = true
    while k < columns {
      let (a, b) = (load(x + k, columns - k), load(x + k + 8, columns - k - 8))
      let (c, d) = (load(x + k + 16, columns - k - 16), load(x + k + 24, columns - k - 24))
      // The bits of |x| are ordered as the numbers are, with NaN above infinity.
      let bits = _mm256_max_epu32(
        _mm256_max_epu32(magnitude(a), magnitude(b)), _mm256_max_epu32(magnitude(c), magnitude(d)))
      let scale = scale(of: maximum(bits), precision)
      scales[block] = scale
      allFit = allFit && scale <= largestScale
      // Where the scale has no inverse, the values are zero.
      let inverse = 1 / scale
      let usable = inverse > 0 && inverse < .infinity
      let factor = _mm256_set1_ps(inverse)
      let mask = _mm256_set1_epi32(usable ? -1 : 0)
      let (qa, qb) = (quantized(a, factor, mask), quantized(b, factor, mask))
      let (qc, qd) = (quantized(c, factor, mask), quantized(d, factor, mask))
      // Packing works within 128-bit halves; the permutation puts the groups of four in order.
      let bytes = _mm256_permutevar8x32_epi32(
        _mm256_packs_epi16(_mm256_packs_epi32(qa, qb), _mm256_packs_epi32(qc, qd)),
        _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))
      UnsafeMutableRawPointer(values + k).storeBytes(of: bytes, as: __m256i.self)
      let sum = _mm256_add_epi32(_mm256_add_epi32(qa, qb), _mm256_add_epi32(qc, qd))
      offsets[block] = -128 &* total(sum)
      k += 32
      block += 1
    }
    return allFit
  }

  /// `ScalePrecision.largest`.
  private let largestScale: Float = 0x1p111

  /// The scale of a block whose largest magnitude has these bits.
  @inline(__always)
  private func scale(of largest: UInt32, _ precision: UInt32) -> Float {
    let scale = Float(bitPattern: largest) / 127
    if precision == 0 || scale.isNaN { return scale }
    // A mantissa carries into the exponent.
    return max(Float(bitPattern: (scale.bitPattern &+ precision) & ~precision), 0x1p-102)
  }

  @inline(__always)
  private func magnitude(_ x: __m256) -> __m256i {
    _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(0x7fff_ffff))
  }

  @inline(__always)
  private func quantized(_ x: __m256, _ factor: __m256, _ mask: __m256i) -> __m256i {
    _mm256_and_si256(_mm256_cvtps_epi32(_mm256_mul_ps(x, factor)), mask)
  }

  @inline(__always)
  private func maximum(_ x: __m256i) -> UInt32 {
    var m = _mm_max_epu32(_mm256_castsi256_si128(x), janus_mm256_high_si256(x))
    m = _mm_max_epu32(m, _mm_unpackhi_epi64(m, m))
    m = _mm_max_epu32(m, _mm_srli_epi64(m, 32))
    return UInt32(bitPattern: _mm_cvtsi128_si32(m))
  }

  @inline(__always)
  private func total(_ x: __m256i) -> Int32 {
    var s = _mm_add_epi32(_mm256_castsi256_si128(x), janus_mm256_high_si256(x))
    s = _mm_add_epi32(s, _mm_unpackhi_epi64(s, s))
    s = _mm_add_epi32(s, _mm_srli_epi64(s, 32))
    return _mm_cvtsi128_si32(s)
  }
#endif
