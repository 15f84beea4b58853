#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.quantizeRow`.
  public func quantizeRow(
    _ x: UnsafePointer<Float>, _ count: Int, _ values: UnsafeMutablePointer<Int8>
  ) -> Float {
    // The order of the bits of |x| is the order of the numbers, with NaN above infinity.
    var bits = _mm512_setzero_si512()
    forEachVector(count) { k, lanes in
      let x = _mm512_castps_si512(load(x + k, lanes))
      bits = _mm512_max_epu32(bits, _mm512_and_si512(x, _mm512_set1_epi32(0x7fff_ffff)))
    }
    let largest = Float(bitPattern: _mm512_reduce_max_epu32(bits))
    let inverse = 127 / largest
    guard largest.isFinite, inverse.isFinite else {
      values.update(repeating: 0, count: (count + 31) / 32 * 32)
      return largest.isFinite ? 0 : largest
    }
    var best = (gain: -1.0, level: Int32(127), scale: Float(0))
    for level in stride(from: Int32(127), through: 113, by: -2) {
      var (products, squares) = (_mm512_setzero_si512(), _mm512_setzero_si512())
      forEachVector(count) { k, lanes in
        let fine = fineLevels(load(x + k, lanes), inverse)
        let coarse = coarseLevels(fine, level)
        products = _mm512_add_epi32(products, _mm512_mullo_epi32(fine, coarse))
        squares = _mm512_add_epi32(squares, _mm512_mullo_epi32(coarse, coarse))
      }
      let (product, square) = (Double(wideSum(products)), Double(wideSum(squares)))
      let gain = product * product / square
      if gain > best.gain {
        best = (gain, level, Float(Double(largest) / 32_512 * product / square))
      }
    }
    for k in stride(from: 0, to: (count + 31) / 32 * 32, by: 16) {
      let fine = fineLevels(load(x + k, firstLanes(count - k)), inverse)
      let bytes = _mm512_cvtepi32_epi8(coarseLevels(fine, best.level))
      UnsafeMutableRawPointer(values + k).storeBytes(of: bytes, as: __m128i.self)
    }
    return best.scale
  }

  @inline(__always)
  private func fineLevels(_ x: __m512, _ inverse: Float) -> __m512i {
    let y = _mm512_mul_ps(x, _mm512_set1_ps(inverse))
    let clamped = _mm512_max_ps(_mm512_min_ps(y, _mm512_set1_ps(127)), _mm512_set1_ps(-127))
    return _mm512_cvtps_epi32(_mm512_mul_ps(clamped, _mm512_set1_ps(256)))
  }

  @inline(__always)
  private func coarseLevels(_ fine: __m512i, _ level: Int32) -> __m512i {
    _mm512_cvtps_epi32(
      _mm512_mul_ps(_mm512_cvtepi32_ps(fine), _mm512_set1_ps(Float(level) / 32_512)))
  }

  /// The sum of 16 lanes, which may not fit into one.
  @inline(__always)
  private func wideSum(_ x: __m512i) -> Int64 {
    _mm512_reduce_add_epi64(
      _mm512_add_epi64(
        _mm512_cvtepi32_epi64(_mm512_castsi512_si256(x)),
        _mm512_cvtepi32_epi64(
          _mm512_castsi512_si256(
            _mm512_permutexvar_epi64(_mm512_set_epi64(3, 2, 1, 0, 7, 6, 5, 4), x)))))
  }
#endif
