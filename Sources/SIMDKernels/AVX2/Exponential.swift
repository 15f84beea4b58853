#if arch(x86_64)
  import CIntrinsics

  /// eˣ, by the portable tier's method and with its error bound (3 · 2⁻²⁴).
  @inline(__always)
  func exponential(_ x: __m256) -> __m256 {
    // NaN must pass: `min` and `max` return their second operand where one is NaN.
    let clamped = _mm256_max_ps(
      _mm256_set1_ps(-88), _mm256_min_ps(_mm256_set1_ps(89), x))
    let toInteger = _mm256_set1_ps(0x1.8p23)
    let n = _mm256_sub_ps(
      _mm256_fmadd_ps(clamped, _mm256_set1_ps(1.442_695_04), toInteger), toInteger)
    var r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693_359_375), clamped)
    r = _mm256_fmadd_ps(n, _mm256_set1_ps(2.121_944_4e-4), r)
    var p = _mm256_set1_ps(1 / 5040)
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1 / 720))
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1 / 120))
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1 / 24))
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1 / 6))
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0.5))
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1))
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1))
    // 2¹²⁸ is beyond Float: scale in two steps.
    let exponent = _mm256_cvtps_epi32(n)
    let half = _mm256_srai_epi32(exponent, 1)
    p = _mm256_mul_ps(p, powerOfTwo(half))
    p = _mm256_mul_ps(p, powerOfTwo(_mm256_sub_epi32(exponent, half)))
    return _mm256_and_ps(p, janus_mm256_not_below_ps(x, _mm256_set1_ps(-87.33)))
  }

  @inline(__always)
  private func powerOfTwo(_ n: __m256i) -> __m256 {
    _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23))
  }

  /// The normal distribution's upper tail of x ≥ 0, by the portable tier's method and with its error
  /// bound.
  @inline(__always)
  func upperTail(_ x: __m256) -> __m256 {
    let interval = _mm256_cvttps_epi32(_mm256_mul_ps(x, _mm256_set1_ps(4 / 3)))
    let middle = _mm256_fmadd_ps(
      _mm256_cvtepi32_ps(interval), _mm256_set1_ps(0.75), _mm256_set1_ps(0.375))
    let r = _mm256_sub_ps(x, middle)
    @inline(__always) func coefficient(_ degree: Int) -> __m256 {
      _mm256_permutevar8x32_ps(_mm256_loadu_ps(janus_upper_tail() + degree * 8), interval)
    }
    var p = coefficient(7)
    p = _mm256_fmadd_ps(p, r, coefficient(6))
    p = _mm256_fmadd_ps(p, r, coefficient(5))
    p = _mm256_fmadd_ps(p, r, coefficient(4))
    p = _mm256_fmadd_ps(p, r, coefficient(3))
    p = _mm256_fmadd_ps(p, r, coefficient(2))
    p = _mm256_fmadd_ps(p, r, coefficient(1))
    p = _mm256_fmadd_ps(p, r, coefficient(0))
    return _mm256_and_ps(p, janus_mm256_above_ps(_mm256_set1_ps(6), x))
  }
#endif
