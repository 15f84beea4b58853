#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.rope`.
  public func rope(
    _ x: UnsafeMutablePointer<Float>, _ cos: UnsafePointer<Float>, _ sin: UnsafePointer<Float>,
    _ heads: Int, _ dim: Int
  ) {
    let half = dim / 2
    for head in 0..<heads {
      let low = x + head * dim
      let high = low + half
      for i in stride(from: 0, to: half, by: 8) {
        let lanes = half - i
        let (a, b) = (load(low + i, lanes), load(high + i, lanes))
        let (c, s) = (load(cos + i, lanes), load(sin + i, lanes))
        store(_mm256_fmsub_ps(a, c, _mm256_mul_ps(b, s)), low + i, lanes)
        store(_mm256_fmadd_ps(b, c, _mm256_mul_ps(a, s)), high + i, lanes)
      }
    }
  }

  /// `Kernels.softmax`.
  public func softmax(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
    var largest = _mm256_set1_ps(-.infinity)
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = count - i
      let v = load(x + i, lanes)
      // A masked lane holds 0, which may be more than every score.
      let present =
        lanes >= 8 ? v : _mm256_blendv_ps(largest, v, _mm256_castsi256_ps(firstLanes(lanes)))
      largest = _mm256_max_ps(largest, present)
    }
    let shift = _mm256_set1_ps(maximum(largest))
    var sums = _mm256_setzero_ps()
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = count - i
      let e = exponential(_mm256_sub_ps(load(x + i, lanes), shift))
      let present = lanes >= 8 ? e : _mm256_and_ps(e, _mm256_castsi256_ps(firstLanes(lanes)))
      sums = _mm256_add_ps(sums, present)
      store(e, x + i, lanes)
    }
    let inverse = _mm256_set1_ps(1 / sum(sums))
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = count - i
      store(_mm256_mul_ps(load(x + i, lanes), inverse), x + i, lanes)
    }
  }

  /// `Kernels.siluMul`.
  public func siluMul(
    _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>,
    _ count: Int
  ) {
    let one = _mm256_set1_ps(1)
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = count - i
      let g = load(gate + i, lanes)
      let e = exponential(_mm256_sub_ps(_mm256_setzero_ps(), g))
      let silu = _mm256_div_ps(g, _mm256_add_ps(one, e))
      store(_mm256_mul_ps(silu, load(up + i, lanes)), out + i, lanes)
    }
  }

  /// `Kernels.gelu`.
  public func gelu(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
    let one = _mm256_set1_ps(1)
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = count - i
      let v = load(x + i, lanes)
      let tail = upperTail(_mm256_andnot_ps(_mm256_set1_ps(-0.0), v))
      let share = _mm256_blendv_ps(_mm256_sub_ps(one, tail), tail, v)  // by the sign of v
      store(_mm256_mul_ps(v, share), x + i, lanes)
    }
  }

  /// `Kernels.add`.
  public func add(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = count - i
      store(_mm256_add_ps(load(y + i, lanes), load(x + i, lanes)), y + i, lanes)
    }
  }

  /// `Kernels.multiply`.
  public func multiply(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = count - i
      store(_mm256_mul_ps(load(y + i, lanes), load(x + i, lanes)), y + i, lanes)
    }
  }
#endif
