#if arch(arm64)
  import CIntrinsics

  /// `Kernels.dotRowsF32`.
  public func dotRowsF32(
    _ q: UnsafePointer<Float>, _ rows: UnsafePointer<Float>, _ stride: Int, _ count: Int,
    _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>
  ) {
    var i = 0
    while i + 4 <= count {
      let row = rows + i * stride
      var (a, b, c, d) = (Floats.zero, Floats.zero, Floats.zero, Floats.zero)
      for k in Swift.stride(from: 0, to: dim, by: 4) {
        let x = load(q + k, dim - k)
        a = fma(x, load(row + k, dim - k), a)
        b = fma(x, load(row + stride + k, dim - k), b)
        c = fma(x, load(row + 2 * stride + k, dim - k), c)
        d = fma(x, load(row + 3 * stride + k, dim - k), d)
      }
      let sums = vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d))
      store(sums * Floats(repeating: scale), out + i)
      i += 4
    }
    while i < count {
      let row = rows + i * stride
      var sum = Floats.zero
      for k in Swift.stride(from: 0, to: dim, by: 4) {
        sum = fma(load(q + k, dim - k), load(row + k, dim - k), sum)
      }
      out[i] = vaddvq_f32(sum) * scale
      i += 1
    }
  }
#endif
