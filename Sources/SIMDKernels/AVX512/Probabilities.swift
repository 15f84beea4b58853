#if arch(x86_64)
  import CIntrinsics

  /// Rows at a time: enough to find their scales side by side, few enough for the L1 cache.
  private let rowsAtATime = 4

  /// `Kernels.quantizeExponentials`.
  ///
  /// A block's largest exponential is that of its largest value. So its scale is known before its
  /// exponentials are computed, and they never leave the registers.
  public func quantizeExponentials(
    _ x: UnsafePointer<Float>, _ stride: Int, _ rows: Int, _ count: Int,
    _ values: UnsafeMutablePointer<Int8>, _ scales: UnsafeMutablePointer<Float>,
    _ offsets: UnsafeMutablePointer<Int32>, _ sums: UnsafeMutablePointer<Float>
  ) {
    let blocks = (count + 31) / 32
    for begin in Swift.stride(from: 0, to: rows, by: rowsAtATime) {
      let rows = begin..<min(begin + rowsAtATime, rows)
      // A row's maximum is kept in the place of its sum until that is known; factors in the place
      // of offsets.
      for row in rows { sums[row] = findMaxima(x + row * stride, count, scales + row * blocks) }
      for row in rows {
        let shift = _mm512_set1_ps(sums[row])
        let scales = scales + row * blocks
        let factors = UnsafeMutableRawPointer(offsets + row * blocks)
        for block in Swift.stride(from: 0, to: blocks, by: 16) {
          let present = firstLanes(blocks - block)
          let largest = numerator(load(scales + block, present), less: shift)
          let (scale, inverse, _) = steps(_mm512_castps_si512(largest), threeBits)
          store(scale, scales + block, present)
          _mm512_mask_storeu_ps(factors + block * 4, present, inverse)
        }
      }
      for row in rows {
        sums[row] = writeBytes(
          x + row * stride, count, less: sums[row], times: offsets + row * blocks,
          values + row * blocks * 32)
      }
      let end = rows.upperBound * blocks
      for block in Swift.stride(from: rows.lowerBound * blocks, to: end, by: 4) {
        let count = end - block
        let ab = _mm512_maskz_loadu_epi32(firstLanes(count * 8), values + block * 32)
        let cd = _mm512_maskz_loadu_epi32(firstLanes(count * 8 - 16), values + block * 32 + 64)
        let four = __mmask8(truncatingIfNeeded: firstLanes(count)) & 0xf
        _mm_mask_storeu_epi32(offsets + block, four, _mm512_castsi512_si128(offset(ab, cd)))
      }
    }
  }

  /// The largest value of each block of a row, and of all.
  @inline(__always)
  private func findMaxima(
    _ x: UnsafePointer<Float>, _ count: Int, _ maxima: UnsafeMutablePointer<Float>
  ) -> Float {
    var largest = _mm512_set1_ps(-.infinity)
    var k = 0
    while k + 512 <= count {
      let sixteen = maximaOfSixteen(
        {
          let block = x + k + $0 * 32
          return _mm512_castps_si512(_mm512_max_ps(load(block), load(block + 16)))
        }, { _mm512_castps_si512(_mm512_max_ps(_mm512_castsi512_ps($0), _mm512_castsi512_ps($1))) })
      store(_mm512_castsi512_ps(sixteen), maxima + k / 32)
      largest = _mm512_max_ps(largest, _mm512_castsi512_ps(sixteen))
      k += 512
    }
    while k < count {
      let none = _mm512_set1_ps(-.infinity)
      let low = _mm512_mask_loadu_ps(none, firstLanes(count - k), x + k)
      let high = _mm512_mask_loadu_ps(none, firstLanes(count - k - 16), x + k + 16)
      let block = _mm512_max_ps(low, high)
      maxima[k / 32] = _mm512_reduce_max_ps(block)
      largest = _mm512_max_ps(largest, block)
      k += 32
    }
    return _mm512_reduce_max_ps(largest)
  }

  /// A row's exponentials times their blocks' factors, which are floats in the place of offsets.
  /// Returns the exponentials' sum. Not private: it stays out of line, and would be a weak symbol.
  func writeBytes(
    _ x: UnsafePointer<Float>, _ count: Int, less shift: Float,
    times factors: UnsafePointer<Int32>, _ values: UnsafeMutablePointer<Int8>
  ) -> Float {
    let shift = _mm512_set1_ps(shift)
    var sums = _mm512_setzero_ps()
    var k = 0
    while k + 64 <= count {
      let two = bytes(x + k, 64, shift, factors + k / 32, &sums)
      _mm512_mask_storeu_epi32(values + k, 0xffff, two)
      k += 64
    }
    if k < count {
      let two = bytes(x + k, count - k, shift, factors + k / 32, &sums)
      _mm512_mask_storeu_epi32(values + k, firstLanes((count - k + 31) / 32 * 8), two)
    }
    return _mm512_reduce_add_ps(sums)
  }

  /// The exponentials of two blocks in int8, which are added to `sums`. `count` is a literal for
  /// whole blocks.
  @inline(__always)
  private func bytes(
    _ x: UnsafePointer<Float>, _ count: Int, _ shift: __m512, _ factors: UnsafePointer<Int32>,
    _ sums: inout __m512
  ) -> __m512i {
    @inline(__always) func next(_ i: Int) -> __m512 {
      let lanes = firstLanes(count - i)
      let e = _mm512_maskz_mov_ps(lanes, numerator(load(x + i, lanes), less: shift))
      sums = _mm512_add_ps(sums, e)
      return e
    }
    @inline(__always) func factor(_ block: Int) -> __m512 {
      _mm512_castsi512_ps(_mm512_set1_epi32(factors[block]))
    }
    let a = ActivationBlock(low: next(0), high: next(16))
    let b = ActivationBlock(low: next(32), high: next(48))
    return bytes(a, factor(0), b, count > 32 ? factor(1) : factor(0))
  }
#endif
