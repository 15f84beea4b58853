#if arch(x86_64)
  import CIntrinsics

  /// Multiply-accumulates in a round of `integerPeak`: eight independent sums.
  public let productsPerRound = 8 * 64

  /// `Kernels.integerPeak`.
  public func integerPeak(_ rounds: Int) -> Int32 {
    let a = _mm256_set1_epi8(5)
    var w = _mm256_set1_epi8(3)
    var s0 = _mm256_set1_epi32(0)
    var s1 = _mm256_set1_epi32(1)
    var s2 = _mm256_set1_epi32(2)
    var s3 = _mm256_set1_epi32(3)
    var s4 = _mm256_set1_epi32(4)
    var s5 = _mm256_set1_epi32(5)
    var s6 = _mm256_set1_epi32(6)
    var s7 = _mm256_set1_epi32(7)
    for round in 0..<rounds {
      // A new operand each round keeps the compiler from folding the loop.
      w = _mm256_xor_si256(w, _mm256_set1_epi32(Int32(truncatingIfNeeded: round)))
      s0 = adding(s0, w, a)
      s1 = adding(s1, w, a)
      s2 = adding(s2, w, a)
      s3 = adding(s3, w, a)
      s4 = adding(s4, w, a)
      s5 = adding(s5, w, a)
      s6 = adding(s6, w, a)
      s7 = adding(s7, w, a)
    }
    s0 = _mm256_add_epi32(s0, s4)
    s1 = _mm256_add_epi32(s1, s5)
    s2 = _mm256_add_epi32(s2, s6)
    s3 = _mm256_add_epi32(s3, s7)
    s0 = _mm256_add_epi32(s0, s2)
    s1 = _mm256_add_epi32(s1, s3)
    s0 = _mm256_add_epi32(s0, s1)
    return _mm_cvtsi128_si32(_mm256_castsi256_si128(s0))
  }

  /// The products of int4 panels, which take fewer instructions than those of int8 ones. The sums
  /// differ, so that the compiler cannot compute one for all.
  @inline(__always)
  private func adding(_ sum: __m256i, _ w: __m256i, _ a: __m256i) -> __m256i {
    let x = _mm256_xor_si256(a, sum)
    let pairs = _mm256_add_epi16(_mm256_maddubs_epi16(w, x), _mm256_maddubs_epi16(a, x))
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
  }
#endif
