#if arch(arm64)
  import CIntrinsics

  /// eˣ, by the portable tier's method and with its error bound (3 · 2⁻²⁴).
  @inline(__always)
  func exponential(_ x: Floats) -> Floats {
    // Unlike x86's, these pass a NaN on.
    let clamped = vminq_f32(vmaxq_f32(x, Floats(repeating: -88)), Floats(repeating: 89))
    let n = vrndnq_f32(clamped * Floats(repeating: 1.442_695_04))
    var r = fma(n, Floats(repeating: -0.693_359_375), clamped)
    r = fma(n, Floats(repeating: 2.121_944_4e-4), r)
    var p = Floats(repeating: 1 / 5040)
    p = fma(p, r, 1 / 720)
    p = fma(p, r, 1 / 120)
    p = fma(p, r, 1 / 24)
    p = fma(p, r, 1 / 6)
    p = fma(p, r, 0.5)
    p = fma(p, r, 1)
    p = fma(p, r, 1)
    // 2¹²⁸ is beyond Float: scale in two steps.
    let exponent = vcvtnq_s32_f32(n)
    let half = exponent &>> 1
    p *= powerOfTwo(half)
    p *= powerOfTwo(exponent &- half)
    return p.replacing(with: 0, where: x .< -87.33)
  }

  @inline(__always)
  private func powerOfTwo(_ n: SIMD4<Int32>) -> Floats {
    unsafeBitCast((n &+ 127) &<< 23, to: Floats.self)
  }

  /// The normal distribution's upper tail of x ≥ 0, by the portable tier's method and with its error
  /// bound.
  @inline(__always)
  func upperTail(_ x: Floats) -> Floats {
    let interval = vcvtq_s32_f32(x * Floats(repeating: 4 / 3))
    let r = x - fma(vcvtq_f32_s32(interval), Floats(repeating: 0.75), 0.375)
    // The four bytes of an interval's float.
    let places = (interval & 7) &* 0x0404_0404 &+ 0x0302_0100
    @inline(__always) func coefficient(_ degree: Int) -> Floats {
      let ofIntervals = UnsafeRawPointer(janus_upper_tail() + degree * 8)
        .loadUnaligned(as: uint8x16x2_t.self)
      return unsafeBitCast(
        vqtbl2q_u8(ofIntervals, unsafeBitCast(places, to: SIMD16<UInt8>.self)), to: Floats.self)
    }
    var p = coefficient(7)
    p = fma(p, r, coefficient(6))
    p = fma(p, r, coefficient(5))
    p = fma(p, r, coefficient(4))
    p = fma(p, r, coefficient(3))
    p = fma(p, r, coefficient(2))
    p = fma(p, r, coefficient(1))
    p = fma(p, r, coefficient(0))
    return Floats.zero.replacing(with: p, where: x .< 6)
  }
#endif
