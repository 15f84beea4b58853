#if arch(x86_64)
  import CIntrinsics

  // Loads and stores of 16 lanes, and loops over them.

  /// Calls `body` with each sixteenth index below `count` and a mask of the lanes that are below it.
  ///
  /// `body` is compiled twice: whole vectors need no masks, which cost instructions.
  @inline(__always)
  func forEachVector(_ count: Int, _ body: (_ index: Int, _ lanes: __mmask16) -> Void) {
    let whole = count & ~15
    for i in stride(from: 0, to: whole, by: 16) { body(i, 0xffff) }
    if whole < count { body(whole, firstLanes(count - whole)) }
  }

  /// A mask of the first `count` of 16 lanes; all if `count` is larger, none if it is below one.
  @inline(__always)
  func firstLanes(_ count: Int) -> __mmask16 {
    count >= 16 ? 0xffff : __mmask16(truncatingIfNeeded: (1 << max(count, 0)) &- 1)
  }

  @inline(__always)
  func load(_ from: UnsafePointer<Float>, _ lanes: __mmask16 = 0xffff) -> __m512 {
    _mm512_maskz_loadu_ps(lanes, from)
  }

  /// Halves as floats.
  @inline(__always)
  func load(_ from: UnsafePointer<UInt16>, _ lanes: __mmask16 = 0xffff) -> __m512 {
    _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(lanes, from))
  }

  /// int8 as floats.
  @inline(__always)
  func load(_ from: UnsafePointer<Int8>, _ lanes: __mmask16 = 0xffff) -> __m512 {
    _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(lanes, from)))
  }

  /// bfloat16 as floats.
  @inline(__always)
  func loadBF16(_ from: UnsafePointer<UInt16>, _ lanes: __mmask16 = 0xffff) -> __m512 {
    let bits = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, from))
    return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16))
  }

  @inline(__always)
  func store(_ x: __m512, _ to: UnsafeMutablePointer<Float>, _ lanes: __mmask16 = 0xffff) {
    _mm512_mask_storeu_ps(to, lanes, x)
  }
#endif
