#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.f16ToF32`.
  public func f16ToF32(
    _ from: UnsafePointer<UInt16>, _ to: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    forEachVector(count) { i, lanes in
      store(load(from + i, lanes), to + i, lanes)
    }
  }

  /// `Kernels.f32ToF16`.
  public func f32ToF16(
    _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<UInt16>, _ count: Int
  ) {
    forEachVector(count) { i, lanes in
      _mm256_mask_storeu_epi16(to + i, lanes, janus_mm512_cvtps_ph(load(from + i, lanes)))
    }
  }

  /// `Kernels.bf16ToF32`.
  public func bf16ToF32(
    _ from: UnsafePointer<UInt16>, _ to: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    forEachVector(count) { i, lanes in
      store(loadBF16(from + i, lanes), to + i, lanes)
    }
  }

  /// `Kernels.f32ToBF16`. With integers, because the BF16 instruction treats subnormal numbers as
  /// zero.
  public func f32ToBF16(
    _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<UInt16>, _ count: Int
  ) {
    let one = _mm512_set1_epi32(1)
    let infinity = _mm512_set1_epi32(0x7f80_0000)
    forEachVector(count) { i, lanes in
      let bits = _mm512_castps_si512(load(from + i, lanes))
      let upper = _mm512_srli_epi32(bits, 16)
      let odd = _mm512_add_epi32(_mm512_and_si512(upper, one), _mm512_set1_epi32(0x7fff))
      let rounded = _mm512_srli_epi32(_mm512_add_epi32(bits, odd), 16)
      let magnitude = _mm512_and_si512(bits, _mm512_set1_epi32(0x7fff_ffff))
      let nan = janus_mm512_above_epu32(magnitude, infinity)
      let quiet = _mm512_or_si512(upper, _mm512_set1_epi32(0x40))
      let result = _mm512_mask_mov_epi32(rounded, nan, quiet)
      _mm256_mask_storeu_epi16(to + i, lanes, _mm512_cvtepi32_epi16(result))
    }
  }
#endif
