import Testing

@testable import Quant

private func encode(
  _ x: [Float], rows: Int, columns: Int, _ quantizer: Quantizer
) throws -> [UInt8] {
  let count = try quantizer.format.byteCount(rows: rows, columns: columns)
  var bytes = [UInt8](repeating: 0xa5, count: count)
  try x.withUnsafeBufferPointer { x in
    try bytes.withUnsafeMutableBytes { bytes in
      try quantizer.encode(rows: x, rowCount: rows, columns: columns, into: bytes)
    }
  }
  return bytes
}

private func decode(
  _ bytes: [UInt8], as format: ElementFormat, rows: Int, columns: Int
) -> [Float] {
  var x = [Float](repeating: .nan, count: rows * columns)
  bytes.withUnsafeBytes { bytes in
    x.withUnsafeMutableBufferPointer { x in
      Quant.decode(bytes, as: format, rowCount: rows, columns: columns, into: x)
    }
  }
  return x
}

private func error(_ a: [Float], _ b: [Float]) -> QuantizationError {
  var error = QuantizationError()
  a.withUnsafeBufferPointer { a in
    b.withUnsafeBufferPointer { b in error.accumulate(original: a, decoded: b) }
  }
  return error
}

@Suite struct QuantizerTests {
  /// Bounds on normal weights: 2⁻⁹ and 2⁻²⁵ for rounding to 8 and 24 bits of fraction; for int8,
  /// max|x| of 32 normal values is about 2.1 σ on average, and a step of its 127th part has an error
  /// of step/√12; for int4 what the levels were fitted to reach.
  @Test(arguments: [
    (ElementFormat.f32, 0.0), (.bf16, 0.002), (.q8Rows, 0.0056), (.int8Panels, 0.005),
    (.int4Panels, 0.074),
  ])
  func normalWeightsComeBackWithinTheFormatsError(_ format: ElementFormat, bound: Double) throws {
    var random = Random(state: 1)
    let (rows, columns) = (48, 512)
    let x = random.normal(rows * columns, deviation: 0.02)
    let bytes = try encode(x, rows: rows, columns: columns, Quantizer(format: format))
    let error = error(x, decode(bytes, as: format, rows: rows, columns: columns))
    #expect(error.relativeRMSE <= bound)
    #expect(error.cosine >= 1 - bound * bound)
  }

  @Test(arguments: ElementFormat.allCases)
  func zerosComeBackAsZeros(_ format: ElementFormat) throws {
    let x = [Float](repeating: 0, count: 17 * 64)
    let bytes = try encode(x, rows: 17, columns: 64, Quantizer(format: format))
    #expect(decode(bytes, as: format, rows: 17, columns: 64) == x)
  }

  @Test(
    arguments: [ElementFormat.int8Panels, .int4Panels], [(1, 1), (15, 31), (17, 33), (16, 95)])
  func partialPanelsAndBlocksKeepTheirWeights(
    _ format: ElementFormat, size: (rows: Int, columns: Int)
  ) throws {
    var random = Random(state: 2)
    let x = random.normal(size.rows * size.columns)
    let bytes = try encode(x, rows: size.rows, columns: size.columns, Quantizer(format: format))
    let back = decode(bytes, as: format, rows: size.rows, columns: size.columns)
    // A weight is off by half the widest gap between levels, plus the half step that an extreme may
    // be cut by, in units of the largest weight.
    let step: Float = format == .int8Panels ? 1 / 127 : 0.3
    let largest = x.map(\.magnitude).max() ?? 0
    for (a, b) in zip(x, back) { #expect(abs(a - b) <= step * largest) }
  }

  @Test func minusOneHundredTwentyEightNeverOccurs() throws {
    var random = Random(state: 3)
    for deviation in [1e-7, 1e-5, 0.02, 1000] {
      let x = random.normal(16 * 256, deviation: deviation)
      let panels = try encode(x, rows: 16, columns: 256, Quantizer(format: .int8Panels))
      for block in 0..<8 { #expect(!panels[block * 544..<block * 544 + 512].contains(0)) }
      let rows = try encode(x, rows: 16, columns: 256, Quantizer(format: .q8Rows))
      for i in rows.indices where i % 34 >= 2 { #expect(rows[i] != 0x80) }
    }
  }

  @Test(arguments: [ElementFormat.q8Rows, .int8Panels, .int4Panels])
  func aWeightThatCannotBeHeldIsNamed(_ format: ElementFormat) throws {
    var x = [Float](repeating: 1, count: 18 * 32)
    x[17 * 32 + 5] = .nan
    #expect(throws: WeightError.notFinite(row: 17, column: 5, value: "nan")) {
      try encode(x, rows: 18, columns: 32, Quantizer(format: format))
    }
    x[17 * 32 + 5] = 1e9
    #expect(
      throws: WeightError.tooLarge(
        row: 17, column: 5, value: 1e9, limit: Quantizer.largestWeight)
    ) {
      try encode(x, rows: 18, columns: 32, Quantizer(format: format))
    }
    x[17 * 32 + 5] = Quantizer.largestWeight
    let bytes = try encode(x, rows: 18, columns: 32, Quantizer(format: format))
    let back = decode(bytes, as: format, rows: 18, columns: 32)
    #expect(abs(back[17 * 32 + 5] / x[17 * 32 + 5] - 1) < 0.01)
  }

  @Test func importanceMovesTheErrorToColumnsThatDoNotMatter() throws {
    var random = Random(state: 4)
    let x = random.normal(64 * 256)
    let importance = (0..<256).map { Float($0 % 4 == 0 ? 100 : 1) }
    func errorOfImportantColumns(_ quantizer: Quantizer) throws -> Double {
      let back = decode(
        try encode(x, rows: 64, columns: 256, quantizer), as: .int4Panels, rows: 64, columns: 256)
      let important = x.indices.filter { $0 % 4 == 0 }
      return error(important.map { x[$0] }, important.map { back[$0] }).relativeRMSE
    }
    let plain = try errorOfImportantColumns(Quantizer(format: .int4Panels))
    let weighted = try errorOfImportantColumns(
      Quantizer(format: .int4Panels, importance: importance))
    #expect(weighted < 0.9 * plain)
  }
}
