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
      for k in Swift.stride(from: 0, to: dim, by: 8) {
        let lanes = dim - k
        let x = load(q + k, lanes)
        a = _mm256_fmadd_ps(x, load(row + k, lanes), a)
        b = _mm256_fmadd_ps(x, load(row + stride + k, lanes), b)
        c = _mm256_fmadd_ps(x, load(row + 2 * stride + k, lanes), c)
        d = _mm256_fmadd_ps(x, load(row + 3 * stride + k, lanes), d)
      }
      _mm_storeu_ps(out + i, _mm_mul_ps(sums(a, b, c, d), _mm_set1_ps(scale)))
      i += 4
    }
    while i < count {
      let row = rows + i * stride
      var a = zero
      for k in Swift.stride(from: 0, to: dim, by: 8) {
        let lanes = dim - k
        a = _mm256_fmadd_ps(load(q + k, lanes), load(row + k, lanes), a)
      }
      out[i] = _mm_cvtss_f32(sums(a, zero, zero, zero)) * scale
      i += 1
    }
  }

  /// `Kernels.dotRowsF16`.
  public func dotRowsF16(
    _ q: UnsafePointer<Float>, _ rows: UnsafePointer<UInt16>, _ stride: Int, _ count: Int,
    _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>
  ) {
    var i = 0
    while i + 4 <= count {
      let row = rows + i * stride
      var (a, b, c, d) = (zero, zero, zero, zero)
      for k in Swift.stride(from: 0, to: dim, by: 8) {
        let lanes = dim - k
        let x = load(q + k, lanes)
        a = _mm256_fmadd_ps(x, load(row + k, lanes), a)
        b = _mm256_fmadd_ps(x, load(row + stride + k, lanes), b)
        c = _mm256_fmadd_ps(x, load(row + 2 * stride + k, lanes), c)
        d = _mm256_fmadd_ps(x, load(row + 3 * stride + k, lanes), d)
      }
      _mm_storeu_ps(out + i, _mm_mul_ps(sums(a, b, c, d), _mm_set1_ps(scale)))
      i += 4
    }
    while i < count {
      let row = rows + i * stride
      var a = zero
      for k in Swift.stride(from: 0, to: dim, by: 8) {
        let lanes = dim - k
        a = _mm256_fmadd_ps(load(q + k, lanes), load(row + k, lanes), a)
      }
      out[i] = _mm_cvtss_f32(sums(a, zero, zero, zero)) * scale
      i += 1
    }
  }

  /// `Kernels.sumRowsF32`.
  public func sumRowsF32(
    _ weights: UnsafePointer<Float>, _ rows: UnsafePointer<Float>, _ stride: Int,
    _ count: Int, _ dim: Int, _ out: UnsafeMutablePointer<Float>
  ) {
    var d = 0
    while d + 32 <= dim {
      var (s0, s1) = (load(out + d), load(out + d + 8))
      var (s2, s3) = (load(out + d + 16), load(out + d + 24))
      for i in 0..<count {
        let row = rows + i * stride + d
        let w = _mm256_set1_ps(weights[i])
        s0 = _mm256_fmadd_ps(w, load(row), s0)
        s1 = _mm256_fmadd_ps(w, load(row + 8), s1)
        s2 = _mm256_fmadd_ps(w, load(row + 16), s2)
        s3 = _mm256_fmadd_ps(w, load(row + 24), s3)
      }
      store(s0, out + d)
      store(s1, out + d + 8)
      store(s2, out + d + 16)
      store(s3, out + d + 24)
      d += 32
    }
    while d < dim {
      var sum = load(out + d, dim - d)
      for i in 0..<count {
        let row = rows + i * stride + d
        sum = _mm256_fmadd_ps(_mm256_set1_ps(weights[i]), load(row, dim - d), sum)
      }
      store(sum, out + d, dim - d)
      d += 8
    }
  }

  /// `Kernels.sumRowsF16`.
  public func sumRowsF16(
    _ weights: UnsafePointer<Float>, _ rows: UnsafePointer<UInt16>, _ stride: Int,
    _ count: Int, _ dim: Int, _ out: UnsafeMutablePointer<Float>
  ) {
    var d = 0
    while d + 32 <= dim {
      var (s0, s1) = (load(out + d), load(out + d + 8))
      var (s2, s3) = (load(out + d + 16), load(out + d + 24))
      for i in 0..<count {
        let row = rows + i * stride + d
        let w = _mm256_set1_ps(weights[i])
        s0 = _mm256_fmadd_ps(w, load(row), s0)
        s1 = _mm256_fmadd_ps(w, load(row + 8), s1)
        s2 = _mm256_fmadd_ps(w, load(row + 16), s2)
        s3 = _mm256_fmadd_ps(w, load(row + 24), s3)
      }
      store(s0, out + d)
      store(s1, out + d + 8)
      store(s2, out + d + 16)
      store(s3, out + d + 24)
      d += 32
    }
    while d < dim {
      var sum = load(out + d, dim - d)
      for i in 0..<count {
        let row = rows + i * stride + d
        sum = _mm256_fmadd_ps(_mm256_set1_ps(weights[i]), load(row, dim - d), sum)
      }
      store(sum, out + d, dim - d)
      d += 8
    }
  }

  @inline(__always)
  private var zero: __m256 { _mm256_setzero_ps() }

  /// The four registers' sums across lanes, as four lanes.
  @inline(__always)
  private func sums(_ a: __m256, _ b: __m256, _ c: __m256, _ d: __m256) -> __m128 {
    let four = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d))
    return _mm_add_ps(_mm256_castps256_ps128(four), janus_mm256_high_ps(four))
  }
#endif
