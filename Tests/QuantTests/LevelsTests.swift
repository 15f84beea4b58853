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

  /// The standard levels are the best within -32 … 31 for normal weights: whichever of them is moved by
  /// one, the squared error grows.
  @Test func noStandardLevelMovedByOneHasASmallerError() throws {
    var random = Random(state: 7)
    let (rows, columns) = (512, 256)
    let x = random.normal(rows * columns)
    let size = try ElementFormat.int4Panels.byteCount(rows: rows, columns: columns)

    func squaredError(_ levels: Levels) throws -> Double {
      var bytes = [UInt8](repeating: 0, count: size)
      var back = [Float](repeating: 0, count: x.count)
      var error = QuantizationError()
      try x.withUnsafeBufferPointer { x in
        try bytes.withUnsafeMutableBytes { bytes in
          try Quantizer(format: .int4Panels, levels: levels).encode(
            rows: x, rowCount: rows, columns: columns, into: bytes)
        }
        bytes.withUnsafeBytes { bytes in
          back.withUnsafeMutableBufferPointer { back in
            decode(
              bytes, as: .int4Panels, rowCount: rows, columns: columns, levels: levels, into: back)
          }
        }
        back.withUnsafeBufferPointer { error.accumulate(original: x, decoded: $0) }
      }
      return error.relativeRMSE * error.relativeRMSE
    }

    let standard = Levels.standard.values
    let smallest = try squaredError(.standard)
    for level in 0..<16 {
      for step: Int8 in [-1, 1] where standard[level] + step >= -32 {
        var moved = standard
        moved[level] += step
        let error = try squaredError(try #require(Levels(moved)))
        #expect(error > smallest * 1.002, "level \(level) by \(step)")
      }
    }
  }
}
