#if arch(x86_64)
  import CIntrinsics

  // The quantised matrix products without VNNI. `vpmaddubsw` multiplies unsigned by signed bytes and
  // adds pairs of products in 16 bits, which 255 · 127 would saturate.
  //
  // int8 weights are therefore taken as signed numbers, whose signs are moved over to the values: a
  // pair is at most 2 · 127 · 127 < 2¹⁵. That is why -128 must occur neither in weights nor in values.
  //
  // int4 weights have levels within -32 … 31, as the converter writes them. 32 added, they are unsigned
  // and below 64; no sign is moved, and a pair is at most 2 · 63 · 127, so that two of them are added
  // before they are widened to 32 bits: half of the instructions on the ports that multiply. What 32
  // adds to a block's products the sum of the values takes off again, which `offsets` hold times -128.
  // Levels beyond are multiplied as int8 weights are.
  //
  // The sums of a tile are eight vectors (PanelTile.swift). A whole panel times four tokens fills
  // them, and so does half a panel times eight, which serves twice as many products with each vector
  // of weights, its sign and its magnitude.

  /// Bytes of weights that are kept in the L2 cache while the tokens pass over them.
  private let residentBytes = 256 * 1024

  /// What narrow levels are raised by, and the power of two by which 128 is more.
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
    _ offsets: UnsafePointer<Int32>, _ dropped: UInt32, _ tokenStride: Int, _ tokens: Int,
    _ bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int,
    _ adding: Bool
  ) {
    let problem = Problem(
      panels: panels, levels: _mm256_setzero_si256(), blocks: blocks, panelStride: panelStride,
      rows: rows, values: values,
      scales: scales, offsets: offsets, tokenStride: tokenStride, bias: bias, output: output,
      outputStride: outputStride, adding: adding)
    multiply(problem, panelBegin, panelEnd, tokens, PanelKind.int8)
  }

  /// `Kernels.matmulInt4`.
  public func matmulInt4(
    _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
    _ panelStride: Int, _ panelBegin: Int, _ panelEnd: Int, _ rows: Int,
    _ values: UnsafePointer<Int8>, _ scales: UnsafePointer<Float>,
    _ offsets: UnsafePointer<Int32>, _ dropped: UInt32, _ tokenStride: Int, _ tokens: Int,
    _ bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int,
    _ adding: Bool
  ) {
    let table = _mm_loadu_si128(UnsafeRawPointer(levels).assumingMemoryBound(to: __m128i.self))
    let narrowRange = 128 - narrowBias..<128 + narrowBias
    let narrow = (0..<16).allSatisfy { narrowRange.contains(Int(levels[$0])) }
    let raised = _mm256_set1_epi8(narrow ? Int8(128 - narrowBias) : -128)
    let problem = Problem(
      panels: panels,
      levels: _mm256_sub_epi8(_mm256_broadcastsi128_si256(table), raised),
      blocks: blocks, panelStride: panelStride, rows: rows, values: values, scales: scales,
      offsets: offsets, tokenStride: tokenStride, bias: bias,
      output: output, outputStride: outputStride, adding: adding)
    multiply(problem, panelBegin, panelEnd, tokens, narrow ? .int4Narrow : .int4)
  }

  /// As many panels as stay in the L2 cache times all tokens, eight and then fewer at a time.
  private func multiply(
    _ p: Problem, _ begin: Int, _ end: Int, _ tokens: Int, _ kind: PanelKind
  ) {
    let group = max(1, residentBytes / max(1, p.blocks * (kind == .int8 ? 544 : 288)))
    for first in stride(from: begin, to: end, by: group) {
      let panels = first..<min(first + group, end)
      var token = 0
      while token + 8 <= tokens {
        for panel in panels {
          switch kind {
          case .int8: int8Tile8(p, panel, token)
          case .int4: int4Tile8(p, panel, token)
          case .int4Narrow: narrowTile8(p, panel, token)
          }
        }
        token += 8
      }
      if tokens & 4 != 0 {
        for panel in panels {
          switch kind {
          case .int8: int8Tile4(p, panel, token)
          case .int4: int4Tile4(p, panel, token)
          case .int4Narrow: narrowTile4(p, panel, token)
          }
        }
        token += 4
      }
      if tokens & 2 != 0 {
        for panel in panels {
          switch kind {
          case .int8: int8Tile2(p, panel, token)
          case .int4: int4Tile2(p, panel, token)
          case .int4Narrow: narrowTile2(p, panel, token)
          }
        }
        token += 2
      }
      if tokens & 1 != 0 {
        for panel in panels {
          switch kind {
          case .int8: int8Tile1(p, panel, token)
          case .int4: int4Tile1(p, panel, token)
          case .int4Narrow: narrowTile1(p, panel, token)
          }
        }
      }
    }
  }
#endif
