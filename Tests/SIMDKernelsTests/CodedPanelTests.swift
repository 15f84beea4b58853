import Testing

@testable import SIMDKernels

/// A product of coded panels with random operands.
private struct CodedProduct {
  var levels: [UInt8]
  let rows: Int
  let blocks: Int
  let tokens: Int
  var panels: [UInt8] = []
  var values: [Int8]
  var scales: [Float]
  var offsets: [Int32] = []
  let bias: [Float]
  let before: [Float]

  var panelCount: Int { (rows + 15) / 16 }
  private var panelBytes: Int { CodedPanel.byteCount(blocks: blocks) }

  init(
    rows: Int, blocks: Int, tokens: Int, levels range: ClosedRange<UInt8> = 1...255,
    _ random: inout Random
  ) {
    (self.rows, self.blocks, self.tokens) = (rows, blocks, tokens)
    levels = random.bytes(16, in: range).sorted()
    (levels[0], levels[15]) = (range.lowerBound, range.upperBound)
    values = random.bytes(tokens * blocks * 32, in: 1...255).map { Int8(Int($0) - 128) }
    scales = random.floats(tokens * blocks, in: 0.001...0.1)
    bias = random.floats(rows)
    before = random.floats(tokens * rows)
    for _ in 0..<panelCount {
      let rowScales = random.floats(16, in: -0.01...0.01)
      panels += rowScales.flatMap { scale in
        (0..<4).map { UInt8(truncatingIfNeeded: scale.bitPattern >> ($0 * 8)) }
      }
      panels += random.bytes(panelBytes - 64)
    }
    updateOffsets()
  }

  mutating func updateOffsets() {
    offsets = (0..<tokens * blocks).map { block in
      -128 * values[block * 32..<block * 32 + 32].reduce(0) { $0 + Int32($1) }
    }
  }

  mutating func setCode(_ code: Int8, row: Int, block: Int) {
    let at = row / 16 * panelBytes + CodedPanel.codes(of: block) + row % 16
    panels[at] = UInt8(bitPattern: code)
  }

  mutating func fillNibbles(with byte: UInt8) {
    for panel in 0..<panelCount {
      for block in 0..<blocks {
        let at = panel * panelBytes + CodedPanel.lines(of: block)
        panels.replaceSubrange(at..<at + 256, with: repeatElement(byte, count: 256))
      }
    }
  }

  enum Start: CaseIterable { case zero, bias, sum }

  func run(
    _ kernels: Kernels, panels range: Range<Int>? = nil, _ start: Start = .zero,
    scalesOf precision: UInt32 = ScalePrecision.full, expanded: Bool = false,
    blocks used: Int? = nil
  ) -> [Float] {
    let out = start == .sum ? Guarded<Float>(before) : Guarded<Float>(tokens * rows)
    var operand = panels
    var matmul = kernels.matmulInt4Coded
    if expanded, let expansion = kernels.codedExpansion {
      let bytes = Guarded<UInt8>(panelCount * CodedPanel.byteCount(blocks: blocks, bits: 8))
      expansion.expand(panels, levels, blocks, panelCount, bytes.start)
      (operand, matmul) = (bytes.checked(), expansion.matmul)
    }
    matmul(
      operand, levels, used ?? blocks, blocks, range?.lowerBound ?? 0,
      range?.upperBound ?? panelCount, rows, values, scales, offsets, precision, blocks, tokens,
      start == .zero ? nil : bias, out.start, rows, start == .sum)
    return out.checked()
  }

  /// A weight without its row's scale.
  func weight(_ row: Int, _ column: Int) -> Int {
    let (block, k) = column.quotientAndRemainder(dividingBy: 32)
    let panel = row / 16 * panelBytes
    let line = panel + CodedPanel.lines(of: block) + k % 16 / 4 * 64
    let byte = panels[line + row % 16 * 4 + k % 4]
    let code = Int8(bitPattern: panels[panel + CodedPanel.codes(of: block) + row % 16])
    return (Int(levels[Int(k < 16 ? byte & 15 : byte >> 4)]) - 128) * Int(code)
  }

  func rowScale(_ row: Int) -> Double {
    let at = row / 16 * panelBytes + row % 16 * 4
    let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(panels[at + $1]) << ($1 * 8) }
    return Double(Float(bitPattern: bits))
  }
}

