#if arch(arm64)
  import CIntrinsics

  // A row times a token has one running sum of 4 lanes. So the result depends neither on the other
  // rows nor on the other tokens of the call.

  /// `Kernels.matmulF32`.
  public func matmulF32(
    _ weights: UnsafePointer<Float>, _ columns: Int, _ rowBegin: Int, _ rowEnd: Int,
    _ x: UnsafePointer<Float>, _ xStride: Int, _ tokens: Int,
    _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
  ) {
    var row = rowBegin
    while row < rowEnd {
      let four = row + 4 <= rowEnd
      let w = weights + row * columns
      var token = 0
      while token < tokens {
        let two = token + 2 <= tokens
        let x = x + token * xStride
        let out = output + token * outputStride + row
        if four && two {
          tile(w, columns, rows: 4, x, xStride, tokens: 2, out, outputStride)
        } else if four {
          tile(w, columns, rows: 4, x, xStride, tokens: 1, out, outputStride)
        } else if two {
          tile(w, columns, rows: 1, x, xStride, tokens: 2, out, outputStride)
        } else {
          tile(w, columns, rows: 1, x, xStride, tokens: 1, out, outputStride)
        }
        token += two ? 2 : 1
      }
      row += four ? 4 : 1
    }
  }

  /// `Kernels.matmulBF16`.
  public func matmulBF16(
    _ weights: UnsafePointer<UInt16>, _ columns: Int, _ rowBegin: Int, _ rowEnd: Int,
    _ x: UnsafePointer<Float>, _ xStride: Int, _ tokens: Int,
    _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
  ) {
    var row = rowBegin
    while row < rowEnd {
      let four = row + 4 <= rowEnd
      let w = weights + row * columns
      var token = 0
      while token < tokens {
        let two = token + 2 <= tokens
        let x = x + token * xStride
        let out = output + token * outputStride + row
        if four && two {
          tile(w, columns, rows: 4, x, xStride, tokens: 2, out, outputStride)
        } else if four {
          tile(w, columns, rows: 4, x, xStride, tokens: 1, out, outputStride)
        } else if two {
          tile(w, columns, rows: 1, x, xStride, tokens: 2, out, outputStride)
        } else {
          tile(w, columns, rows: 1, x, xStride, tokens: 1, out, outputStride)
        }
        token += two ? 2 : 1
      }
      row += four ? 4 : 1
    }
  }

  /// `rows` (1 or 4) × `tokens` (1 or 2) results; both are literals at every call.
  @inline(__always)
  private func tile(
    _ w: UnsafePointer<Float>, _ columns: Int, rows: Int, _ x: UnsafePointer<Float>,
    _ xStride: Int, tokens: Int, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
  ) {
    var sums = Sums()
    var k = 0
    while k < columns {
      let lanes = columns - k
      let x0 = load(x + k, lanes)
      let x1 = tokens > 1 ? load(x + xStride + k, lanes) : x0
      sums.add(0, load(w + k, lanes), x0, x1, tokens)
      if rows > 1 {
        sums.add(1, load(w + columns + k, lanes), x0, x1, tokens)
        sums.add(2, load(w + 2 * columns + k, lanes), x0, x1, tokens)
        sums.add(3, load(w + 3 * columns + k, lanes), x0, x1, tokens)
      }
      k += 4
    }
    sums.store(rows: rows, tokens: tokens, out, outStride)
  }

  @inline(__always)
  private func tile(
    _ w: UnsafePointer<UInt16>, _ columns: Int, rows: Int, _ x: UnsafePointer<Float>,
    _ xStride: Int, tokens: Int, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
  ) {
    var sums = Sums()
    var k = 0
    while k < columns {
      let lanes = columns - k
      let x0 = load(x + k, lanes)
      let x1 = tokens > 1 ? load(x + xStride + k, lanes) : x0
      sums.add(0, loadBF16(w + k, lanes), x0, x1, tokens)
      if rows > 1 {
        sums.add(1, loadBF16(w + columns + k, lanes), x0, x1, tokens)
        sums.add(2, loadBF16(w + 2 * columns + k, lanes), x0, x1, tokens)
        sums.add(3, loadBF16(w + 3 * columns + k, lanes), x0, x1, tokens)
      }
      k += 4
    }
    sums.store(rows: rows, tokens: tokens, out, outStride)
  }

  /// The running sums of up to four rows (letters) and two tokens (numbers).
  private struct Sums {
    var a0 = Floats.zero, a1 = Floats.zero
    var b0 = Floats.zero, b1 = Floats.zero
    var c0 = Floats.zero, c1 = Floats.zero
    var d0 = Floats.zero, d1 = Floats.zero

    @inline(__always)
    mutating func add(_ row: Int, _ w: Floats, _ x0: Floats, _ x1: Floats, _ tokens: Int) {
      switch row {
      case 0:
        a0 = fma(w, x0, a0)
        if tokens > 1 { a1 = fma(w, x1, a1) }
      case 1:
        b0 = fma(w, x0, b0)
        if tokens > 1 { b1 = fma(w, x1, b1) }
      case 2:
        c0 = fma(w, x0, c0)
        if tokens > 1 { c1 = fma(w, x1, c1) }
      default:
        d0 = fma(w, x0, d0)
        if tokens > 1 { d1 = fma(w, x1, d1) }
      }
    }

    @inline(__always)
    func store(rows: Int, tokens: Int, _ out: UnsafeMutablePointer<Float>, _ outStride: Int) {
      out[0] = vaddvq_f32(a0)
      if tokens > 1 { out[outStride] = vaddvq_f32(a1) }
      if rows == 1 { return }
      out[1] = vaddvq_f32(b0)
      out[2] = vaddvq_f32(c0)
      out[3] = vaddvq_f32(d0)
      if tokens == 1 { return }
      out[outStride + 1] = vaddvq_f32(b1)
      out[outStride + 2] = vaddvq_f32(c1)
      out[outStride + 3] = vaddvq_f32(d1)
    }
  }
#endif
