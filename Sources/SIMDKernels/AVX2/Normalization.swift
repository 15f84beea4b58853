#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.rmsNorm`.
  public func rmsNorm(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ epsilon: Float,
    _ out: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    var squares = _mm256_setzero_ps()
    for i in stride(from: 0, to: count, by: 8) {
      let v = load(x + i, count - i)
      squares = _mm256_fmadd_ps(v, v, squares)
    }
    let mean = sum(squares) / Float(count)
    let scale = inverseRoot(mean + epsilon)
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = count - i
      let v = _mm256_mul_ps(load(x + i, lanes), scale)
      store(_mm256_mul_ps(v, load(weight + i, lanes)), out + i, lanes)
    }
  }

  /// `Kernels.layerNorm`.
  public func layerNorm(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    _ epsilon: Float, _ out: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    var sums = _mm256_setzero_ps()
    for i in stride(from: 0, to: count, by: 8) {
      sums = _mm256_add_ps(sums, load(x + i, count - i))
    }
    let mean = _mm256_set1_ps(sum(sums) / Float(count))
    var squares = _mm256_setzero_ps()
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = count - i
      let difference = _mm256_sub_ps(load(x + i, lanes), mean)
      let present = _mm256_castsi256_ps(firstLanes(lanes))
      let v = lanes >= 8 ? difference : _mm256_and_ps(difference, present)
      squares = _mm256_fmadd_ps(v, v, squares)
    }
    let variance = sum(squares) / Float(count)
    let scale = inverseRoot(variance + epsilon)
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = count - i
      let v = _mm256_mul_ps(_mm256_sub_ps(load(x + i, lanes), mean), scale)
      store(_mm256_fmadd_ps(v, load(weight + i, lanes), load(bias + i, lanes)), out + i, lanes)
    }
  }

  @inline(__always)
  private func inverseRoot(_ x: Float) -> __m256 {
    _mm256_div_ps(_mm256_set1_ps(1), _mm256_sqrt_ps(_mm256_set1_ps(x)))
  }
#endif
