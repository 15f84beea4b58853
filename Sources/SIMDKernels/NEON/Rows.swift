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

  /// `Kernels.dotRowsF16`.
  public func dotRowsF16(
    _ q: UnsafePointer<Float>, _ rows: UnsafePointer<UInt16>, _ stride: Int, _ count: Int,
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

  /// `Kernels.sumRowsF32`.
  public func sumRowsF32(
    _ weights: UnsafePointer<Float>, _ rows: UnsafePointer<Float>, _ stride: Int,
    _ count: Int, _ dim: Int, _ out: UnsafeMutablePointer<Float>
  ) {
    var d = 0
    while d + 16 <= dim {
      var (s0, s1) = (load(out + d), load(out + d + 4))
      var (s2, s3) = (load(out + d + 8), load(out + d + 12))
      for i in 0..<count {
        let row = rows + i * stride + d
        let w = Floats(repeating: weights[i])
        s0 = fma(w, load(row), s0)
        s1 = fma(w, load(row + 4), s1)
        s2 = fma(w, load(row + 8), s2)
        s3 = fma(w, load(row + 12), s3)
      }
      store(s0, out + d)
      store(s1, out + d + 4)
      store(s2, out + d + 8)
      store(s3, out + d + 12)
      d += 16
    }
    while d < dim {
      var sum = load(out + d, dim - d)
      for i in 0..<count {
        let row = rows + i * stride + d
        sum = fma(Floats(repeating: weights[i]), load(row, dim - d), sum)
      }
      store(sum, out + d, dim - d)
      d += 4
    }
  }

  /// `Kernels.sumRowsF16`.
  public func sumRowsF16(
    _ weights: UnsafePointer<Float>, _ rows: UnsafePointer<UInt16>, _ stride: Int,
    _ count: Int, _ dim: Int, _ out: UnsafeMutablePointer<Float>
  ) {
    var d = 0
    while d + 16 <= dim {
      var (s0, s1) = (load(out + d), load(out + d + 4))
      var (s2, s3) = (load(out + d + 8), load(out + d + 12))
      for i in 0..<count {
        let row = rows + i * stride + d
        let w = Floats(repeating: weights[i])
        s0 = fma(w, load(row), s0)
        s1 = fma(w, load(row + 4), s1)
        s2 = fma(w, load(row + 8), s2)
        s3 = fma(w, load(row + 12), s3)
      }
      store(s0, out + d)
      store(s1, out + d + 4)
      store(s2, out + d + 8)
      store(s3, out + d + 12)
      d += 16
    }
    while d < dim {
      var sum = load(out + d, dim - d)
      for i in 0..<count {
        let row = rows + i * stride + d
        sum = fma(Floats(repeating: weights[i]), load(row, dim - d), sum)
      }
      store(sum, out + d, dim - d)
      d += 4
    }
  }
#endif
