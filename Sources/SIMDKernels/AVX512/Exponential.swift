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

  /// erfc(z) for z ≥ 0, by the portable tier's method and with its error bound.
  @inline(__always)
  func complementaryError(_ z: __m512) -> __m512 {
    let one = _mm512_set1_ps(1)
    let t = _mm512_div_ps(one, _mm512_fmadd_ps(z, _mm512_set1_ps(0.5), one))
    var p = _mm512_set1_ps(0.152_171_28)
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(-0.720_157_56))
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(1.248_985))
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(-0.818_536_6))
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(0.020_350_49))
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(-0.051_861_517))
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(0.052_532_7))
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(0.382_924_56))
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(0.999_060_4))
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(-1.265_468_7))
    return _mm512_mul_ps(t, exponential(_mm512_fnmadd_ps(z, z, p)))
  }
#endif