@Suite struct CodedPanelTests {
  @Test func linesBeginOnCacheLinesAndFillThePanel() {
    for bits in [4, 8] {
      for blocks in 1...9 {
        var used = Set(0..<64)
        for block in 0..<blocks {
          let (codes, lines) = (
            CodedPanel.codes(of: block, bits: bits), CodedPanel.lines(of: block, bits: bits)
          )
          #expect(lines % 64 == 0 && codes % 16 == 0)
          used.formUnion(codes..<codes + 16)
          used.formUnion(lines..<lines + 64 * bits)
        }
        #expect(used.count == 64 + blocks * (16 + 64 * bits), "parts of a panel overlap")
        let count = CodedPanel.byteCount(blocks: blocks, bits: bits)
        #expect(count % 64 == 0 && (used.max() ?? 0) < count)
      }
    }
  }

  @Test func portableComputesTheDefinition() {
    var random = Random(state: 1)
    let p = CodedProduct(rows: 33, blocks: 5, tokens: 3, &random)
    var truths: [Double] = []
    var bounds: [Double] = []
    for token in 0..<p.tokens {
      for row in 0..<p.rows {
        var (sum, size) = (0.0, 0.0)
        for block in 0..<p.blocks {
          let dot = (0..<32).reduce(0) {
            $0 + p.weight(row, block * 32 + $1)
              * Int(p.values[(token * p.blocks + block) * 32 + $1])
          }
          let term = Double(dot) * p.rowScale(row) * Double(p.scales[token * p.blocks + block])
          sum += term
          size += abs(term)
        }
        let at = token * p.rows + row
        truths.append(sum + Double(p.before[at]) + Double(p.bias[row]))
        // A rounding for the product of code and scale, one for each addition, two for the start.
        let start = abs(Double(p.before[at])) + abs(Double(p.bias[row]))
        bounds.append((size * Double(p.blocks + 3) + 2 * start) * rounding)
      }
    }
    expectClose(p.run(.portable, .sum), truths, within: bounds, "coded int4")
  }

