#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.rmsNorm`.
  public func rmsNorm(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ epsilon: Float,
    _ out: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    var squares = _mm512_setzero_ps()
    forEachVector(count) { i, lanes in
      let v = load(x + i, lanes)
      squares = _mm512_fmadd_ps(v, v, squares)
    }
    let mean = _mm512_reduce_add_ps(squares) / Float(count)
    let scale = inverseRoot(mean + epsilon)
    forEachVector(count) { i, lanes in
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
    forEachVector(count) { i, lanes in
      sums = _mm512_add_ps(sums, load(x + i, lanes))
    }
    let mean = _mm512_set1_ps(_mm512_reduce_add_ps(sums) / Float(count))
    var squares = _mm512_setzero_ps()
    forEachVector(count) { i, lanes in
      let v = _mm512_maskz_sub_ps(lanes, load(x + i, lanes), mean)
      squares = _mm512_fmadd_ps(v, v, squares)
    }
    let variance = _mm512_reduce_add_ps(squares) / Float(count)
    let scale = inverseRoot(variance + epsilon)
    forEachVector(count) { i, lanes in
      let v = _mm512_mul_ps(_mm512_sub_ps(load(x + i, lanes), mean), scale)
      store(_mm512_fmadd_ps(v, load(weight + i, lanes), load(bias + i, lanes)), out + i, lanes)
    }
  }

  /// `Kernels.sumChannels`.
  public func sumChannels(
    _ x: UnsafePointer<Float>, _ pixels: Int, _ channels: Int, _ sums: UnsafeMutablePointer<Double>
  ) {
    let squares = sums + channels
    // 32 channels are two cache lines of each pixel, a pattern that the processor prefetches.
    let pairs = channels / 32 * 32
    for c in stride(from: 0, to: pairs, by: 32) {
      var (s0, s1, s2, s3) = loadFour(sums + c)
      var (q0, q1, q2, q3) = loadFour(squares + c)
      for pixel in 0..<pixels {
        let values = x + pixel * channels + c
        let (a, b) = (doubles(values), doubles(values + 8))
        let (d, e) = (doubles(values + 16), doubles(values + 24))
        s0 = _mm512_add_pd(s0, a)
        s1 = _mm512_add_pd(s1, b)
        s2 = _mm512_add_pd(s2, d)
        s3 = _mm512_add_pd(s3, e)
        q0 = _mm512_fmadd_pd(a, a, q0)
        q1 = _mm512_fmadd_pd(b, b, q1)
        q2 = _mm512_fmadd_pd(d, d, q2)
        q3 = _mm512_fmadd_pd(e, e, q3)
      }
      storeFour((s0, s1, s2, s3), sums + c)
      storeFour((q0, q1, q2, q3), squares + c)
    }
    let whole = channels / 16 * 16
    for c in stride(from: pairs, to: whole, by: 16) {
      var (lowSum, highSum) = (load(sums + c), load(sums + c + 8))
      var (lowSquare, highSquare) = (load(squares + c), load(squares + c + 8))
      for pixel in 0..<pixels {
        let (low, high) = (doubles(x + pixel * channels + c), doubles(x + pixel * channels + c + 8))
        lowSum = _mm512_add_pd(lowSum, low)
        highSum = _mm512_add_pd(highSum, high)
        lowSquare = _mm512_fmadd_pd(low, low, lowSquare)
        highSquare = _mm512_fmadd_pd(high, high, highSquare)
      }
      store(lowSum, sums + c)
      store(highSum, sums + c + 8)
      store(lowSquare, squares + c)
      store(highSquare, squares + c + 8)
    }
    for c in whole..<channels {
      for pixel in 0..<pixels {
        let value = Double(x[pixel * channels + c])
        sums[c] += value
        squares[c] += value * value
      }
    }
  }

  /// `Kernels.scaleShift`.
  public func scaleShift(
    _ x: UnsafePointer<Float>, _ scale: UnsafePointer<Float>, _ shift: UnsafePointer<Float>,
    _ out: UnsafeMutablePointer<Float>, _ pixels: Int, _ channels: Int
  ) {
    // In memory order: the scales stay in the L1 cache, the pixels come from memory.
    for pixel in 0..<pixels {
      let (x, out) = (x + pixel * channels, out + pixel * channels)
      forEachVector(channels) { c, lanes in
        let value = _mm512_fmadd_ps(
          load(x + c, lanes), load(scale + c, lanes), load(shift + c, lanes))
        store(value, out + c, lanes)
      }
    }
  }

  @inline(__always)
  private func loadFour(_ from: UnsafePointer<Double>) -> (__m512d, __m512d, __m512d, __m512d) {
    (load(from), load(from + 8), load(from + 16), load(from + 24))
  }

  @inline(__always)
  private func storeFour(
    _ x: (__m512d, __m512d, __m512d, __m512d), _ to: UnsafeMutablePointer<Double>
  ) {
    store(x.0, to)
    store(x.1, to + 8)
    store(x.2, to + 16)
    store(x.3, to + 24)
  }

  @inline(__always)
  private func inverseRoot(_ x: Float) -> __m512 {
    _mm512_div_ps(_mm512_set1_ps(1), _mm512_sqrt_ps(_mm512_set1_ps(x)))
  }

  /// Eight floats as doubles.
  @inline(__always)
  private func doubles(_ from: UnsafePointer<Float>) -> __m512d {
    _mm512_cvtps_pd(_mm256_loadu_ps(from))
  }

  @inline(__always)
  private func load(_ from: UnsafePointer<Double>) -> __m512d { _mm512_loadu_pd(from) }

  @inline(__always)
  private func store(_ x: __m512d, _ to: UnsafeMutablePointer<Double>) { _mm512_storeu_pd(to, x) }
#endif
