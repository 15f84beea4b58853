import Testing

@testable import SIMDKernels

/// A quantised product with random operands.
private struct Product {
  var levels: [UInt8]
  let bits: Int
  let rows: Int
  let blocks: Int
  let tokens: Int
  var panels: [UInt8]
  var values: [Int8]
  var scales: [Float]
  var offsets: [Int32]
  let bias: [Float]

  var panelCount: Int { (rows + 15) / 16 }
  var weightBytes: Int { bits == 8 ? 512 : 256 }

  init(
    bits: Int, rows: Int, blocks: Int, tokens: Int, levels range: ClosedRange<UInt8> = 1...255,
    _ random: inout Random
  ) {
    self.bits = bits
    self.rows = rows
    self.blocks = blocks
    self.tokens = tokens
    levels = random.bytes(16, in: range).sorted()
    (levels[0], levels[15]) = (range.lowerBound, range.upperBound)
    panels = []
    for _ in 0..<(rows + 15) / 16 * blocks {
      panels += random.bytes(bits == 8 ? 512 : 256, in: bits == 8 ? 1...255 : 0...255)
      for half in random.halves(16) { panels += [UInt8(half & 255), UInt8(half >> 8)] }
    }
    values = random.bytes(tokens * blocks * 32, in: 1...255).map { Int8(Int($0) - 128) }
    scales = random.floats(tokens * blocks, in: 0.001...0.1)
    bias = random.floats(rows, in: -1...1)
    offsets = []
    updateOffsets()
  }

  mutating func updateOffsets() {
    offsets = (0..<tokens * blocks).map { block in
      -128 * values[block * 32..<block * 32 + 32].reduce(0) { $0 + Int32($1) }
    }
  }

  func run(
    _ kernels: Kernels, panels range: Range<Int>? = nil, biases: Bool = false,
    scalesOf precision: UInt32 = ScalePrecision.full, tables: [UInt8]? = nil
  ) -> [Float] {
    let output = Guarded<Float>(tokens * rows)
    let matmul = bits == 8 ? kernels.matmulInt8 : kernels.matmulInt4
    matmul(
      panels, tables ?? levels, blocks, blocks, range?.lowerBound ?? 0,
      range?.upperBound ?? panelCount, rows, values, scales, offsets, precision, blocks, tokens,
      biases ? bias : nil, output.start, rows, false)
    return output.checked()
  }

  /// The tables of all panels, or nil where the tier has none or a row's scale allows none.
  func tables(_ kernels: Kernels) -> [UInt8]? {
    guard bits == 8, let tabulate = kernels.tabulateInt8 else { return nil }
    let tables = Guarded<UInt8>(panelCount * blocks * Kernels.bytesPerTable)
    let useful = tabulate(panels, panelCount * blocks, tables.start)
    let bytes = tables.checked()
    return useful ? bytes : nil
  }

  mutating func setScale(_ half: UInt16, panel: Int, block: Int, row: Int) {
    let at = (panel * blocks + block) * (weightBytes + 32) + weightBytes + row * 2
    panels[at] = UInt8(half & 255)
    panels[at + 1] = UInt8(half >> 8)
  }

  /// The weight at (row, column), without its scale.
  func weight(_ row: Int, _ column: Int) -> Int {
    let block = row / 16 * blocks + column / 32
    let k = column % 32
    let line = bits == 8 ? k / 4 : k % 16 / 4
    let byte = panels[block * (weightBytes + 32) + line * 64 + row % 16 * 4 + k % 4]
    if bits == 8 { return Int(byte) - 128 }
    return Int(levels[Int(k < 16 ? byte & 15 : byte >> 4)]) - 128
  }

  func scale(_ row: Int, _ block: Int) -> Double {
    let at = (row / 16 * blocks + block) * (weightBytes + 32) + weightBytes + row % 16 * 2
    let half = UInt16(panels[at]) | UInt16(panels[at + 1]) << 8
    let fraction = Double(half & 0x3ff | 0x400) / 1024
    let power = Int(half >> 10 & 31) - 15  // never subnormal here
    return (half >> 15 == 1 ? -fraction : fraction)
      * (power < 0 ? 1 / Double(1 << -power) : Double(1 << power))
  }
}

