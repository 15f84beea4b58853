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
      forEachVector(half) { i, lanes in
        let (a, b) = (load(low + i, lanes), load(high + i, lanes))
        let (c, s) = (load(cos + i, lanes), load(sin + i, lanes))
        store(_mm512_fmsub_ps(a, c, _mm512_mul_ps(b, s)), low + i, lanes)
        store(_mm512_fmadd_ps(b, c, _mm512_mul_ps(a, s)), high + i, lanes)
      }
    }
  }

  /// `Kernels.softmax`.
  public func softmax(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
    var largest = _mm512_set1_ps(-.infinity)
    forEachVector(count) { i, lanes in
      largest = _mm512_mask_max_ps(largest, lanes, largest, load(x + i, lanes))
    }
    let shift = _mm512_set1_ps(_mm512_reduce_max_ps(largest))
    var sums = _mm512_setzero_ps()
    forEachVector(count) { i, lanes in
      let e = exponential(_mm512_sub_ps(load(x + i, lanes), shift))
      sums = _mm512_mask_add_ps(sums, lanes, sums, e)
      store(e, x + i, lanes)
    }
    let inverse = _mm512_set1_ps(1 / _mm512_reduce_add_ps(sums))
    forEachVector(count) { i, lanes in
      store(_mm512_mul_ps(load(x + i, lanes), inverse), x + i, lanes)
    }
  }

  /// `Kernels.siluMul`.
  public func siluMul(
    _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>,
    _ count: Int
  ) {
    let one = _mm512_set1_ps(1)
    forEachVector(count) { i, lanes in
      let g = load(gate + i, lanes)
      let e = exponential(_mm512_sub_ps(_mm512_setzero_ps(), g))
      let silu = _mm512_div_ps(g, _mm512_add_ps(one, e))
      store(_mm512_mul_ps(silu, load(up + i, lanes)), out + i, lanes)
    }
  }

  /// `Kernels.gelu`.
  public func gelu(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
    let one = _mm512_set1_ps(1)
    forEachVector(count) { i, lanes in
      let v = load(x + i, lanes)
      let tail = upperTail(_mm512_abs_ps(v))
      let negative = _mm512_movepi32_mask(_mm512_castps_si512(v))
      let share = _mm512_mask_sub_ps(tail, ~negative, one, tail)
      store(_mm512_mul_ps(v, share), x + i, lanes)
    }
  }

  /// `Kernels.add`.
  public func add(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    forEachVector(count) { i, lanes in
      store(_mm512_add_ps(load(y + i, lanes), load(x + i, lanes)), y + i, lanes)
    }
  }

  /// `Kernels.multiply`.
  public func multiply(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    forEachVector(count) { i, lanes in
      store(_mm512_mul_ps(load(y + i, lanes), load(x + i, lanes)), y + i, lanes)
    }
  }
#endif
