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
    // 2¹²⁸ is no number: scale in two steps.
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

  /// erfc(z) for z ≥ 0, by the portable tier's method and with its error bound.
  @inline(__always)
  func complementaryError(_ z: Floats) -> Floats {
    let t = Floats(repeating: 1) / fma(z, Floats(repeating: 0.5), 1)
    var p = Floats(repeating: 0.152_171_28)
    p = fma(p, t, -0.720_157_56)
    p = fma(p, t, 1.248_985)
    p = fma(p, t, -0.818_536_6)
    p = fma(p, t, 0.020_350_49)
    p = fma(p, t, -0.051_861_517)
    p = fma(p, t, 0.052_532_7)
    p = fma(p, t, 0.382_924_56)
    p = fma(p, t, 0.999_060_4)
    p = fma(p, t, -1.265_468_7)
    return t * exponential(vfmsq_f32(p, z, z))
  }
#endif
