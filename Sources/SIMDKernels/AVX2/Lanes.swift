#if arch(x86_64)
  import CIntrinsics

  // Loads and stores of up to eight lanes: whole registers in the middle of a row, and what is left
  // at its end.

  @inline(__always)
  func load(_ from: UnsafePointer<Float>, _ count: Int = 8) -> __m256 {
    count >= 8 ? _mm256_loadu_ps(from) : _mm256_maskload_ps(from, firstLanes(count))
  }

  @inline(__always)
  func store(_ x: __m256, _ to: UnsafeMutablePointer<Float>, _ count: Int = 8) {
    if count >= 8 { _mm256_storeu_ps(to, x) } else { _mm256_maskstore_ps(to, firstLanes(count), x) }
  }

  /// All bits set in the first `count` lanes.
  @inline(__always)
  func firstLanes(_ count: Int) -> __m256i {
    let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(Int32(truncatingIfNeeded: count)), lane)
  }

  /// Up to eight 16-bit elements. AVX2 has no masks for those. The code for a row's end stays out
  /// of line. It is not private: private functions become weak symbols in release builds.
  @inline(__always)
  func load16(_ from: UnsafePointer<UInt16>, _ count: Int) -> __m128i {
    count >= 8 ? UnsafeRawPointer(from).loadUnaligned(as: __m128i.self) : loadFew16(from, count)
  }

  @inline(__always)
  func store16(_ x: __m128i, _ to: UnsafeMutablePointer<UInt16>, _ count: Int) {
    if count >= 8 {
      UnsafeMutableRawPointer(to).storeBytes(of: x, as: __m128i.self)
    } else {
      storeFew16(x, to, count)
    }
  }

  @inline(never)
  func loadFew16(_ from: UnsafePointer<UInt16>, _ count: Int) -> __m128i {
    var low: UInt64 = 0
    var high: UInt64 = 0
    for i in 0..<max(count, 0) {
      if i < 4 { low |= UInt64(from[i]) << UInt64(16 * i) }
      if i >= 4 { high |= UInt64(from[i]) << UInt64(16 * i - 64) }
    }
    return _mm_set_epi64x(Int64(bitPattern: high), Int64(bitPattern: low))
  }

  @inline(never)
  func storeFew16(_ x: __m128i, _ to: UnsafeMutablePointer<UInt16>, _ count: Int) {
    var rest = x
    for i in 0..<max(count, 0) {
      to[i] = UInt16(truncatingIfNeeded: _mm_cvtsi128_si32(rest))
      rest = janus_mm_next_epi16(rest)
    }
  }

  /// Halves as floats.
  @inline(__always)
  func load(_ from: UnsafePointer<UInt16>, _ count: Int = 8) -> __m256 {
    _mm256_cvtph_ps(load16(from, count))
  }

  /// int8 as floats.
  @inline(__always)
  func load(_ from: UnsafePointer<Int8>, _ count: Int = 8) -> __m256 {
    let bytes =
      count >= 8 ? UnsafeRawPointer(from).loadUnaligned(as: Int64.self) : loadFew8(from, count)
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_cvtsi64_si128(bytes)))
  }

  @inline(never)
  func loadFew8(_ from: UnsafePointer<Int8>, _ count: Int) -> Int64 {
    var bytes: Int64 = 0
    for i in 0..<max(count, 0) {
      bytes |= Int64(UInt8(bitPattern: from[i])) << Int64(8 * i)
    }
    return bytes
  }

  /// bfloat16 as floats.
  @inline(__always)
  func loadBF16(_ from: UnsafePointer<UInt16>, _ count: Int = 8) -> __m256 {
    let bits = _mm256_cvtepu16_epi32(load16(from, count))
    return _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16))
  }

  @inline(__always)
  func sum(_ x: __m256) -> Float {
    let four = _mm_add_ps(_mm256_castps256_ps128(x), janus_mm256_high_ps(x))
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four))
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
  }

  @inline(__always)
  func maximum(_ x: __m256) -> Float {
    let four = _mm_max_ps(_mm256_castps256_ps128(x), janus_mm256_high_ps(x))
    let two = _mm_max_ps(four, _mm_movehl_ps(four, four))
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)))
  }
#endif