  @Test(arguments: InstructionSet.available, CodedProduct.Start.allCases)
  fileprivate func everyTierGivesTheSameBits(
    _ set: InstructionSet, _ start: CodedProduct.Start
  ) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 2)
    // Levels at both ends of what AVX2 multiplies faster, just beyond, and all.
    for levels: ClosedRange<UInt8> in [1...255, 96...159, 95...159, 96...160] {
      for (rows, blocks) in [
        (1, 1), (16, 0), (15, 2), (17, 3), (48, 4), (33, 5), (48, 7), (32, 8), (100, 1), (64, 64),
      ] {
        for tokens in [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 31] {
          let p = CodedProduct(
            rows: rows, blocks: blocks, tokens: tokens, levels: levels, &random)
          let truth = p.run(.portable, start).bits
          let what = "\(rows) rows, \(blocks) blocks, \(tokens) tokens, levels \(levels)"
          #expect(p.run(kernels, start).bits == truth, "\(what)")
          #expect(p.run(kernels, start, expanded: true).bits == truth, "\(what), expanded")
        }
      }
    }
  }

  /// Panels are taken in groups that stay in the L2 cache; here there are several groups.
  @Test(arguments: InstructionSet.available)
  func groupsOfPanelsGiveTheSameBits(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 3)
    for tokens in [1, 11] {
      let p = CodedProduct(rows: 250, blocks: 70, tokens: tokens, levels: 96...159, &random)
      #expect(p.run(kernels).bits == p.run(.portable).bits, "\(tokens) tokens")
    }
  }

  /// Where tokens' scales are powers of two, a tier may add exponents instead of multiplying. A code
  /// of zero has no exponent.
  @Test(arguments: InstructionSet.available)
  func powersOfTwoScaleToTheSameBits(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 4)
    for (rows, blocks, tokens) in [(32, 2, 8), (50, 17, 19)] {
      for code: Int8 in [0, 1, -1, 127, -127, -128] {
        var p = CodedProduct(rows: rows, blocks: blocks, tokens: tokens, &random)
        p.scales = random.scales(p.scales.count, of: ScalePrecision.powerOfTwo)
        // No other code is zero, so that all but one of the cases go the way of exponents.
        for row in 0..<p.panelCount * 16 {
          for block in 0..<blocks {
            let random = Int8.random(in: 1...127, using: &random)
            p.setCode(row % 2 == 0 ? random : -random, row: row, block: block)
          }
        }
        for row in stride(from: 0, to: rows, by: 3) { p.setCode(code, row: row, block: blocks - 1) }
        let found = p.run(kernels, .sum, scalesOf: ScalePrecision.powerOfTwo)
        #expect(found.numbers == p.run(.portable, .sum).numbers, "code \(code), \(rows) rows")
      }
    }
  }

  /// A kernel is not told the precision of scales if one of them is like these.
  @Test(arguments: InstructionSet.available)
  func remarkableScalesGiveTheSameNumbers(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 5)
    let scales: [Float] = [0x1p-103, 0x1p112, 0x1p-149, 0, -2, 3, .infinity, .nan]
    for scale in scales {
      var p = CodedProduct(rows: 50, blocks: 6, tokens: 19, &random)
      p.scales[p.scales.count / 2] = scale
      p.setCode(0, row: 3, block: 2)
      #expect(p.run(kernels).numbers == p.run(.portable).numbers, "\(scale)")
      #expect(p.run(kernels, expanded: true).numbers == p.run(.portable).numbers, "\(scale)")
    }
  }

  /// A block's product is at most 32 · 127 · 127, and so is exact in every tier.
  @Test(arguments: InstructionSet.available)
  func extremeOperandsDoNotSaturate(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 6)
    for level: UInt8 in [255, 1, 159, 96] {
      for (even, odd) in [(Int8(127), Int8(127)), (-127, -127), (127, -127)] {
        for code: Int8 in [127, -128] {
          var p = CodedProduct(rows: 32, blocks: 2, tokens: 9, &random)
          p.levels = Array(repeating: level, count: 16)
          p.fillNibbles(with: 0xf0)
          for row in 0..<32 { p.setCode(code, row: row, block: 1) }
          for i in p.values.indices { p.values[i] = i % 2 == 0 ? even : odd }
          p.updateOffsets()
          let truth = p.run(.portable)
          #expect(p.run(kernels).bits == truth.bits)
          #expect(p.run(kernels, expanded: true).bits == truth.bits)
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func aRangeOfPanelsWritesItsRowsOnly(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 7)
    let p = CodedProduct(rows: 75, blocks: 3, tokens: 11, &random)
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

  /// The first blocks of a panel alone: the others have no part in the sum.
  @Test(arguments: InstructionSet.available)
  func fewerBlocksThanAPanelHas(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 8)
    for used in [0, 1, 4, 6] {
      var p = CodedProduct(rows: 40, blocks: 7, tokens: 9, &random)
      let part = p.run(kernels, blocks: used)
      #expect(part.bits == p.run(.portable, blocks: used).bits)
      for row in 0..<p.panelCount * 16 {
        for block in used..<7 { p.setCode(0, row: row, block: block) }
      }
      #expect(part == p.run(kernels), "\(used) blocks")
    }
  }

  /// All operands lie between protected pages.
  @Test(arguments: InstructionSet.available)
  func nothingOutsideIsTouched(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 9)
    for levels: ClosedRange<UInt8> in [1...255, 96...159] {
      for (rows, blocks) in [(1, 1), (16, 2), (17, 3), (40, 5), (100, 1), (33, 8)] {
        for tokens in [0, 1, 2, 3, 4, 8, 9, 31] {
          let p = CodedProduct(
            rows: rows, blocks: blocks, tokens: tokens, levels: levels, &random)
          Walls.onEachSide { walls in
            let (panels, levels) = (walls.place(p.panels), walls.place(p.levels))
            let (values, scales) = (walls.place(p.values), walls.place(p.scales))
            let (offsets, out) = (walls.place(p.offsets), walls.place(p.before))
            let bias = walls.place(p.bias)
            kernels.matmulInt4Coded(
              panels, levels, blocks, blocks, 0, p.panelCount, rows, values, scales, offsets,
              ScalePrecision.full, blocks, tokens, bias, out, rows, true)
            guard let expansion = kernels.codedExpansion else { return }
            let size = p.panelCount * CodedPanel.byteCount(blocks: blocks, bits: 8)
            let expanded = walls.place([UInt8](repeating: 0, count: size))
            expansion.expand(panels, levels, blocks, p.panelCount, expanded)
            expansion.matmul(
              expanded, levels, blocks, blocks, 0, p.panelCount, rows, values, scales, offsets,
              ScalePrecision.full, blocks, tokens, bias, out, rows, true)
          }
        }
      }
    }
  }
}
