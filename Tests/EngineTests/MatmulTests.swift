import Quant
import SIMDKernels
import Testing

@testable import JanusEngine
@testable import JanusSystem

@Suite struct MatmulTests {
  private static let (rows, columns, tokens) = (48, 96, 160)

  /// Kernels are told what all scales of a prompt are without; with one such value among them, nothing.
  @Test(
    arguments: InstructionSet.available, [ElementFormat.int4Panels, .int4CodedPanels, .int8Panels])
  func aValueWithoutAScaleStaysInItsRow(_ set: InstructionSet, _ format: ElementFormat) throws {
    let kernels = try Kernels.select(set.rawValue)
    let bytes = try Self.weightBytes(format)
    for strange: Float in [.nan, .infinity, 1e37, 1e-42] {
      var x = (0..<Self.tokens * Self.columns).map { Float($0 % 97) - 48 }
      let plain = Self.product(x, bytes, format, kernels)
      x[70 * Self.columns + 40] = strange
      let found = Self.product(x, bytes, format, kernels)
      let truth = Self.product(x, bytes, format, .portable)
      for token in 0..<Self.tokens {
        let row = token * Self.rows..<(token + 1) * Self.rows
        #expect(found[row] == truth[row], "\(strange) in row 70, row \(token)")
        if token != 70 { #expect(found[row] == plain[row], "row \(token)") }
      }
    }
  }

  private static func weightBytes(_ format: ElementFormat) throws -> [UInt8] {
    let weights = (0..<rows * columns).map { Float(($0 * 31) % 113 - 56) / 100 }
    var bytes = [UInt8](repeating: 0, count: try format.byteCount(rows: rows, columns: columns))
    try weights.withUnsafeBufferPointer { weights in
      try bytes.withUnsafeMutableBytes { bytes in
        try Quantizer(format: format).encode(
          rows: weights, rowCount: rows, columns: columns, into: bytes)
      }
    }
    return bytes
  }

  /// The bits of `x · Wᵀ`, but for those of a NaN, which are the processor's choice.
  private static func product(
    _ x: [Float], _ bytes: [UInt8], _ format: ElementFormat, _ kernels: Kernels
  ) -> [UInt32] {
    let ops = Ops(kernels: kernels, pool: WorkerPool(threadCount: 2))
    let (input, out) = (FloatBuffer(), FloatBuffer())
    let (a, b) = (try! input.matrix(tokens, columns), try! out.matrix(tokens, rows))
    a.base.update(from: x, count: x.count)
    var levels = Levels.standard.values.map { UInt8(Int($0) + 128) }
    levels.withUnsafeMutableBufferPointer { levels in
      bytes.withUnsafeBytes { bytes in
        let weight = Weight(
          format: format, rows: rows, columns: columns, bytes: bytes.baseAddress!,
          levels: UnsafePointer(levels.baseAddress!))
        try! ops.matmul(a, Product(weight, into: b))
      }
    }
    return (0..<tokens * rows).map { i in
      b.base[i].isNaN ? Float.nan.bitPattern : b.base[i].bitPattern
    }
  }
}
