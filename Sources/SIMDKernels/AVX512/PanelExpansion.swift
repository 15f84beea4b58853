#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.expandInt4`.
  public func expandInt4(
    _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
    _ out: UnsafeMutableRawPointer
  ) {
    let row = _mm_loadu_si128(UnsafeRawPointer(levels).assumingMemoryBound(to: __m128i.self))
    let table = _mm512_broadcast_i32x4(row)
    var from = panels
    var to = out
    for _ in 0..<blocks {
      for line in 0..<4 {
        janus_prefetch(from + prefetchDistance + line * 64)
        let pairs = (from + line * 64).loadUnaligned(as: __m512i.self)
        let low = level(table, pairs)
        let high = level(table, _mm512_srli_epi16(pairs, 4))
        (to + line * 64).storeBytes(of: low, as: __m512i.self)
        (to + 256 + line * 64).storeBytes(of: high, as: __m512i.self)
      }
      let scales = (from + 256).loadUnaligned(as: __m256i.self)
      (to + 512).storeBytes(of: scales, as: __m256i.self)
      from += 288
      to += 544
    }
  }
#endif
