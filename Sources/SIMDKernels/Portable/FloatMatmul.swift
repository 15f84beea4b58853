/// `Kernels.matmulF32`.
public func matmulF32(
  _ weights: UnsafePointer<Float>, _ columns: Int, _ rowBegin: Int, _ rowEnd: Int,
  _ x: UnsafePointer<Float>, _ xStride: Int, _ tokens: Int,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  for row in rowBegin..<rowEnd {
    for token in 0..<tokens {
      output[token * outputStride + row] = dot(
        weights + row * columns, x + token * xStride, columns)
    }
  }
}

/// `Kernels.matmulBF16`.
public func matmulBF16(
  _ weights: UnsafePointer<UInt16>, _ columns: Int, _ rowBegin: Int, _ rowEnd: Int,
  _ x: UnsafePointer<Float>, _ xStride: Int, _ tokens: Int,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  for row in rowBegin..<rowEnd {
    for token in 0..<tokens {
      var lanes = SIMD8<Float>.zero
      let w = weights + row * columns
      let x = x + token * xStride
      for k in 0..<columns { lanes[k & 7] += float(fromBF16: w[k]) * x[k] }
      output[token * outputStride + row] = lanes.sum()
    }
  }
}

/// Eight running sums: the order is fixed, and rounding errors grow with `count / 8` only.
@inline(__always)
func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
  var lanes = SIMD8<Float>.zero
  let whole = count & ~7
  for k in stride(from: 0, to: whole, by: 8) {
    lanes +=
      UnsafeRawPointer(a + k).loadUnaligned(as: SIMD8<Float>.self)
      * UnsafeRawPointer(b + k).loadUnaligned(as: SIMD8<Float>.self)
  }
  for k in whole..<count { lanes[k - whole] += a[k] * b[k] }
  return lanes.sum()
}
