import Testing

@testable import Quant

@Suite struct SizeTests {
  @Test func panelsAreWholeAndBlocksAreWhole() throws {
    #expect(try ElementFormat.int8Panels.byteCount(rows: 16, columns: 32) == 544)
    #expect(try ElementFormat.int4Panels.byteCount(rows: 17, columns: 33) == 4 * 288)
    // 64 bytes of scales; a line of codes and four of weights a block, or of codes for four blocks.
    #expect(try ElementFormat.int4CodedPanels.byteCount(rows: 16, columns: 32) == 64 + 64 + 256)
    #expect(
      try ElementFormat.int4CodedPanels.byteCount(rows: 17, columns: 160)
        == 2 * (64 + 2 * 64 + 5 * 256))
    #expect(
      try ElementFormat.int4CodedPanels.byteCount(rows: 16, columns: 2048)
        == 16 * (2048 * 17 / 4 + 32) / 8)
    #expect(try ElementFormat.q8Rows.byteCount(rows: 3, columns: 64) == 3 * 2 * 34)
    #expect(try ElementFormat.bf16.byteCount(rows: 3, columns: 5) == 30)
    #expect(try ElementFormat.f32.byteCount(rows: 3, columns: 5) == 60)
  }

  @Test(arguments: ElementFormat.allCases)
  func impossibleSizesThrow(_ format: ElementFormat) {
    for (rows, columns) in [(0, 32), (1, 0), (-1, 32), (Int.max, 32), (1 << 40, 1 << 40)] {
      #expect(throws: SizeError.self) { try format.byteCount(rows: rows, columns: columns) }
    }
  }

  @Test func q8RowsTakeWholeBlocksOnly() {
    #expect(throws: SizeError.partialBlock(columns: 33)) {
      try ElementFormat.q8Rows.byteCount(rows: 1, columns: 33)
    }
  }

  @Test func arithmeticThatOverflowsThrows() throws {
    #expect(throws: SizeError.self) { try Int.max.checkedAdding(1) }
    #expect(throws: SizeError.self) { try (Int.max / 2).checkedMultiplying(by: 3) }
    #expect(throws: SizeError.self) { try (Int.max - 3).checkedRoundingUp(toMultipleOf: 64) }
    #expect(throws: SizeError.self) { try Int(checked: UInt64.max) }
    #expect(try 65.checkedRoundingUp(toMultipleOf: 64) == 128)
    #expect(try 128.checkedRoundingUp(toMultipleOf: 64) == 128)
  }
}
