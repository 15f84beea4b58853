#if arch(x86_64)
  import CIntrinsics

  // The portable tier's arithmetic, step by step, for eight rows at a time, with the nearest level
  // found by bisection.

  private let columns = 32

  /// `Kernels.encodeInt4`.
  public func encodeInt4(
    _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>,
    _ levels: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer
  ) {
    let grid = Grid(levels)
    for row in stride(from: 0, to: 16, by: 8) {
      let scale = bestScale(block + row, importance, grid) {
        _mm256_cvtph_ps(janus_mm256_cvtps_ph($0))
      }
      pack(block + row, grid, scale, out + row * 4)
      out.storeBytes(
        of: janus_mm256_cvtps_ph(scale), toByteOffset: 256 + row * 2, as: __m128i.self)
    }
  }

  /// `Kernels.searchInt4`.
  public func searchInt4(
    _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>,
    _ levels: UnsafePointer<Float>, _ scales: UnsafeMutablePointer<Float>
  ) {
    let grid = Grid(levels)
    for row in stride(from: 0, to: 16, by: 8) {
      _mm256_storeu_ps(scales + row, bestScale(block + row, importance, grid) { $0 })
    }
  }

  /// `Kernels.fitInt4`.
  public func fitInt4(
    _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>,
    _ levels: UnsafePointer<Float>, _ scales: UnsafePointer<Float>,
    _ products: UnsafeMutablePointer<Float>, _ squares: UnsafeMutablePointer<Float>
  ) {
    let grid = Grid(levels)
    for row in stride(from: 0, to: 16, by: 8) {
      let (product, square) = Search(block: block + row, importance: importance).fit(
        reciprocal(load(scales + row))
      ) { grid.nearest($0).level }
      _mm256_storeu_ps(products + row, product)
      _mm256_storeu_ps(squares + row, square)
    }
  }

  /// `Kernels.packInt4`.
  public func packInt4(
    _ block: UnsafePointer<Float>, _ levels: UnsafePointer<Float>,
    _ scales: UnsafePointer<Float>, _ lines: UnsafeMutableRawPointer
  ) {
    for row in stride(from: 0, to: 16, by: 8) {
      pack(block + row, Grid(levels), load(scales + row), lines + row * 4)
    }
  }

  /// The scale of the least squared error of each of eight rows.
  @inline(__always)
  private func bestScale(
    _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>, _ grid: Grid,
    rounded: (__m256) -> __m256
  ) -> __m256 {
    var largest = _mm256_setzero_ps()
    var extreme = _mm256_setzero_ps()
    for k in 0..<columns {
      let x = load(block + k * 16)
      let magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0), x)
      let larger = janus_mm256_above_ps(magnitude, largest)
      largest = _mm256_blendv_ps(largest, magnitude, larger)
      extreme = _mm256_blendv_ps(extreme, x, larger)
    }
    let some = janus_mm256_above_ps(largest, _mm256_setzero_ps())
    extreme = _mm256_blendv_ps(_mm256_set1_ps(1), extreme, some)

    let search = Search(block: block, importance: importance)
    var best = Choice()
    @inline(__always) func consider(_ inverse: __m256) {
      let (product, square) = search.fit(inverse) { grid.nearest($0).level }
      best.keepBetter(Choice(product, square, rounded: rounded))
    }
    for anchor in 0..<anchorCount {
      let level = _mm256_set1_ps(anchors[anchor])
      consider(_mm256_div_ps(level, extreme))
      let opposite = _mm256_sub_ps(_mm256_setzero_ps(), level)
      consider(_mm256_div_ps(opposite, extreme))
    }
    consider(reciprocal(best.scale))
    consider(reciprocal(best.scale))
    return best.scale
  }

  /// The nibbles of the levels nearest to eight rows of a block over their scales: four bytes of
  /// each line for each row.
  @inline(__always)
  private func pack(
    _ block: UnsafePointer<Float>, _ grid: Grid, _ scale: __m256, _ lines: UnsafeMutableRawPointer
  ) {
    let inverse = reciprocal(scale)
    for group in 0..<4 {
      var words = _mm256_setzero_si256()
      for byte in 0..<4 {
        let x = block + (group * 4 + byte) * 16
        let low = grid.nearest(_mm256_mul_ps(load(x), inverse)).index
        let high = grid.nearest(_mm256_mul_ps(load(x + 256), inverse)).index
        let pair = _mm256_or_si256(low, _mm256_slli_epi32(high, 4))
        words = _mm256_or_si256(words, _mm256_sll_epi32(pair, _mm_cvtsi32_si128(Int32(byte * 8))))
      }
      lines.storeBytes(of: words, toByteOffset: group * 64, as: __m256i.self)
    }
  }

  /// The portable tier's anchors.
  private let anchorCount = 8
  @inline(__always)
  private var anchors: SIMD8<Float> { SIMD8(18.75, 21.5, 24.25, 26.75, 29.5, 32.25, 34.75, 37.5) }

  /// The portable tier's.
  private let stepCount = 16
  private let smallestExtreme: Float = 0x1p-100

  /// Per row: a scale, and by how much it lowers the squared error.
  private struct Choice {
    var gain = _mm256_setzero_ps()
    var scale = _mm256_setzero_ps()

    @inline(__always)
    init() {}

    @inline(__always)
    init(_ product: __m256, _ square: __m256, rounded: (__m256) -> __m256) {
      scale = rounded(_mm256_div_ps(product, square))
      gain = _mm256_sub_ps(
        _mm256_mul_ps(_mm256_add_ps(scale, scale), product),
        _mm256_mul_ps(_mm256_mul_ps(scale, scale), square))
    }

    @inline(__always)
    mutating func keepBetter(_ other: Choice) {
      let better = janus_mm256_above_ps(other.gain, gain)
      gain = _mm256_blendv_ps(gain, other.gain, better)
      scale = _mm256_blendv_ps(scale, other.scale, better)
    }
  }

  private struct Search {
    let block: UnsafePointer<Float>
    let importance: UnsafePointer<Float>

    /// Σwxq and Σwq² for the levels q that are nearest to the block times `inverse`.
    @inline(__always)
    func fit(
      _ inverse: __m256, nearest: (__m256) -> __m256
    ) -> (product: __m256, square: __m256) {
      var product = _mm256_setzero_ps()
      var square = _mm256_setzero_ps()
      for k in 0..<columns {
        let x = load(block + k * 16)
        let w = _mm256_set1_ps(importance[k])
        let q = nearest(_mm256_mul_ps(x, inverse))
        product = _mm256_add_ps(product, _mm256_mul_ps(_mm256_mul_ps(x, w), q))
        square = _mm256_add_ps(square, _mm256_mul_ps(_mm256_mul_ps(q, w), q))
      }
      return (product, square)
    }
  }

  /// The levels, and the midpoints between neighbours, in two registers of eight each. The midpoint
  /// between the halves decides which of them to search.
  private struct Grid {
    let lowLevels, highLevels: __m256
    let lowMiddles, highMiddles: __m256
    let middle: __m256

    @inline(__always)
    init(_ levels: UnsafePointer<Float>) {
      let half = _mm256_set1_ps(0.5)
      lowLevels = load(levels)
      highLevels = load(levels + 8)
      lowMiddles = _mm256_mul_ps(_mm256_add_ps(lowLevels, load(levels + 1)), half)
      highMiddles = _mm256_mul_ps(_mm256_add_ps(highLevels, load(levels + 9, 7)), half)
      middle = _mm256_set1_ps((levels[7] + levels[8]) * 0.5)
    }

    @inline(__always)
    func nearest(_ y: __m256) -> (level: __m256, index: __m256i) {
      let high = janus_mm256_above_ps(y, middle)
      let third = pick(lowMiddles, highMiddles, _mm256_set1_epi32(3), high)
      var index = _mm256_and_si256(
        _mm256_castps_si256(janus_mm256_above_ps(y, third)), _mm256_set1_epi32(4))
      var probe = pick(
        lowMiddles, highMiddles, _mm256_add_epi32(index, _mm256_set1_epi32(1)), high)
      index = _mm256_or_si256(
        index,
        _mm256_and_si256(
          _mm256_castps_si256(janus_mm256_above_ps(y, probe)), _mm256_set1_epi32(2)))
      probe = pick(lowMiddles, highMiddles, index, high)
      index = _mm256_sub_epi32(index, _mm256_castps_si256(janus_mm256_above_ps(y, probe)))
      let eight = _mm256_and_si256(_mm256_castps_si256(high), _mm256_set1_epi32(8))
      return (pick(lowLevels, highLevels, index, high), _mm256_or_si256(index, eight))
    }

    @inline(__always)
    private func pick(_ low: __m256, _ high: __m256, _ index: __m256i, _ mask: __m256) -> __m256 {
      _mm256_blendv_ps(
        _mm256_permutevar8x32_ps(low, index), _mm256_permutevar8x32_ps(high, index), mask)
    }
  }

  /// `Kernels.encodeInt8`.
  public func encodeInt8(
    _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>?,
    _ out: UnsafeMutableRawPointer
  ) {
    for row in stride(from: 0, to: 16, by: 8) {
      // The bits of |x| are ordered as the numbers are, with NaN above infinity.
      var bits = _mm256_setzero_si256()
      for k in 0..<columns {
        let x = _mm256_castps_si256(load(block + k * 16 + row))
        bits = _mm256_max_epu32(bits, _mm256_and_si256(x, _mm256_set1_epi32(0x7fff_ffff)))
      }
      let largest = _mm256_castsi256_ps(bits)
      var half = janus_mm256_cvtps_ph(_mm256_div_ps(largest, _mm256_set1_ps(127)))
      if let importance {
        let extreme = _mm256_max_ps(largest, _mm256_set1_ps(smallestExtreme))
        let search = Search(block: block + row, importance: importance)
        var best = Choice()
        for step in 0..<stepCount {
          let inverse = _mm256_div_ps(_mm256_set1_ps(Float(127 - step)), extreme)
          let (product, square) = search.fit(inverse) { _mm256_cvtepi32_ps(rounded($0)) }
          best.keepBetter(
            Choice(product, square) { _mm256_cvtph_ps(janus_mm256_cvtps_ph($0)) })
        }
        half = janus_mm256_cvtps_ph(best.scale)
      }
      let inverse = reciprocal(_mm256_cvtph_ps(half))
      for group in 0..<8 {
        var words = _mm256_setzero_si256()
        for byte in 0..<4 {
          let value = rounded(_mm256_mul_ps(load(block + (group * 4 + byte) * 16 + row), inverse))
          let biased = _mm256_add_epi32(value, _mm256_set1_epi32(128))
          words = _mm256_or_si256(
            words, _mm256_sll_epi32(biased, _mm_cvtsi32_si128(Int32(byte * 8))))
        }
        out.storeBytes(of: words, toByteOffset: group * 64 + row * 4, as: __m256i.self)
      }
      out.storeBytes(of: half, toByteOffset: 512 + row * 2, as: __m128i.self)
    }
  }

  @inline(__always)
  private func rounded(_ y: __m256) -> __m256i {
    let limit = _mm256_set1_ps(127)
    return _mm256_cvtps_epi32(
      _mm256_max_ps(_mm256_min_ps(y, limit), _mm256_set1_ps(-127)))
  }

  /// 1 / x, and 0 for 0.
  @inline(__always)
  private func reciprocal(_ x: __m256) -> __m256 {
    _mm256_and_ps(_mm256_div_ps(_mm256_set1_ps(1), x), janus_mm256_not_zero_ps(x))
  }
#endif
