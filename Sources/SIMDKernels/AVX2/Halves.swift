#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.f16ToF32`.
  public func f16ToF32(
    _ from: UnsafePointer<UInt16>, _ to: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    for i in stride(from: 0, to: count, by: 8) {
      store(load(from + i, count - i), to + i, count - i)
    }
  }

  /// `Kernels.f32ToF16`.
  public func f32ToF16(
    _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<UInt16>, _ count: Int
  ) {
    for i in stride(from: 0, to: count, by: 8) {
      store16(janus_mm256_cvtps_ph(load(from + i, count - i)), to + i, count - i)
    }
  }

  /// `Kernels.bf16ToF32`.
  public func bf16ToF32(
    _ from: UnsafePointer<UInt16>, _ to: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    for i in stride(from: 0, to: count, by: 8) {
      store(loadBF16(from + i, count - i), to + i, count - i)
    }
  }

  /// `Kernels.f32ToBF16`.
  public func f32ToBF16(
    _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<UInt16>, _ count: Int
  ) {
    let one = _mm256_set1_epi32(1)
    let infinity = _mm256_set1_epi32(0x7f80_0000)
    for i in stride(from: 0, to: count, by: 8) {
      let bits = _mm256_castps_si256(load(from + i, count - i))
      let upper = _mm256_srli_epi32(bits, 16)
      let odd = _mm256_add_epi32(_mm256_and_si256(upper, one), _mm256_set1_epi32(0x7fff))
      let rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, odd), 16)
      let magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(0x7fff_ffff))
      let nan = _mm256_cmpgt_epi32(magnitude, infinity)
      let quiet = _mm256_or_si256(upper, _mm256_set1_epi32(0x40))
      let result = _mm256_blendv_epi8(rounded, quiet, nan)
      let packed = _mm_packus_epi32(
        _mm256_castsi256_si128(result), janus_mm256_high_si256(result))
      store16(packed, to + i, count - i)
    }
  }
#endif