@Suite struct PanelMatmulTests {
  @Test(arguments: [8, 4])
  func portableComputesTheDefinition(bits: Int) {
    var random = Random(state: 1)
    let p = Product(bits: bits, rows: 33, blocks: 5, tokens: 3, &random)
    var truths: [Double] = []
    var bounds: [Double] = []
    for token in 0..<p.tokens {
      for row in 0..<p.rows {
        var sum = 0.0
        var size = 0.0
        for block in 0..<p.blocks {
          let dot = (0..<32).reduce(0) {
            $0 + p.weight(row, block * 32 + $1)
              * Int(p.values[(token * p.blocks + block) * 32 + $1])
          }
          let term = Double(dot) * p.scale(row, block) * Double(p.scales[token * p.blocks + block])
          sum += term
          size += abs(term)
        }
        truths.append(sum)
        // One rounding for the product of the scales and one for each addition.
        bounds.append(size * Double(p.blocks + 1) * rounding)
      }
    }
    expectClose(p.run(.portable), truths, within: bounds, "int\(bits)")
  }

  @Test(arguments: InstructionSet.available, [8, 4])
  func everyTierGivesTheSameBits(_ set: InstructionSet, bits: Int) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 2)
    for (rows, blocks) in [(1, 1), (16, 0), (15, 2), (17, 3), (48, 7), (100, 1), (64, 64)] {
      for tokens in [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 31] {
        let p = Product(bits: bits, rows: rows, blocks: blocks, tokens: tokens, &random)
        #expect(
          p.run(kernels).bits == p.run(.portable).bits,
          "int\(bits), \(rows) rows, \(blocks) blocks, \(tokens) tokens")
        #expect(
          p.run(kernels, biases: true).bits == p.run(.portable, biases: true).bits,
          "int\(bits) with biases, \(rows) rows, \(blocks) blocks, \(tokens) tokens")
      }
    }
  }

  /// Panels are taken in groups that stay in the L2 cache; here there are several groups.
  @Test(arguments: InstructionSet.available, [8, 4])
  func groupsOfPanelsGiveTheSameBits(_ set: InstructionSet, bits: Int) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 11)
    for levels: ClosedRange<UInt8> in [1...255, 96...159] {
      for tokens in [1, 11] {
        let p = Product(
          bits: bits, rows: 250, blocks: 64, tokens: tokens, levels: levels, &random)
        #expect(p.run(kernels).bits == p.run(.portable).bits, "\(tokens) tokens")
      }
    }
  }

  /// A tier may be faster with levels within -32 … 31. Tested with levels at both ends of the
  /// range, and just beyond it.
  @Test(arguments: InstructionSet.available, [96...159, 95...159, 96...160])
  func narrowLevelsGiveTheSameBits(_ set: InstructionSet, levels: ClosedRange<UInt8>) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 10)
    for (rows, blocks) in [(1, 1), (16, 0), (15, 2), (17, 3), (24, 5), (100, 1), (64, 64)] {
      for tokens in [1, 2, 3, 4, 7, 8, 9, 31] {
        let p = Product(
          bits: 4, rows: rows, blocks: blocks, tokens: tokens, levels: levels, &random)
        #expect(
          p.run(kernels, biases: true).bits == p.run(.portable, biases: true).bits,
          "\(rows) rows, \(blocks) blocks, \(tokens) tokens")
      }
    }
  }

  /// Where tokens' scales are powers of two, a tier may add exponents instead of multiplying. It
  /// must not do so where a row's scale is zero or NaN.
  @Test(arguments: InstructionSet.available)
  func powersOfTwoScaleInt4ToTheSameBits(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 7)
    for (rows, blocks, tokens) in [(32, 2, 8), (50, 17, 19)] {
      for half in Self.remarkableScales {
        var p = Product(bits: 4, rows: rows, blocks: blocks, tokens: tokens, &random)
        p.scales = random.scales(p.scales.count, of: ScalePrecision.powerOfTwo)
        if let half { p.setScale(half, panel: p.panelCount / 2, block: blocks - 1, row: 3) }
        #expect(
          p.run(kernels, scalesOf: ScalePrecision.powerOfTwo).numbers == p.run(.portable).numbers,
          "\(half as Any), \(rows) rows")
      }
    }
  }

  /// A kernel is not told the precision of scales if one of them is like these.
  @Test(arguments: InstructionSet.available, [8, 4])
  func remarkableTokensScaleToTheSameBits(_ set: InstructionSet, bits: Int) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 9)
    let tokenScales: [Float] = [0x1p-103, 0x1p112, 0x1p-149, 0, -2, 3, .infinity, .nan]
    let cases: [(UInt16?, Float)] =
      tokenScales.map { (nil, $0) } + [(0x7bff, 0x1p111), (0x0001, 0x1p-102), (0x0000, .nan)]
    for (rows, blocks, tokens) in [(32, 2, 8), (50, 17, 19)] {
      for (half, scale) in cases {
        var p = Product(bits: bits, rows: rows, blocks: blocks, tokens: tokens, &random)
        p.scales = random.scales(p.scales.count, of: ScalePrecision.powerOfTwo)
        p.scales[p.scales.count / 2] = scale
        if let half { p.setScale(half, panel: p.panelCount / 2, block: blocks - 1, row: 3) }
        #expect(
          p.run(kernels).numbers == p.run(.portable).numbers,
          "\(half as Any) · \(scale), \(rows) rows")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func tablesScaleInt8ToTheSameBits(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 8)
    for (rows, blocks, tokens) in [(32, 2, 8), (50, 17, 19), (200, 64, 16)] {
      for precision in [ScalePrecision.threeBits, ScalePrecision.powerOfTwo] {
        for half in Self.remarkableScales {
          var p = Product(bits: 8, rows: rows, blocks: blocks, tokens: tokens, &random)
          p.scales = random.scales(p.scales.count, of: precision)
          // After the last row of the matrix a panel has the scales of zeros.
          for row in rows..<p.panelCount * 16 {
            for block in 0..<blocks {
              p.setScale(0x3c00, panel: row / 16, block: block, row: row % 16)
            }
          }
          if let half { p.setScale(half, panel: p.panelCount / 2, block: blocks - 1, row: 1) }
          guard let tables = p.tables(kernels) else {
            let isNormal = half.map { $0 & 0x7fff != 0 && $0 & 0x7fff < 0x7c00 } ?? true
            #expect(kernels.tabulateInt8 == nil || !isNormal)
            continue
          }
          #expect(
            p.run(kernels, scalesOf: ScalePrecision.threeBits, tables: tables).numbers
              == p.run(.portable).numbers, "\(half as Any), \(rows) rows")
        }
      }
    }
  }

  private static let remarkableScales: [UInt16?] = [
    nil, 0x0001, 0x8001, 0x7bff, 0xfbff, 0x0000, 0x8000, 0x7c00, 0x7e00,
  ]

  @Test(arguments: InstructionSet.available)
  func expandedPanelsGiveTheSameProducts(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    guard let expandInt4 = kernels.expandInt4 else { return }
    var random = Random(state: 6)
    for (rows, blocks) in [(1, 0), (16, 1), (48, 3)] {
      let p = Product(bits: 4, rows: rows, blocks: blocks, tokens: 9, &random)
      let count = p.panelCount * blocks
      let expanded = Guarded<UInt8>(count * 544)
      expandInt4(p.panels, p.levels, count, expanded.start)
      let output = Guarded<Float>(p.tokens * rows)
      kernels.matmulInt8(
        expanded.checked(), p.levels, blocks, blocks, 0, p.panelCount, rows, p.values, p.scales,
        p.offsets, ScalePrecision.full, blocks, p.tokens, nil, output.start, rows, false)
      #expect(output.checked().bits == p.run(.portable).bits, "\(rows) rows, \(blocks) blocks")
    }
  }

  /// Pairs of u8 · s8 products reach 2 · 255 · 127 > 2¹⁵, and two of them 4 · 127 · 127: a tier that adds
  /// them in 16 bits saturates.
  @Test(arguments: InstructionSet.available, [8, 4])
  func extremeOperandsDoNotSaturate(_ set: InstructionSet, bits: Int) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 3)
    let extremes: [(UInt8, UInt8)] = [
      (255, 255), (1, 1), (1, 255), (159, 159), (96, 96), (96, 159),
    ]
    for (low, high) in extremes {
      for (even, odd) in [(Int8(127), Int8(127)), (-127, -127), (127, -127)] {
        var p = Product(bits: bits, rows: 32, blocks: 2, tokens: 9, &random)
        p.levels = Array(repeating: low, count: 8) + Array(repeating: high, count: 8)
        for panel in 0..<4 {
          for i in 0..<p.weightBytes {
            let byte = panel * (p.weightBytes + 32) + i
            p.panels[byte] = bits == 8 ? (i % 2 == 0 ? low : high) : 0xf0
          }
        }
        for i in p.values.indices { p.values[i] = i % 2 == 0 ? even : odd }
        p.updateOffsets()
        #expect(p.run(kernels).bits == p.run(.portable).bits)
      }
    }
  }

  @Test(arguments: InstructionSet.available, [8, 4])
  func aRangeOfPanelsWritesItsRowsOnly(_ set: InstructionSet, bits: Int) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 4)
    let p = Product(bits: bits, rows: 75, blocks: 3, tokens: 11, &random)
    let whole = p.run(kernels)
    for range in [0..<1, 1..<4, 4..<5, 2..<2] {
      let part = p.run(kernels, panels: range)
      for i in part.indices {
        if range.contains(i % p.rows / 16) {
          #expect(part[i].bitPattern == whole[i].bitPattern)
        } else {
          #expect(part[i].isNaN, "row \(i % p.rows) is outside of \(range)")
        }
      }
    }
  }

  /// A convolution's way: each line of three taps is a third of the columns, and reads tokens that
  /// overlap. The sum of the three has the bits of one product with the copied tokens.
  @Test(arguments: InstructionSet.available, [8, 4])
  func partsOfOverlappingTokensAddUpToTheWhole(_ set: InstructionSet, bits: Int) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 5)
    for (rows, step, tokens) in [(3, 1, 7), (16, 2, 8), (33, 1, 15), (64, 3, 24)] {
      let part = 3 * step
      var p = Product(bits: bits, rows: rows, blocks: 3 * part, tokens: tokens, &random)
      let lines = (0..<3).map { _ in
        Product(bits: bits, rows: 1, blocks: step, tokens: tokens + 2, &random)
      }
      let sum = p.sum(of: lines, step: step, biasIn: 0, kernels)
      let late = p.sum(of: lines, step: step, biasIn: 2, kernels)
      #expect(late.bits == p.sum(of: lines, step: step, biasIn: 2, .portable).bits)

      let blocks = (0..<tokens).flatMap { token in
        lines.flatMap { line in (token * step..<token * step + part).map { (line, $0) } }
      }
      p.values = blocks.flatMap { $0.values[$1 * 32..<$1 * 32 + 32] }
      p.scales = blocks.map { $0.scales[$1] }
      p.updateOffsets()
      #expect(sum.bits == p.run(.portable, biases: true).bits, "\(rows) rows, \(tokens) tokens")
    }
  }
}

