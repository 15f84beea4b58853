#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.rmsNorm`.
  public func rmsNorm(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ epsilon: Float,
    _ out: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    var squares = _mm512_setzero_ps()
    for i in stride(from: 0, to: count, by: 16) {
      let v = load(x + i, firstLanes(count - i))
      squares = _mm512_fmadd_ps(v, v, squares)
    }
    let mean = _mm512_reduce_add_ps(squares) / Float(count)
    let scale = inverseRoot(mean + epsilon)
    for i in stride(from: 0, to: count, by: 16) {
      let lanes = firstLanes(count - i)
      let v = _mm512_mul_ps(load(x + i, lanes), scale)
      store(_mm512_mul_ps(v, load(weight + i, lanes)), out + i, lanes)
    }
  }

  /// `Kernels.layerNorm`.
  public func layerNorm(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    _ epsilon: Float, _ out: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    var sums = _mm512_setzero_ps()
    for i in stride(from: 0, to: count, by: 16) {
      sums = _mm512_add_ps(sums, load(x + i, firstLanes(count - i)))
    }
    let mean = _mm512_set1_ps(_mm512_reduce_add_ps(sums) / Float(count))
    var squares = _mm512_setzero_ps()
    for i in stride(from: 0, to: count, by: 16) {
      let lanes = firstLanes(count - i)
      let v = _mm512_maskz_sub_ps(lanes, load(x + i, lanes), mean)
      squares = _mm512_fmadd_ps(v, v, squares)
    }
    let variance = _mm512_reduce_add_ps(squares) / Float(count)
    let scale = inverseRoot(variance + epsilon)
    for i in stride(from: 0, to: count, by: 16) {
      let lanes = firstLanes(count - i)
      let v = _mm512_mul_ps(_mm512_sub_ps(load(x + i, lanes), mean), scale)
      store(_mm512_fmadd_ps(v, load(weight + i, lanes), load(bias + i, lanes)), out + i, lanes)
    }
  }

  @inline(__always)
  private func inverseRoot(_ x: Float) -> __m512 {
    _mm512_div_ps(_mm512_set1_ps(1), _mm512_sqrt_ps(_mm512_set1_ps(x)))
  }
#endif
