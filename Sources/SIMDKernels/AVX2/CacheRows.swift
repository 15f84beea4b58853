#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.quantizeRow`.
  public func quantizeRow(
    _ x: UnsafePointer<Float>, _ count: Int, _ values: UnsafeMutablePointer<Int8>
  ) -> Float {
    // The order of the bits of |x| is the order of the numbers, with NaN above infinity.
    var largest = _mm256_setzero_si256()
    for k in stride(from: 0, to: count, by: 8) {
      let bits = _mm256_castps_si256(load(x + k, count - k))
      largest = _mm256_max_epu32(
        largest, _mm256_and_si256(bits, _mm256_set1_epi32(0x7fff_ffff)))
    }
    var four = _mm_max_epu32(_mm256_castsi256_si128(largest), janus_mm256_high_si256(largest))
    four = _mm_max_epu32(four, _mm_unpackhi_epi64(four, four))
    four = _mm_max_epu32(four, _mm_srli_epi64(four, 32))
    let scale = Float(bitPattern: UInt32(bitPattern: _mm_cvtsi128_si32(four))) / 127
    let usable = scale > 0 && scale < .infinity
    let divisor = _mm256_set1_ps(usable ? scale : 1)
    let mask = _mm256_set1_epi32(usable ? -1 : 0)
    for k in stride(from: 0, to: count, by: 32) {
      let left = count - k
      let a = rounded(load(x + k, left), divisor, mask)
      let b = rounded(load(x + k + 8, left - 8), divisor, mask)
      let c = rounded(load(x + k + 16, left - 16), divisor, mask)
      let d = rounded(load(x + k + 24, left - 24), divisor, mask)
      // Packing works within 128-bit halves; the permutation puts the groups of four in order.
      let bytes = _mm256_permutevar8x32_epi32(
        _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d)),
        _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))
      UnsafeMutableRawPointer(values + k).storeBytes(of: bytes, as: __m256i.self)
    }
    return scale
  }

  @inline(__always)
  private func rounded(_ x: __m256, _ divisor: __m256, _ mask: __m256i) -> __m256i {
    let y = _mm256_div_ps(x, divisor)
    let clamped = _mm256_max_ps(_mm256_min_ps(y, _mm256_set1_ps(127)), _mm256_set1_ps(-127))
    return _mm256_and_si256(_mm256_cvtps_epi32(clamped), mask)
  }
#endif
