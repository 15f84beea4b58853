import Testing

@testable import SIMDKernels

@Suite struct PanelEncodingTests {
  private static let levels: [Float] = [
    -32, -25, -20, -16, -12, -9, -6, -3, 0, 3, 6, 9, 12, 16, 21, 27,
  ]

  private func encode(
    bits: Int, _ block: [Float], _ importance: [Float], _ kernels: Kernels
  ) -> [UInt8] {
    let out = Guarded<UInt8>(bits == 8 ? 544 : 288)
    if bits == 8 {
      kernels.encodeInt8(block, importance.isEmpty ? nil : importance, out.start)
    } else {
      kernels.encodeInt4(block, importance, Self.levels, out.start)
    }
    return out.checked()
  }

  /// Keys that are NaN must not become numbers.
  @Test(arguments: InstructionSet.available, [Float.nan, -.nan, .infinity])
  func whatIsNoNumberReachesItsRowsScale(_ set: InstructionSet, poison: Float) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 2)
    let block = random.floats(512)
    let clean = encode(bits: 8, block, [], kernels)
    for column in 0..<32 {
      var poisoned = block
      poisoned[column * 16 + 11] = poison
      let bytes = encode(bits: 8, poisoned, [], kernels)
      #expect(bytes[512 + 2 * 11 + 1] & 0x7c == 0x7c, "column \(column)")
      for byte in bytes.indices {
        let row = byte < 512 ? byte % 64 / 4 : (byte - 512) / 2
        #expect(row == 11 || bytes[byte] == clean[byte])
      }
    }
  }

  @Test(arguments: InstructionSet.available, [8, 4])
  func everyTierWritesTheSameBytes(_ set: InstructionSet, bits: Int) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 1)
    for magnitude: Float in [0, 1e-9, 1e-6, 1e-4, 0.02, 1, 1e4, 4e6] {
      for round in 0..<8 {
        var block = random.floats(512).map { $0 * $0 * $0 * magnitude }
        // Rows without weights, columns without weights, ties for the extreme.
        if round % 2 == 1 { for i in stride(from: 3, to: 512, by: 16) { block[i] = 0 } }
        if round % 3 == 1 { for i in 300..<512 { block[i] = 0 } }
        if round % 4 == 3 { for i in 0..<16 { block[16 + i] = -block[i] } }
        var importance = [Float](repeating: 1, count: 32)
        if round >= 4 { importance = random.floats(32, in: 0...3) }
        if round == 7 { importance[5] = 0 }
        if bits == 8 && round == 2 { importance = [] }
        #expect(
          encode(bits: bits, block, importance, kernels)
            == encode(bits: bits, block, importance, .portable), "±\(magnitude), round \(round)")
      }
    }
  }

  /// What the panels with codes are made of: a search without a code, fits of given scales, nibbles.
  private func steps(_ block: [Float], _ importance: [Float], _ kernels: Kernels) -> [UInt32] {
    let (scales, products, squares) = (Guarded<Float>(16), Guarded<Float>(16), Guarded<Float>(16))
    kernels.searchInt4(block, importance, Self.levels, scales.start)
    let found = scales.checked()
    var bits = found.numbers
    for factor: Float in [0, 1, -0.97, 0.5] {
      let tried = found.map { $0 * factor }
      kernels.fitInt4(block, importance, Self.levels, tried, products.start, squares.start)
      bits += products.checked().numbers + squares.checked().numbers
      let lines = Guarded<UInt8>(256)
      kernels.packInt4(block, Self.levels, tried, lines.start)
      bits += lines.checked().map(UInt32.init)
    }
    return bits
  }

  @Test(arguments: InstructionSet.available)
  func everyTierFindsTheSameScalesAndFits(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 5)
    for magnitude: Float in [0, 1e-30, 1e-9, 1e-4, 0.02, 1, 4e6] {
      for round in 0..<6 {
        var block = random.floats(512).map { $0 * $0 * $0 * magnitude }
        if round % 2 == 1 { for i in stride(from: 3, to: 512, by: 16) { block[i] = 0 } }
        let importance =
          round < 3 ? [Float](repeating: 1, count: 32) : random.floats(32, in: 0...3)
        #expect(
          steps(block, importance, kernels) == steps(block, importance, .portable),
          "±\(magnitude), round \(round)")
      }
    }
  }

  /// The search is that of panels with f16 scales, before its rounding to f16.
  @Test(arguments: InstructionSet.available)
  func theSearchFindsTheScalesOfPlainPanels(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 6)
    let block = random.floats(512)
    let importance = [Float](repeating: 1, count: 32)
    let (scales, halves, plain) = (Guarded<Float>(16), Guarded<UInt16>(16), Guarded<Float>(16))
    kernels.searchInt4(block, importance, Self.levels, scales.start)
    let bytes = encode(bits: 4, block, importance, kernels)
    for row in 0..<16 {
      halves.start[row] = UInt16(bytes[256 + 2 * row]) | UInt16(bytes[257 + 2 * row]) << 8
    }
    kernels.f16ToF32(halves.start, plain.start, 16)
    for row in 0..<16 {
      let ratio = scales.start[row] / plain.start[row]
      #expect(abs(ratio - 1) < 0.001, "row \(row)")
    }
  }
}
