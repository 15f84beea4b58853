#if arch(x86_64)
  import CIntrinsics

  /// eˣ, by the portable tier's method and with its error bound (3 · 2⁻²⁴).
  @inline(__always)
  func exponential(_ x: __m512) -> __m512 {
    // NaN must pass: `min` returns its second operand where one is NaN.
    let clamped = _mm512_min_ps(_mm512_set1_ps(89), x)
    let toInteger = _mm512_set1_ps(0x1.8p23)
    let n = _mm512_sub_ps(
      _mm512_fmadd_ps(clamped, _mm512_set1_ps(1.442_695_04), toInteger), toInteger)
    var r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693_359_375), clamped)
    r = _mm512_fmadd_ps(n, _mm512_set1_ps(2.121_944_4e-4), r)
    var p = _mm512_set1_ps(1 / 5040)
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1 / 720))
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1 / 120))
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1 / 24))
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1 / 6))
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.5))
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1))
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1))
    let normal = janus_mm512_not_below_ps(x, _mm512_set1_ps(-87.33))
    return _mm512_maskz_scalef_ps(normal, p, n)
  }

  /// 127/128 · e^(x - shift) for x up to `shift`, off by less than 2⁻¹⁸ and the error of the
  /// difference: softmax's numerators for `Kernels.quantizeExponentials`.
  ///
  /// 2^n · 2^r with |r| ≤ ½, for which a polynomial of the fourth degree suffices (the one with the
  /// smallest maximum of the relative error, 2⁻¹⁸·⁵).
  @inline(__always)
  func numerator(_ x: __m512, less shift: __m512) -> __m512 {
    let t = _mm512_mul_ps(_mm512_sub_ps(x, shift), _mm512_set1_ps(1.442_695_04))
    let toInteger = _mm512_set1_ps(0x1.8p23)
    let n = _mm512_sub_ps(_mm512_add_ps(t, toInteger), toInteger)
    let r = _mm512_sub_ps(t, n)
    var p = _mm512_set1_ps(0.009_495_335_53)
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.055_481_003_3))
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.238_370_515))
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.687_706_8))
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.992_186_767))
    return _mm512_scalef_ps(p, n)
  }

  /// The normal distribution's upper tail of x ≥ 0, by the portable tier's method and with its error
  /// bound.
  @inline(__always)
  func upperTail(_ x: __m512) -> __m512 {
    let interval = _mm512_cvttps_epi32(_mm512_mul_ps(x, _mm512_set1_ps(4 / 3)))
    let middle = _mm512_fmadd_ps(
      _mm512_cvtepi32_ps(interval), _mm512_set1_ps(0.75), _mm512_set1_ps(0.375))
    let r = _mm512_sub_ps(x, middle)
    @inline(__always) func coefficient(_ degree: Int) -> __m512 {
      let ofIntervals = _mm256_loadu_ps(janus_upper_tail() + degree * 8)
      return _mm512_permutexvar_ps(interval, _mm512_broadcast_f32x8(ofIntervals))
    }
    var p = coefficient(7)
    p = _mm512_fmadd_ps(p, r, coefficient(6))
    p = _mm512_fmadd_ps(p, r, coefficient(5))
    p = _mm512_fmadd_ps(p, r, coefficient(4))
    p = _mm512_fmadd_ps(p, r, coefficient(3))
    p = _mm512_fmadd_ps(p, r, coefficient(2))
    p = _mm512_fmadd_ps(p, r, coefficient(1))
    let known = janus_mm512_above_ps(_mm512_set1_ps(6), x)
    return _mm512_maskz_fmadd_ps(known, p, r, coefficient(0))
  }
#endif