extension Product {
  /// The sum of the products of a third of the columns with each of `lines`, whose tokens overlap.
  fileprivate func sum(
    of lines: [Product], step: Int, biasIn biased: Int, _ kernels: Kernels
  ) -> [Float] {
    let output = Guarded<Float>(tokens * rows)
    let matmul = bits == 8 ? kernels.matmulInt8 : kernels.matmulInt4
    let part = 3 * step
    for (index, line) in lines.enumerated() {
      panels.withUnsafeBytes { panels in
        matmul(
          panels.baseAddress! + index * part * (weightBytes + 32), levels, part, blocks, 0,
          panelCount, rows, line.values, line.scales, line.offsets, ScalePrecision.full, step,
          tokens,
          index == biased ? bias : nil, output.start, rows, index > 0)
      }
    }
    return output.checked()
  }
}

extension [Float] {
  /// The bits. Those of a NaN differ between processors and are replaced.
  var numbers: [UInt32] { map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern } }
}

extension Random {
  /// Scales of a precision, the smallest and the largest possible among them.
  mutating func scales(_ count: Int, of precision: UInt32) -> [Float] {
    var scales = (0..<count).map { _ in
      let power = Float(sign: .plus, exponent: Int(next() % 20) - 10, significand: 1)
      return Float(bitPattern: power.bitPattern | UInt32(next() % 8) << 20 & ~precision)
    }
    scales[count / 2] = ScalePrecision.smallest
    scales[count / 3] = ScalePrecision.largest
    return scales
  }
}
