#if arch(arm64)
  import CIntrinsics

  /// Multiply-accumulates in a round of `integerPeak`: 16 independent sums hide the latency.
  public let productsPerRound = 16 * 16

  /// `Kernels.integerPeak`.
  public func integerPeak(_ rounds: Int) -> Int32 {
    let a = SIMD16<Int8>(repeating: 5)
    var w = SIMD16<Int8>(repeating: 3)
    var s0 = SIMD4<Int32>(repeating: 0)
    var s1 = SIMD4<Int32>(repeating: 1)
    var s2 = SIMD4<Int32>(repeating: 2)
    var s3 = SIMD4<Int32>(repeating: 3)
    var s4 = SIMD4<Int32>(repeating: 4)
    var s5 = SIMD4<Int32>(repeating: 5)
    var s6 = SIMD4<Int32>(repeating: 6)
    var s7 = SIMD4<Int32>(repeating: 7)
    var s8 = SIMD4<Int32>(repeating: 8)
    var s9 = SIMD4<Int32>(repeating: 9)
    var s10 = SIMD4<Int32>(repeating: 10)
    var s11 = SIMD4<Int32>(repeating: 11)
    var s12 = SIMD4<Int32>(repeating: 12)
    var s13 = SIMD4<Int32>(repeating: 13)
    var s14 = SIMD4<Int32>(repeating: 14)
    var s15 = SIMD4<Int32>(repeating: 15)
    for round in 0..<rounds {
      // A new operand each round keeps the compiler from folding the loop.
      w ^= SIMD16(repeating: Int8(truncatingIfNeeded: round))
      s0 = vdotq_s32(s0, w, a)
      s1 = vdotq_s32(s1, w, a)
      s2 = vdotq_s32(s2, w, a)
      s3 = vdotq_s32(s3, w, a)
      s4 = vdotq_s32(s4, w, a)
      s5 = vdotq_s32(s5, w, a)
      s6 = vdotq_s32(s6, w, a)
      s7 = vdotq_s32(s7, w, a)
      s8 = vdotq_s32(s8, w, a)
      s9 = vdotq_s32(s9, w, a)
      s10 = vdotq_s32(s10, w, a)
      s11 = vdotq_s32(s11, w, a)
      s12 = vdotq_s32(s12, w, a)
      s13 = vdotq_s32(s13, w, a)
      s14 = vdotq_s32(s14, w, a)
      s15 = vdotq_s32(s15, w, a)
    }
    s0 &+= s8
    s1 &+= s9
    s2 &+= s10
    s3 &+= s11
    s4 &+= s12
    s5 &+= s13
    s6 &+= s14
    s7 &+= s15
    s0 &+= s4
    s1 &+= s5
    s2 &+= s6
    s3 &+= s7
    s0 &+= s2
    s1 &+= s3
    s0 &+= s1
    return vaddvq_s32(s0)
  }
#endif
