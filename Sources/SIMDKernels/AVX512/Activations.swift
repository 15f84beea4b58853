#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.quantizeActivations`.
  public func quantizeActivations(
    _ x: UnsafePointer<Float>, _ columns: Int, _ values: UnsafeMutablePointer<Int8>,
    _ scales: UnsafeMutablePointer<Float>, _ offsets: UnsafeMutablePointer<Int32>
  ) {
    let magnitude = _mm512_set1_epi32(0x7fff_ffff)
    let limit = _mm512_set1_ps(127)
    var k = 0
    var block = 0
    while k < columns {
      let low = load(x + k, firstLanes(columns - k))
      let high = load(x + k + 16, firstLanes(columns - k - 16))
      // The order of the bits of |x| is the order of the numbers, with NaN above infinity.
      let bits = _mm512_max_epu32(
        _mm512_and_si512(_mm512_castps_si512(low), magnitude),
        _mm512_and_si512(_mm512_castps_si512(high), magnitude))
      let scale = Float(bitPattern: _mm512_reduce_max_epu32(bits)) / 127
      scales[block] = scale
      // Where the scale has no inverse, the values are zero.
      let inverse = 1 / scale
      let usable: __mmask16 = inverse > 0 && inverse < .infinity ? 0xffff : 0
      let factor = _mm512_set1_ps(inverse)
      let a = quantized(_mm512_maskz_mul_ps(usable, low, factor), limit)
      let b = quantized(_mm512_maskz_mul_ps(usable, high, factor), limit)
      let to = UnsafeMutableRawPointer(values + k)
      to.storeBytes(of: _mm512_cvtepi32_epi8(a), as: __m128i.self)
      to.storeBytes(of: _mm512_cvtepi32_epi8(b), toByteOffset: 16, as: __m128i.self)
      offsets[block] = -128 &* _mm512_reduce_add_epi32(_mm512_add_epi32(a, b))
      k += 32
      block += 1
    }
  }

  @inline(__always)
  private func quantized(_ y: __m512, _ limit: __m512) -> __m512i {
    let negative = _mm512_sub_ps(_mm512_setzero_ps(), limit)
    return _mm512_cvtps_epi32(_mm512_max_ps(_mm512_min_ps(y, limit), negative))
  }
#endif
