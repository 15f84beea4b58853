/// `Kernels.rope`.
public func rope(
  _ x: UnsafeMutablePointer<Float>, _ cos: UnsafePointer<Float>, _ sin: UnsafePointer<Float>,
  _ heads: Int, _ dim: Int
) {
  let half = dim / 2
  for head in 0..<heads {
    let low = x + head * dim
    let high = low + half
    for i in 0..<half {
      let (a, b) = (low[i], high[i])
      low[i] = a * cos[i] - b * sin[i]
      high[i] = b * cos[i] + a * sin[i]
    }
  }
}

/// `Kernels.softmax`.
public func softmax(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
  var largest = -Float.infinity
  for i in 0..<count { largest = max(largest, x[i]) }
  var sum: Float = 0
  for i in 0..<count {
    x[i] = exponential(x[i] - largest)
    sum += x[i]
  }
  let inverse = 1 / sum
  for i in 0..<count { x[i] *= inverse }
}

/// `Kernels.siluMul`.
public func siluMul(
  _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>,
  _ count: Int
) {
  for i in 0..<count { out[i] = gate[i] / (1 + exponential(-gate[i])) * up[i] }
}

/// `Kernels.gelu`.
public func gelu(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
  for i in 0..<count {
    let tail = upperTail(abs(x[i]))
    x[i] *= x[i] < 0 ? tail : 1 - tail
  }
}

/// `Kernels.multiply`.
public func multiply(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
  for i in 0..<count { y[i] *= x[i] }
}

/// `Kernels.add`.
public func add(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
  for i in 0..<count { y[i] += x[i] }
}
