import Testing

@testable import Quant

@Suite struct LevelsTests {
  @Test func onlySixteenAscendingLevelsAboveMinusOneHundredTwentyEightAreAccepted() {
    let standard = Levels.standard.values
    #expect(Levels(standard) == .standard)
    #expect(Levels(Array(standard.dropLast())) == nil)
    #expect(Levels(standard.reversed()) == nil)
    #expect(Levels([-128] + standard.dropFirst()) == nil)
    #expect(Levels(Array(repeating: 1, count: 16)) == nil)
  }

  @Test func biasedLevelsAreTheLevelsPlus128() {
    #expect(Levels.standard.biased == Levels.standard.values.map { UInt8(Int($0) + 128) })
  }

  /// The standard levels are where Lloyd's iteration comes to rest: with every weight at its level,
  /// the level that minimises Σ d² (x/d - level)² over its weights is Σ d·x / Σ d², and that is the
  /// level itself, but for rounding to whole numbers and the sample's noise.
  @Test func aStepOfLloydsIterationLeavesTheStandardLevelsInPlace() throws {
    var random = Random(state: 7)
    let (rows, columns) = (512, 256)
    let x = random.normal(rows * columns)
    var bytes = [UInt8](
      repeating: 0, count: try ElementFormat.int4Panels.byteCount(rows: rows, columns: columns))
    try x.withUnsafeBufferPointer { x in
      try bytes.withUnsafeMutableBytes { bytes in
        try Quantizer(format: .int4Panels).encode(
          rows: x, rowCount: rows, columns: columns, into: bytes)
      }
    }
    var products = [Double](repeating: 0, count: 16)
    var squares = [Double](repeating: 0, count: 16)
    for row in 0..<rows {
      for k in 0..<columns {
        let block = (row / 16 * columns / 32 + k / 32) * 288
        let pair = bytes[block + k % 16 / 4 * 64 + row % 16 * 4 + k % 4]
        let level = Int(k % 32 < 16 ? pair & 15 : pair >> 4)
        let at = block + 256 + row % 16 * 2
        let d = scale(UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8)
        products[level] += d * Double(x[row * columns + k])
        squares[level] += d * d
      }
    }
    for (i, level) in Levels.standard.values.enumerated() {
      #expect(abs(products[i] / squares[i] - Double(level)) < 1.5, "level \(i)")
    }
  }

  /// The value of a normal half; blocks of normal weights have no others as scales.
  private func scale(_ half: UInt16) -> Double {
    let exponent = Int32(half >> 10 & 31) - 25 + 1023
    let power = Double(bitPattern: UInt64(exponent) << 52)
    return power * Double(half & 0x3ff | 0x400) * (half >> 15 == 1 ? -1 : 1)
  }
}
