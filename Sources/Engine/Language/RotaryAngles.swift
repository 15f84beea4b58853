import JanusModelFile

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Cosines and sines of the rotary embedding for the rows of a batch, `[T, D/2]` each.
struct RotaryAngles {
  let cos: Matrix
  let sin: Matrix
}

extension Ops {
  /// The rotary angles of each row's position: `position / θ^(2i/D)`, in Float as the reference.
  func rotaryAngles(_ batch: Batch, theta: Float, cos: Matrix, sin: Matrix) -> RotaryAngles {
    let half = cos.columns
    batch.forEachSegment { segment, firstRow in
      for i in 0..<half {
        let frequency = 1 / powf(theta, Float(2 * i) / Float(2 * half))
        for t in 0..<segment.count {
          let angle = Float(segment.cache.count + t) * frequency
          cos[row: firstRow + t][i] = cosf(angle)
          sin[row: firstRow + t][i] = sinf(angle)
        }
      }
    }
    return RotaryAngles(cos: cos, sin: sin)
  }

  /// Rotary embedding of `x: [T, heads · D]` in place.
  func rope(_ x: Matrix, _ angles: RotaryAngles) {
    let dim = 2 * angles.cos.columns
    forEachRows(x.rows, of: x.columns) { range in
      for row in range {
        kernels.rope(x[row: row], angles.cos[row: row], angles.sin[row: row], x.columns / dim, dim)
      }
    }
  }
}
