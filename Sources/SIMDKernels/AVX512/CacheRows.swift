#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.quantizeRow`.
  public func quantizeRow(
    _ x: UnsafePointer<Float>, _ count: Int, _ values: UnsafeMutablePointer<Int8>
  ) -> Float {
    // The bits of |x| are ordered as the numbers are, with NaN above infinity.
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
    return withUnsafeTemporaryAllocation(of: FinePair.self, capacity: (count + 31) / 32) { pairs in
      quantize(x, count, largest, inverse, pairs.baseAddress!, values)
    }
  }

  /// Kept out of the closure that calls it: the closure would become a symbol that other tiers
  /// share.
  func quantize(
    _ x: UnsafePointer<Float>, _ count: Int, _ largest: Float, _ inverse: Float,
    _ memory: UnsafeMutablePointer<FinePair>, _ values: UnsafeMutablePointer<Int8>
  ) -> Float {
    let pairs = UnsafeMutableBufferPointer(start: memory, count: (count + 31) / 32)
    for index in pairs.indices {
      let k = index * 32
      let (low, high) = (firstLanes(count - k), firstLanes(count - k - 16))
      (memory + index).initialize(to: FinePair(load(x + k, low), load(x + k + 16, high), inverse))
    }
    var best = (gain: -1.0, level: Int32(127), scale: Float(0))
    for level in stride(from: Int32(127), through: 113, by: -2) {
      var (products, squares) = (_mm512_setzero_si512(), _mm512_setzero_si512())
      for pair in pairs {
        let coarse = pair.coarse(level)
        products = _mm512_dpwssd_epi32(products, pair.levels, coarse)
        squares = _mm512_dpwssd_epi32(squares, coarse, coarse)
      }
      let (product, square) = (Double(wideSum(products)), Double(wideSum(squares)))
      let gain = product * product / square
      if gain > best.gain {
        best = (gain, level, Float(Double(largest) / 32_512 * product / square))
      }
    }
    for (index, pair) in pairs.enumerated() {
      let bytes = pair.bytes(best.level)
      UnsafeMutableRawPointer(values + index * 32).storeBytes(of: bytes.0, as: __m128i.self)
      UnsafeMutableRawPointer(values + index * 32 + 16).storeBytes(of: bytes.1, as: __m128i.self)
    }
    return best.scale
  }

  /// 32 values in units of the largest magnitude / 32,512.
  struct FinePair {
    let low, high: __m512
    /// The same in 16 bits, in the order of `coarse`.
    let levels: __m512i

    @inline(__always)
    init(_ low: __m512, _ high: __m512, _ inverse: Float) {
      let (low, high) = (fineLevels(low, inverse), fineLevels(high, inverse))
      (self.low, self.high) = (_mm512_cvtepi32_ps(low), _mm512_cvtepi32_ps(high))
      levels = _mm512_packs_epi32(low, high)
    }

    /// In units of 1/`level`, 16 bits each, so that one instruction adds 32 products.
    @inline(__always)
    func coarse(_ level: Int32) -> __m512i {
      _mm512_packs_epi32(coarseLevels(low, level), coarseLevels(high, level))
    }

    @inline(__always)
    func bytes(_ level: Int32) -> (__m128i, __m128i) {
      (
        _mm512_cvtepi32_epi8(coarseLevels(low, level)),
        _mm512_cvtepi32_epi8(coarseLevels(high, level))
      )
    }
  }

  @inline(__always)
  private func fineLevels(_ x: __m512, _ inverse: Float) -> __m512i {
    let y = _mm512_mul_ps(x, _mm512_set1_ps(inverse))
    let clamped = _mm512_max_ps(_mm512_min_ps(y, _mm512_set1_ps(127)), _mm512_set1_ps(-127))
    return _mm512_cvtps_epi32(_mm512_mul_ps(clamped, _mm512_set1_ps(256)))
  }

  @inline(__always)
  private func coarseLevels(_ fine: __m512, _ level: Int32) -> __m512i {
    _mm512_cvtps_epi32(_mm512_mul_ps(fine, _mm512_set1_ps(Float(level) / 32_512)))
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
