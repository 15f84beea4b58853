#if arch(x86_64)
  import CIntrinsics

  /// `Kernels.expandInt4`.
  public func expandInt4(
    _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
    _ out: UnsafeMutableRawPointer
  ) {
    let row = _mm_loadu_si128(UnsafeRawPointer(levels).assumingMemoryBound(to: __m128i.self))
    let table = _mm256_broadcastsi128_si256(row)
    var from = panels
    var to = out
    for _ in 0..<blocks {
      expand(from, table, to)
      let scales = (from + 256).loadUnaligned(as: __m256i.self)
      (to + 512).storeBytes(of: scales, as: __m256i.self)
      from += 288
      to += 544
    }
  }

  /// `Kernels.CodedExpansion.expand`.
  public func expandInt4Coded(
    _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int, _ count: Int,
    _ out: UnsafeMutableRawPointer
  ) {
    let row = _mm_loadu_si128(UnsafeRawPointer(levels).assumingMemoryBound(to: __m128i.self))
    let table = _mm256_broadcastsi128_si256(row)
    var from = panels
    var to = out
    for _ in 0..<count {
      // The rows' scales, and before each four blocks a line of codes.
      to.copyMemory(from: from, byteCount: 64)
      (from, to) = (from + 64, to + 64)
      for block in 0..<blocks {
        if block & 3 == 0 {
          to.copyMemory(from: from, byteCount: 64)
          (from, to) = (from + 64, to + 64)
        }
        expand(from, table, to)
        (from, to) = (from + 256, to + 512)
      }
    }
  }

  /// The four lines of a block as eight.
  @inline(__always)
  private func expand(
    _ from: UnsafeRawPointer, _ table: __m256i, _ to: UnsafeMutableRawPointer
  ) {
    let nibble = _mm256_set1_epi8(15)
    for half in 0..<8 {
      let pairs = (from + half * 32).loadUnaligned(as: __m256i.self)
      let low = _mm256_and_si256(pairs, nibble)
      let high = _mm256_and_si256(_mm256_srli_epi16(pairs, 4), nibble)
      (to + half * 32).storeBytes(of: _mm256_shuffle_epi8(table, low), as: __m256i.self)
      (to + 256 + half * 32).storeBytes(of: _mm256_shuffle_epi8(table, high), as: __m256i.self)
    }
  }
#endif
