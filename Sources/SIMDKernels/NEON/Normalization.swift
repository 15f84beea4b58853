#if arch(arm64)
  import CIntrinsics

  /// `Kernels.rmsNorm`.
  public func rmsNorm(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ epsilon: Float,
    _ out: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    var squares = Floats.zero
    for i in stride(from: 0, to: count, by: 4) {
      let v = load(x + i, count - i)
      squares = fma(v, v, squares)
    }
    let scale = inverseRoot(vaddvq_f32(squares) / Float(count) + epsilon)
    for i in stride(from: 0, to: count, by: 4) {
      let v = load(x + i, count - i) * scale
      store(v * load(weight + i, count - i), out + i, count - i)
    }
  }

  /// `Kernels.layerNorm`.
  public func layerNorm(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    _ epsilon: Float, _ out: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    var sums = Floats.zero
    for i in stride(from: 0, to: count, by: 4) { sums += load(x + i, count - i) }
    let mean = Floats(repeating: vaddvq_f32(sums) / Float(count))
    var squares = Floats.zero
    for i in stride(from: 0, to: count, by: 4) {
      let difference = load(x + i, count - i) - mean
      let v = Floats.zero.replacing(with: difference, where: firstLanes(count - i))
      squares = fma(v, v, squares)
    }
    let scale = inverseRoot(vaddvq_f32(squares) / Float(count) + epsilon)
    for i in stride(from: 0, to: count, by: 4) {
      let v = (load(x + i, count - i) - mean) * scale
      store(fma(v, load(weight + i, count - i), load(bias + i, count - i)), out + i, count - i)
    }
  }

  @inline(__always)
  private func inverseRoot(_ x: Float) -> Floats {
    Floats(repeating: 1) / vsqrtq_f32(Floats(repeating: x))
  }
#endif
