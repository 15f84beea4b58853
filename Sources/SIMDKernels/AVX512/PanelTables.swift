#if arch(x86_64)
  import CIntrinsics

  // Tables for `int8PairByTables`: for each block of a panel eight lines. They hold the bits of the
  // rows' scales times 1, 1 + 1/8 … 1 + 7/8, minus the bits of that mantissa. A token's scale is
  // one of the mantissas times a power of two. Adding its bits to the mantissa's line gives the
  // bits of the product, which has 11 + 4 bits and is exact.

  let tableBytes = 8 * 64

  /// `Kernels.tabulateInt8`.
  public func tabulateInt8(
    _ panels: UnsafeRawPointer, _ blocks: Int, _ out: UnsafeMutableRawPointer
  ) -> Bool {
    var remarkable = _mm256_setzero_si256()
    for block in 0..<blocks {
      let halves = (panels + block * 544 + 512).loadUnaligned(as: __m256i.self)
      remarkable = _mm256_max_epu16(remarkable, remark(halves))
      let rows = _mm512_cvtph_ps(halves)
      let table = out + block * tableBytes
      for line in 0..<8 {
        let mantissa = _mm512_set1_epi32(0x3f80_0000 | Int32(line) << 20)
        let product = _mm512_mul_ps(rows, _mm512_castsi512_ps(mantissa))
        (table + line * 64).storeBytes(
          of: _mm512_sub_epi32(_mm512_castps_si512(product), mantissa), as: __m512i.self)
      }
    }
    return !isRemarkable(remarkable)
  }
#endif
