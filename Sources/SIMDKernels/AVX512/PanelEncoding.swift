#if arch(x86_64)
  import CIntrinsics

  // The portable tier's arithmetic, step by step, with the nearest level found by bisection.

  private let columns = 32

  /// `Kernels.encodeInt4`.
  public func encodeInt4(
    _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>,
    _ levels: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer
  ) {
    let grid = Grid(levels)
    let scale = bestScale(block, importance, grid) {
      _mm512_cvtph_ps(janus_mm512_cvtps_ph($0))
    }
    pack(block, grid, scale, out)
    out.storeBytes(of: janus_mm512_cvtps_ph(scale), toByteOffset: 256, as: __m256i.self)
  }

  /// `Kernels.searchInt4`.
  public func searchInt4(
    _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>,
    _ levels: UnsafePointer<Float>, _ scales: UnsafeMutablePointer<Float>
  ) {
    store(bestScale(block, importance, Grid(levels)) { $0 }, scales)
  }

  /// `Kernels.fitInt4`.
  public func fitInt4(
    _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>,
    _ levels: UnsafePointer<Float>, _ scales: UnsafePointer<Float>,
    _ products: UnsafeMutablePointer<Float>, _ squares: UnsafeMutablePointer<Float>
  ) {
    let grid = Grid(levels)
    let (product, square) = Search(block: block, importance: importance).fit(
      reciprocal(load(scales))
    ) { grid.level(grid.nearest($0)) }
    store(product, products)
    store(square, squares)
  }

  /// `Kernels.packInt4`.
  public func packInt4(
    _ block: UnsafePointer<Float>, _ levels: UnsafePointer<Float>,
    _ scales: UnsafePointer<Float>, _ lines: UnsafeMutableRawPointer
  ) {
    pack(block, Grid(levels), load(scales), lines)
  }

  /// The scale of the least squared error of each row.
  @inline(__always)
  private func bestScale(
    _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>, _ grid: Grid,
    rounded: (__m512) -> __m512
  ) -> __m512 {
    var largest = _mm512_setzero_ps()
    var extreme = _mm512_setzero_ps()
    for k in 0..<columns {
      let x = load(block + k * 16)
      let magnitude = _mm512_abs_ps(x)
      let larger = janus_mm512_above_ps(magnitude, largest)
      largest = _mm512_mask_mov_ps(largest, larger, magnitude)
      extreme = _mm512_mask_mov_ps(extreme, larger, x)
    }
    let one = _mm512_set1_ps(1)
    let some = janus_mm512_above_ps(largest, _mm512_setzero_ps())
    extreme = _mm512_mask_mov_ps(one, some, extreme)

    let search = Search(block: block, importance: importance)
    var best = Choice()
    @inline(__always) func consider(_ inverse: __m512) {
      let (product, square) = search.fit(inverse) { grid.level(grid.nearest($0)) }
      best.keepBetter(Choice(product, square, rounded: rounded))
    }
    for anchor in 0..<anchorCount {
      let level = _mm512_set1_ps(anchors[anchor])
      consider(_mm512_div_ps(level, extreme))
      let opposite = _mm512_sub_ps(_mm512_setzero_ps(), level)
      consider(_mm512_div_ps(opposite, extreme))
    }
    consider(reciprocal(best.scale))
    consider(reciprocal(best.scale))
    return best.scale
  }

  /// The nibbles of the levels nearest to a block over its rows' scales.
  @inline(__always)
  private func pack(
    _ block: UnsafePointer<Float>, _ grid: Grid, _ scale: __m512, _ lines: UnsafeMutableRawPointer
  ) {
    let inverse = reciprocal(scale)
    for group in 0..<4 {
      var words = _mm512_setzero_si512()
      for byte in 0..<4 {
        let x = block + (group * 4 + byte) * 16
        let low = grid.nearest(_mm512_mul_ps(load(x), inverse))
        let high = grid.nearest(_mm512_mul_ps(load(x + 256), inverse))
        let pair = _mm512_or_si512(low, _mm512_slli_epi32(high, 4))
        let shift = _mm_cvtsi32_si128(Int32(byte * 8))
        words = _mm512_or_si512(words, _mm512_sll_epi32(pair, shift))
      }
      lines.storeBytes(of: words, toByteOffset: group * 64, as: __m512i.self)
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
    var gain = _mm512_setzero_ps()
    var scale = _mm512_setzero_ps()

    @inline(__always)
    init() {}

    @inline(__always)
    init(_ product: __m512, _ square: __m512, rounded: (__m512) -> __m512) {
      scale = rounded(_mm512_div_ps(product, square))
      gain = _mm512_sub_ps(
        _mm512_mul_ps(_mm512_add_ps(scale, scale), product),
        _mm512_mul_ps(_mm512_mul_ps(scale, scale), square))
    }

    @inline(__always)
    mutating func keepBetter(_ other: Choice) {
      let better = janus_mm512_above_ps(other.gain, gain)
      gain = _mm512_mask_mov_ps(gain, better, other.gain)
      scale = _mm512_mask_mov_ps(scale, better, other.scale)
    }
  }

  private struct Search {
    let block: UnsafePointer<Float>
    let importance: UnsafePointer<Float>

    /// Σwxq and Σwq² for the levels q that are nearest to the block times `inverse`.
    @inline(__always)
    func fit(
      _ inverse: __m512, nearest: (__m512) -> __m512
    ) -> (product: __m512, square: __m512) {
      var product = _mm512_setzero_ps()
      var square = _mm512_setzero_ps()
      for k in 0..<columns {
        let x = load(block + k * 16)
        let w = _mm512_set1_ps(importance[k])
        let q = nearest(_mm512_mul_ps(x, inverse))
        product = _mm512_add_ps(product, _mm512_mul_ps(_mm512_mul_ps(x, w), q))
        square = _mm512_add_ps(square, _mm512_mul_ps(_mm512_mul_ps(q, w), q))
      }
      return (product, square)
    }
  }

  /// The levels, and the 15 midpoints between neighbours, in the lanes 0...14.
  private struct Grid {
    let levels: __m512
    let middles: __m512

    @inline(__always)
    init(_ pointer: UnsafePointer<Float>) {
      levels = load(pointer)
      let next = _mm512_maskz_loadu_ps(0x7fff, pointer + 1)
      middles = _mm512_mul_ps(_mm512_add_ps(levels, next), _mm512_set1_ps(0.5))
    }

    /// The number of midpoints below `y`, which is the nearest level's index.
    @inline(__always)
    func nearest(_ y: __m512) -> __m512i {
      var index = _mm512_maskz_mov_epi32(
        janus_mm512_above_ps(y, middle(_mm512_set1_epi32(7))), _mm512_set1_epi32(8))
      index = step(index, y, 4, 3)
      index = step(index, y, 2, 1)
      return step(index, y, 1, 0)
    }

    @inline(__always)
    private func step(_ index: __m512i, _ y: __m512, _ width: Int32, _ probe: Int32) -> __m512i {
      let above = janus_mm512_above_ps(
        y, middle(_mm512_add_epi32(index, _mm512_set1_epi32(probe))))
      return _mm512_mask_add_epi32(index, above, index, _mm512_set1_epi32(width))
    }

    @inline(__always)
    private func middle(_ index: __m512i) -> __m512 { _mm512_permutexvar_ps(index, middles) }

    @inline(__always)
    func level(_ index: __m512i) -> __m512 { _mm512_permutexvar_ps(index, levels) }
  }

  /// `Kernels.encodeInt8`.
  public func encodeInt8(
    _ block: UnsafePointer<Float>, _ importance: UnsafePointer<Float>?,
    _ out: UnsafeMutableRawPointer
  ) {
    // The bits of |x| are ordered as the numbers are, with NaN above infinity.
    var bits = _mm512_setzero_si512()
    for k in 0..<columns {
      let x = _mm512_castps_si512(load(block + k * 16))
      bits = _mm512_max_epu32(bits, _mm512_and_si512(x, _mm512_set1_epi32(0x7fff_ffff)))
    }
    let largest = _mm512_castsi512_ps(bits)
    var half = janus_mm512_cvtps_ph(_mm512_div_ps(largest, _mm512_set1_ps(127)))
    if let importance {
      let extreme = _mm512_max_ps(largest, _mm512_set1_ps(smallestExtreme))
      let search = Search(block: block, importance: importance)
      var best = Choice()
      for step in 0..<stepCount {
        let inverse = _mm512_div_ps(_mm512_set1_ps(Float(127 - step)), extreme)
        let (product, square) = search.fit(inverse) { _mm512_cvtepi32_ps(rounded($0)) }
        best.keepBetter(
          Choice(product, square) { _mm512_cvtph_ps(janus_mm512_cvtps_ph($0)) })
      }
      half = janus_mm512_cvtps_ph(best.scale)
    }
    let inverse = reciprocal(_mm512_cvtph_ps(half))
    for group in 0..<8 {
      var words = _mm512_setzero_si512()
      for byte in 0..<4 {
        let value = rounded(_mm512_mul_ps(load(block + (group * 4 + byte) * 16), inverse))
        let biased = _mm512_add_epi32(value, _mm512_set1_epi32(128))
        let shift = _mm_cvtsi32_si128(Int32(byte * 8))
        words = _mm512_or_si512(words, _mm512_sll_epi32(biased, shift))
      }
      out.storeBytes(of: words, toByteOffset: group * 64, as: __m512i.self)
    }
    out.storeBytes(of: half, toByteOffset: 512, as: __m256i.self)
  }

  @inline(__always)
  private func rounded(_ y: __m512) -> __m512i {
    let limit = _mm512_set1_ps(127)
    return _mm512_cvtps_epi32(
      _mm512_max_ps(_mm512_min_ps(y, limit), _mm512_set1_ps(-127)))
  }

  /// 1 / x, and 0 for 0.
  @inline(__always)
  private func reciprocal(_ x: __m512) -> __m512 {
    let some = janus_mm512_not_zero_ps(x)
    return _mm512_maskz_div_ps(some, _mm512_set1_ps(1), x)
  }
#endif
