#if arch(x86_64)
  import CIntrinsics

  /// Multiply-accumulates in a round of `integerPeak`: 16 independent sums hide the latency.
  public let productsPerRound = 16 * 64

  /// `Kernels.integerPeak`.
  public func integerPeak(_ rounds: Int) -> Int32 {
    let a = _mm512_set1_epi8(5)
    var w = _mm512_set1_epi8(3)
    var s0 = _mm512_set1_epi32(0)
    var s1 = _mm512_set1_epi32(1)
    var s2 = _mm512_set1_epi32(2)
    var s3 = _mm512_set1_epi32(3)
    var s4 = _mm512_set1_epi32(4)
    var s5 = _mm512_set1_epi32(5)
    var s6 = _mm512_set1_epi32(6)
    var s7 = _mm512_set1_epi32(7)
    var s8 = _mm512_set1_epi32(8)
    var s9 = _mm512_set1_epi32(9)
    var s10 = _mm512_set1_epi32(10)
    var s11 = _mm512_set1_epi32(11)
    var s12 = _mm512_set1_epi32(12)
    var s13 = _mm512_set1_epi32(13)
    var s14 = _mm512_set1_epi32(14)
    var s15 = _mm512_set1_epi32(15)
    for round in 0..<rounds {
      // A new operand each round keeps the compiler from folding the loop.
      w = _mm512_xor_si512(w, _mm512_set1_epi32(Int32(truncatingIfNeeded: round)))
      s0 = _mm512_dpbusd_epi32(s0, w, a)
      s1 = _mm512_dpbusd_epi32(s1, w, a)
      s2 = _mm512_dpbusd_epi32(s2, w, a)
      s3 = _mm512_dpbusd_epi32(s3, w, a)
      s4 = _mm512_dpbusd_epi32(s4, w, a)
      s5 = _mm512_dpbusd_epi32(s5, w, a)
      s6 = _mm512_dpbusd_epi32(s6, w, a)
      s7 = _mm512_dpbusd_epi32(s7, w, a)
      s8 = _mm512_dpbusd_epi32(s8, w, a)
      s9 = _mm512_dpbusd_epi32(s9, w, a)
      s10 = _mm512_dpbusd_epi32(s10, w, a)
      s11 = _mm512_dpbusd_epi32(s11, w, a)
      s12 = _mm512_dpbusd_epi32(s12, w, a)
      s13 = _mm512_dpbusd_epi32(s13, w, a)
      s14 = _mm512_dpbusd_epi32(s14, w, a)
      s15 = _mm512_dpbusd_epi32(s15, w, a)
    }
    s0 = _mm512_add_epi32(s0, s8)
    s1 = _mm512_add_epi32(s1, s9)
    s2 = _mm512_add_epi32(s2, s10)
    s3 = _mm512_add_epi32(s3, s11)
    s4 = _mm512_add_epi32(s4, s12)
    s5 = _mm512_add_epi32(s5, s13)
    s6 = _mm512_add_epi32(s6, s14)
    s7 = _mm512_add_epi32(s7, s15)
    s0 = _mm512_add_epi32(s0, s4)
    s1 = _mm512_add_epi32(s1, s5)
    s2 = _mm512_add_epi32(s2, s6)
    s3 = _mm512_add_epi32(s3, s7)
    s0 = _mm512_add_epi32(s0, s2)
    s1 = _mm512_add_epi32(s1, s3)
    s0 = _mm512_add_epi32(s0, s1)
    return _mm512_reduce_add_epi32(s0)
  }
#endif
