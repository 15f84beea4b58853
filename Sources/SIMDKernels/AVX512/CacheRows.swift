#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.quantizeRow`.
  public func quantizeRow(
    _ x: UnsafePointer<Float>, _ count: Int, _ values: UnsafeMutablePointer<Int8>
  ) -> Float {
    // The order of the bits of |x| is the order of the numbers, with NaN above infinity.
    var largest = _mm512_setzero_si512()
    for k in stride(from: 0, to: count, by: 16) {
      let bits = _mm512_castps_si512(load(x + k, firstLanes(count - k)))
      largest = _mm512_max_epu32(
        largest, _mm512_and_si512(bits, _mm512_set1_epi32(0x7fff_ffff)))
    }
    let scale = Float(bitPattern: _mm512_reduce_max_epu32(largest)) / 127
    let usable: __mmask16 = scale > 0 && scale < .infinity ? 0xffff : 0
    let (divisor, limit) = (_mm512_set1_ps(scale), _mm512_set1_ps(127))
    let negative = _mm512_sub_ps(_mm512_setzero_ps(), limit)
    for k in stride(from: 0, to: (count + 31) / 32 * 32, by: 16) {
      let y = _mm512_maskz_div_ps(usable, load(x + k, firstLanes(count - k)), divisor)
      let q = _mm512_cvtps_epi32(_mm512_max_ps(_mm512_min_ps(y, limit), negative))
      UnsafeMutableRawPointer(values + k).storeBytes(of: _mm512_cvtepi32_epi8(q), as: __m128i.self)
    }
    return scale
  }
#endif
