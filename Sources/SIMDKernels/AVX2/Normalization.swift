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

  /// `Kernels.sumChannels`.
  public func sumChannels(
    _ x: UnsafePointer<Float>, _ pixels: Int, _ channels: Int, _ sums: UnsafeMutablePointer<Double>
  ) {
    let squares = sums + channels
    let whole = channels / 8 * 8
    for c in stride(from: 0, to: whole, by: 8) {
      var (lowSum, highSum) = (load(sums + c), load(sums + c + 4))
      var (lowSquare, highSquare) = (load(squares + c), load(squares + c + 4))
      for pixel in 0..<pixels {
        let (low, high) = (doubles(x + pixel * channels + c), doubles(x + pixel * channels + c + 4))
        lowSum = _mm256_add_pd(lowSum, low)
        highSum = _mm256_add_pd(highSum, high)
        lowSquare = _mm256_fmadd_pd(low, low, lowSquare)
        highSquare = _mm256_fmadd_pd(high, high, highSquare)
      }
      store(lowSum, sums + c)
      store(highSum, sums + c + 4)
      store(lowSquare, squares + c)
      store(highSquare, squares + c + 4)
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
    for c in stride(from: 0, to: channels, by: 8) {
      let lanes = channels - c
      let (a, b) = (load(scale + c, lanes), load(shift + c, lanes))
      for pixel in 0..<pixels {
        let at = pixel * channels + c
        store(_mm256_fmadd_ps(load(x + at, lanes), a, b), out + at, lanes)
      }
    }
  }

  @inline(__always)
  private func inverseRoot(_ x: Float) -> __m256 {
    _mm256_div_ps(_mm256_set1_ps(1), _mm256_sqrt_ps(_mm256_set1_ps(x)))
  }

  /// Four floats as doubles.
  @inline(__always)
  private func doubles(_ from: UnsafePointer<Float>) -> __m256d {
    _mm256_cvtps_pd(_mm_loadu_ps(from))
  }

  @inline(__always)
  private func load(_ from: UnsafePointer<Double>) -> __m256d { _mm256_loadu_pd(from) }

  @inline(__always)
  private func store(_ x: __m256d, _ to: UnsafeMutablePointer<Double>) { _mm256_storeu_pd(to, x) }
#endif
