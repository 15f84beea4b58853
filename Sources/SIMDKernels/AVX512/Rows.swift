#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.dotRowsF32`.
  public func dotRowsF32(
    _ q: UnsafePointer<Float>, _ rows: UnsafePointer<Float>, _ stride: Int, _ count: Int,
    _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>
  ) {
    var i = 0
    while i + 4 <= count {
      let row = rows + i * stride
      var (a, b, c, d) = (zero, zero, zero, zero)
      for k in Swift.stride(from: 0, to: dim, by: 16) {
        let lanes = firstLanes(dim - k)
        let x = load(q + k, lanes)
        a = _mm512_fmadd_ps(x, load(row + k, lanes), a)
        b = _mm512_fmadd_ps(x, load(row + stride + k, lanes), b)
        c = _mm512_fmadd_ps(x, load(row + 2 * stride + k, lanes), c)
        d = _mm512_fmadd_ps(x, load(row + 3 * stride + k, lanes), d)
      }
      _mm_storeu_ps(out + i, _mm_mul_ps(sums(a, b, c, d), _mm_set1_ps(scale)))
      i += 4
    }
    while i < count {
      let row = rows + i * stride
      var a = zero
      for k in Swift.stride(from: 0, to: dim, by: 16) {
        let lanes = firstLanes(dim - k)
        a = _mm512_fmadd_ps(load(q + k, lanes), load(row + k, lanes), a)
      }
      out[i] = _mm_cvtss_f32(sums(a, zero, zero, zero)) * scale
      i += 1
    }
  }

  @inline(__always)
  private var zero: __m512 { _mm512_setzero_ps() }

  /// The four registers' sums across lanes, as four lanes.
  @inline(__always)
  private func sums(_ a: __m512, _ b: __m512, _ c: __m512, _ d: __m512) -> __m128 {
    let ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b))
    let cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d))
    let low = _mm512_castpd_ps(
      _mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd)))
    let high = _mm512_castpd_ps(
      _mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd)))
    let four = _mm512_add_ps(low, high)
    let two = _mm256_add_ps(_mm512_castps512_ps256(four), janus_mm512_high_ps(four))
    return _mm_add_ps(_mm256_castps256_ps128(two), janus_mm256_high_ps(two))
  }
#endif
