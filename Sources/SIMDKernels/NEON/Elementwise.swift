#if arch(arm64)
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
      for i in stride(from: 0, to: half, by: 4) {
        let (a, b) = (load(low + i, half - i), load(high + i, half - i))
        let (c, s) = (load(cos + i, half - i), load(sin + i, half - i))
        store(a * c - b * s, low + i, half - i)
        store(b * c + a * s, high + i, half - i)
      }
    }
  }

  /// `Kernels.softmax`.
  public func softmax(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
    var largest = Floats(repeating: -.infinity)
    for i in stride(from: 0, to: count, by: 4) {
      // A lane behind the end holds 0, which may be more than every score.
      let v = load(x + i, count - i)
      largest = vmaxq_f32(largest, largest.replacing(with: v, where: firstLanes(count - i)))
    }
    let shift = Floats(repeating: vmaxvq_f32(largest))
    var sums = Floats.zero
    for i in stride(from: 0, to: count, by: 4) {
      let e = exponential(load(x + i, count - i) - shift)
      sums += Floats.zero.replacing(with: e, where: firstLanes(count - i))
      store(e, x + i, count - i)
    }
    let inverse = Floats(repeating: 1 / vaddvq_f32(sums))
    for i in stride(from: 0, to: count, by: 4) {
      store(load(x + i, count - i) * inverse, x + i, count - i)
    }
  }

  /// `Kernels.siluMul`.
  public func siluMul(
    _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>,
    _ count: Int
  ) {
    for i in stride(from: 0, to: count, by: 4) {
      let g = load(gate + i, count - i)
      let silu = g / (exponential(Floats.zero - g) + Floats(repeating: 1))
      store(silu * load(up + i, count - i), out + i, count - i)
    }
  }

  /// `Kernels.gelu`.
  public func gelu(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in stride(from: 0, to: count, by: 4) {
      let v = load(x + i, count - i)
      let tail = upperTail(vabsq_f32(v))
      let share = (Floats(repeating: 1) - tail).replacing(with: tail, where: v .< 0)
      store(v * share, x + i, count - i)
    }
  }

  /// `Kernels.add`.
  public func add(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in stride(from: 0, to: count, by: 4) {
      store(load(y + i, count - i) + load(x + i, count - i), y + i, count - i)
    }
  }

  /// `Kernels.multiply`.
  public func multiply(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in stride(from: 0, to: count, by: 4) {
      store(load(y + i, count - i) * load(x + i, count - i), y + i, count - i)
    }
  }
#endif
