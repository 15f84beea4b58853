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
    (.int4Panels, 0.074), (.int4CodedPanels, 0.074), (.int8Planes, 0.005),
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
    arguments: [ElementFormat.int8Panels, .int4Panels, .int4CodedPanels, .int8Planes],
    [(1, 1), (15, 31), (17, 33), (16, 95), (16, 161)])
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

  @Test(arguments: [ElementFormat.q8Rows, .int8Panels, .int4Panels, .int4CodedPanels])
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

  @Test(arguments: [ElementFormat.int4Panels, .int4CodedPanels])
  func importanceMovesTheErrorToColumnsThatDoNotMatter(_ format: ElementFormat) throws {
    var random = Random(state: 4)
    let x = random.normal(64 * 256)
    let importance = (0..<256).map { Float($0 % 4 == 0 ? 100 : 1) }
    func errorOfImportantColumns(_ quantizer: Quantizer) throws -> Double {
      let back = decode(
        try encode(x, rows: 64, columns: 256, quantizer), as: format, rows: 64, columns: 256)
      let important = x.indices.filter { $0 % 4 == 0 }
      return error(important.map { x[$0] }, important.map { back[$0] }).relativeRMSE
    }
    let plain = try errorOfImportantColumns(Quantizer(format: format))
    let weighted = try errorOfImportantColumns(
      Quantizer(format: format, importance: importance))
    #expect(weighted < 0.9 * plain)
  }

  /// 4.26 bits instead of 4.5 for the error of f16 scales: by half a per cent at most, for normal rows and
  /// for rows with heavy tails. Student's t with 3 degrees has no fourth moment: the largest weight of a
  /// wide row leaves few codes to the other blocks, so that its bound holds for narrow rows.
  @Test(arguments: [(0, 512), (0, 2048), (5, 512), (5, 2048), (3, 512)])
  func codesHaveTheErrorOfF16Scales(degrees: Int, columns: Int) throws {
    var random = Random(state: 11)
    let rows = 96
    let x = random.heavyTailed(rows * columns, degrees: degrees)
    func errorOf(_ format: ElementFormat) throws -> Double {
      let bytes = try encode(x, rows: rows, columns: columns, Quantizer(format: format))
      return error(x, decode(bytes, as: format, rows: rows, columns: columns)).relativeRMSE
    }
    let (plain, coded) = (try errorOf(.int4Panels), try errorOf(.int4CodedPanels))
    #expect(coded < 1.005 * plain, "\(coded) beside \(plain), \(coded / plain)")
  }

  /// AVX-512 multiplies many tokens faster where no code is zero. Blocks and rows of zeros come back as such.
  @Test func noCodeIsZero() throws {
    var random = Random(state: 14)
    let (rows, columns) = (17, 160)
    var x = random.normal(rows * columns)
    for column in 32..<64 { x[5 * columns + column] = 0 }
    for column in 64..<96 { x[6 * columns + column] *= 1e-6 }
    for column in 0..<columns { x[7 * columns + column] = 0 }
    let bytes = try encode(
      x, rows: rows, columns: columns, Quantizer(format: .int4CodedPanels))
    for panel in 0..<2 {
      for block in 0..<5 {
        let at = panel * bytes.count / 2 + 64 + block / 4 * (64 + 4 * 256) + block % 4 * 16
        #expect(!bytes[at..<at + 16].contains(0), "panel \(panel), block \(block)")
      }
    }
    let back = decode(bytes, as: .int4CodedPanels, rows: rows, columns: columns)
    #expect(back[5 * columns + 32..<5 * columns + 64].allSatisfy { $0 == 0 })
    #expect(back[7 * columns..<8 * columns].allSatisfy { $0 == 0 })
  }

  /// Rows of one panel do not know each other, and neither do panels.
  @Test func aRowsBytesDoNotDependOnItsNeighbours() throws {
    var random = Random(state: 12)
    let (rows, columns) = (33, 160)
    var x = random.normal(rows * columns)
    let quantizer = Quantizer(format: .int4CodedPanels)
    func weights() throws -> [Float] {
      decode(
        try encode(x, rows: rows, columns: columns, quantizer), as: .int4CodedPanels, rows: rows,
        columns: columns)
    }
    let before = try weights()
    for column in 0..<columns { x[20 * columns + column] *= 1000 }
    let after = try weights()
    for row in 0..<rows where row != 20 {
      let range = row * columns..<(row + 1) * columns
      #expect(before[range] == after[range], "row \(row)")
    }
  }

  /// All the way down to weights that are no normal numbers. The smallest become zero.
  @Test func rowsOfAnySizeComeBack() throws {
    var random = Random(state: 13)
    let columns = 256
    let sizes: [Float] = [1e6, 1, 1e-6, 1e-12, 1e-20, 1e-38, 1e-44, 0]
    let row = random.normal(columns).map { max(-1, min(1, $0 / 4)) }
    let x = sizes.flatMap { size in row.map { $0 * size } }
    let back = decode(
      try encode(x, rows: sizes.count, columns: columns, Quantizer(format: .int4CodedPanels)),
      as: .int4CodedPanels, rows: sizes.count, columns: columns)
    for (index, size) in sizes.enumerated() {
      let range = index * columns..<(index + 1) * columns
      if size >= 1e-12 {
        #expect(error(Array(x[range]), Array(back[range])).relativeRMSE < 0.09, "\(size)")
      } else {
        #expect(back[range].allSatisfy { $0.magnitude <= 1e-15 }, "\(size)")
      }
    }
  }
}
