#if arch(x86_64)
  import CIntrinsics

  // The quantised matrix products without VNNI. `vpmaddubsw` multiplies unsigned by signed bytes and
  // adds pairs of products in 16 bits, which 255 · 127 would saturate.
  //
  // So int8 weights are taken as signed numbers, and their signs are moved to the values: a pair is
  // at most 2 · 127 · 127 < 2¹⁵. That is why neither weights nor values may be -128.
  //
  // int4 weights have levels within -32 … 31, as the converter writes them. With 32 added they are
  // unsigned and below 64. No sign is moved. A pair is at most 2 · 63 · 127, so two pairs are added
  // before they are widened to 32 bits, which takes half of the instructions on the ports that
  // multiply. The 32 adds 32 times the sum of the values to a block's products; `offsets`, which
  // hold that sum times -128, serve to subtract it. Wider levels are multiplied as int8 weights
  // are.
  //
  // The sums of a tile are eight vectors (PanelTile.swift). A whole panel times four tokens fills
  // them, and so does half a panel times eight, which serves twice as many products with each vector
  // of weights, its sign and its magnitude.

  /// Bytes of weights that are kept in the L2 cache while the tokens pass over them.
  private let residentBytes = 256 * 1024

  /// What is added to narrow levels, and the power of two by which 128 is larger.
  private let narrowBias = 32
  let narrowShift = 2

  struct Problem {
    let panels: UnsafeRawPointer
    let levels: __m256i
    let blocks: Int
    let panelStride: Int
    let rows: Int
    let values: UnsafePointer<Int8>
    let scales: UnsafePointer<Float>
    let offsets: UnsafePointer<Int32>
    let tokenStride: Int
    let bias: UnsafePointer<Float>?
    let output: UnsafeMutablePointer<Float>
    let outputStride: Int
    let adding: Bool
  }

  /// `Kernels.matmulInt8`.
  public func matmulInt8(
    _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
    _ panelStride: Int, _ panelBegin: Int, _ panelEnd: Int, _ rows: Int,
    _ values: UnsafePointer<Int8>, _ scales: UnsafePointer<Float>,
    _ offsets: UnsafePointer<Int32>, _ precision: UInt32, _ tokenStride: Int, _ tokens: Int,
    _ bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int,
    _ adding: Bool
  ) {
    let problem = Problem(
      panels: panels, levels: _mm256_setzero_si256(), blocks: blocks, panelStride: panelStride,
      rows: rows, values: values,
      scales: scales, offsets: offsets, tokenStride: tokenStride, bias: bias, output: output,
      outputStride: outputStride, adding: adding)
    multiply(
      problem, panelBegin, panelEnd, tokens, 544,
      Tiles(one: int8Tile1, two: int8Tile2, four: int8Tile4, eight: int8Tile8))
  }

  /// `Kernels.matmulInt4`.
  public func matmulInt4(
    _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
    _ panelStride: Int, _ panelBegin: Int, _ panelEnd: Int, _ rows: Int,
    _ values: UnsafePointer<Int8>, _ scales: UnsafePointer<Float>,
    _ offsets: UnsafePointer<Int32>, _ precision: UInt32, _ tokenStride: Int, _ tokens: Int,
    _ bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int,
    _ adding: Bool
  ) {
    let levels = Table(levels)
    let problem = Problem(
      panels: panels, levels: levels.values,
      blocks: blocks, panelStride: panelStride, rows: rows, values: values, scales: scales,
      offsets: offsets, tokenStride: tokenStride, bias: bias,
      output: output, outputStride: outputStride, adding: adding)
    multiply(
      problem, panelBegin, panelEnd, tokens, 288,
      levels.areNarrow
        ? Tiles(one: narrowTile1, two: narrowTile2, four: narrowTile4, eight: narrowTile8)
        : Tiles(one: int4Tile1, two: int4Tile2, four: int4Tile4, eight: int4Tile8))
  }

  /// `Kernels.matmulInt4Coded`.
  public func matmulInt4Coded(
    _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
    _ panelStride: Int, _ panelBegin: Int, _ panelEnd: Int, _ rows: Int,
    _ values: UnsafePointer<Int8>, _ scales: UnsafePointer<Float>,
    _ offsets: UnsafePointer<Int32>, _ precision: UInt32, _ tokenStride: Int, _ tokens: Int,
    _ bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int,
    _ adding: Bool
  ) {
    let levels = Table(levels)
    let problem = Problem(
      panels: panels, levels: levels.values,
      blocks: blocks, panelStride: panelStride, rows: rows, values: values, scales: scales,
      offsets: offsets, tokenStride: tokenStride, bias: bias,
      output: output, outputStride: outputStride, adding: adding)
    multiply(
      problem, panelBegin, panelEnd, tokens, 272,
      levels.areNarrow
        ? Tiles(
          one: codedNarrowTile1, two: codedNarrowTile2, four: codedNarrowTile4,
          eight: codedNarrowTile8)
        : Tiles(one: codedTile1, two: codedTile2, four: codedTile4, eight: codedTile8))
  }

  /// The levels as the tiles take them: signed, or raised if all are narrow.
  private struct Table {
    let values: __m256i
    let areNarrow: Bool

    @inline(__always)
    init(_ levels: UnsafePointer<UInt8>) {
      let table = _mm_loadu_si128(UnsafeRawPointer(levels).assumingMemoryBound(to: __m128i.self))
      let range = 128 - narrowBias..<128 + narrowBias
      areNarrow = (0..<16).allSatisfy { range.contains(Int(levels[$0])) }
      let raised = _mm256_set1_epi8(areNarrow ? Int8(128 - narrowBias) : -128)
      values = _mm256_sub_epi8(_mm256_broadcastsi128_si256(table), raised)
    }
  }

  /// Multiplies as many panels as stay in the L2 cache by all tokens, eight at a time and then
  /// fewer.
  @inline(__always)
  private func multiply(
    _ p: Problem, _ begin: Int, _ end: Int, _ tokens: Int, _ blockBytes: Int, _ tiles: Tiles
  ) {
    let group = max(1, residentBytes / max(1, p.blocks * blockBytes))
    for first in stride(from: begin, to: end, by: group) {
      var token = 0
      while token < tokens {
        let (count, tile) = tiles.largest(for: tokens - token)
        for panel in first..<min(first + group, end) { tile(p, panel, token) }
        token += count
      }
    }
  }

  /// The tiles of one kind of weights for 1, 2, 4 and 8 tokens.
  private struct Tiles {
    typealias Tile = (_ problem: Problem, _ panel: Int, _ token: Int) -> Void
    let one, two, four, eight: Tile

    @inline(__always)
    func largest(for tokens: Int) -> (Int, Tile) {
      switch tokens {
      case 8...: (8, eight)
      case 4...: (4, four)
      case 2...: (2, two)
      default: (1, one)
      }
    }
  }
#endif
