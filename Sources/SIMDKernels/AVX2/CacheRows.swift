#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.quantizeRow`.
  public func quantizeRow(
    _ x: UnsafePointer<Float>, _ count: Int, _ values: UnsafeMutablePointer<Int8>
  ) -> Float {
    // The bits of |x| are ordered as the numbers are, with NaN above infinity.
    var bits = _mm256_setzero_si256()
    for k in stride(from: 0, to: count, by: 8) {
      let x = _mm256_castps_si256(load(x + k, count - k))
      bits = _mm256_max_epu32(bits, _mm256_and_si256(x, _mm256_set1_epi32(0x7fff_ffff)))
    }
    var four = _mm_max_epu32(_mm256_castsi256_si128(bits), janus_mm256_high_si256(bits))
    four = _mm_max_epu32(four, _mm_unpackhi_epi64(four, four))
    four = _mm_max_epu32(four, _mm_srli_epi64(four, 32))
    let largest = Float(bitPattern: UInt32(bitPattern: _mm_cvtsi128_si32(four)))
    let inverse = 127 / largest
    guard largest.isFinite, inverse.isFinite else {
      values.update(repeating: 0, count: (count + 31) / 32 * 32)
      return largest.isFinite ? 0 : largest
    }
    var best = (gain: -1.0, level: Int32(127), scale: Float(0))
    for level in stride(from: Int32(127), through: 113, by: -2) {
      var (products, squares) = (_mm256_setzero_si256(), _mm256_setzero_si256())
      for k in stride(from: 0, to: count, by: 8) {
        let fine = fineLevels(load(x + k, count - k), inverse)
        let coarse = coarseLevels(fine, level)
        products = _mm256_add_epi32(products, _mm256_mullo_epi32(fine, coarse))
        squares = _mm256_add_epi32(squares, _mm256_mullo_epi32(coarse, coarse))
      }
      let (product, square) = (Double(wideSum(products)), Double(wideSum(squares)))
      let gain = product * product / square
      if gain > best.gain {
        best = (gain, level, Float(Double(largest) / 32_512 * product / square))
      }
    }
    for k in stride(from: 0, to: count, by: 32) {
      let (a, b) = (
        levels(x, k, count, inverse, best.level), levels(x, k + 8, count, inverse, best.level)
      )
      let (c, d) = (
        levels(x, k + 16, count, inverse, best.level), levels(x, k + 24, count, inverse, best.level)
      )
      // Packing works within 128-bit halves; the permutation puts the groups of four in order.
      let bytes = _mm256_permutevar8x32_epi32(
        _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d)),
        _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))
      UnsafeMutableRawPointer(values + k).storeBytes(of: bytes, as: __m256i.self)
    }
    return best.scale
  }

  /// Eight levels from element `k` of `count`.
  @inline(__always)
  private func levels(
    _ x: UnsafePointer<Float>, _ k: Int, _ count: Int, _ inverse: Float, _ level: Int32
  ) -> __m256i {
    coarseLevels(fineLevels(load(x + k, count - k), inverse), level)
  }

  @inline(__always)
  private func fineLevels(_ x: __m256, _ inverse: Float) -> __m256i {
    let y = _mm256_mul_ps(x, _mm256_set1_ps(inverse))
    let clamped = _mm256_max_ps(_mm256_min_ps(y, _mm256_set1_ps(127)), _mm256_set1_ps(-127))
    return _mm256_cvtps_epi32(_mm256_mul_ps(clamped, _mm256_set1_ps(256)))
  }

  @inline(__always)
  private func coarseLevels(_ fine: __m256i, _ level: Int32) -> __m256i {
    _mm256_cvtps_epi32(
      _mm256_mul_ps(_mm256_cvtepi32_ps(fine), _mm256_set1_ps(Float(level) / 32_512)))
  }

  /// The sum of eight lanes, which may not fit into one.
  @inline(__always)
  private func wideSum(_ x: __m256i) -> Int64 {
    let four = _mm256_add_epi64(
      _mm256_cvtepi32_epi64(_mm256_castsi256_si128(x)),
      _mm256_cvtepi32_epi64(janus_mm256_high_si256(x)))
    let two = _mm_add_epi64(_mm256_castsi256_si128(four), janus_mm256_high_si256(four))
    return _mm_cvtsi128_si64(_mm_add_epi64(two, _mm_unpackhi_epi64(two, two)))
  }
#endif
