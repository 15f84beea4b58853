import Foundation
import Testing

@testable import SIMDKernels

private let tiersOfBF16 = InstructionSet.available.compactMap {
  try? Kernels.select($0.rawValue).bf16Attention
}

/// Attention's products in bf16, in the tiers that have them.
@Suite(.enabled(if: !tiersOfBF16.isEmpty, "no tier here multiplies bf16"))
struct BF16AttentionTests {
  private static let dims = [2, 8, 34, 64, 80, 128]

  @Test func scoresHaveTheBitsOfF16OnesOfRoundedQueries() {
    for products in tiersOfBF16 {
      var random = Random(state: 1)
      for dim in Self.dims {
        let keys = Self.halves(dim * 64, &random)
        let (q, stride) = (random.floats(9 * (dim + 3)), dim + 3)
        for rows in 0...9 {
          let rounded = Self.rounded(q, products)
          let truth = Guarded<Float>(rows * 64)
          Kernels.portable.scoresF16(rounded, stride, rows, keys, dim, 0.3, truth.start, 64)

          let left = Self.packed(q, stride, rows, dim, products)
          let pairs = Self.pairs(keys, 64, dim, 64, products)
          let ours = Guarded<Float>(rows * 64)
          products.product(left, dim, rows, pairs, dim, 64, 0.3, false, ours.start, 64)
          #expect(ours.checked().bits == truth.checked().bits, "\(rows) rows, \(dim)")
        }
      }
    }
  }

  @Test func weightedSumsHaveTheBitsOfF16OnesOfRoundedWeights() {
    for products in tiersOfBF16 {
      var random = Random(state: 2)
      for dim in Self.dims {
        for count in [0, 1, 2, 31, 63, 64] {
          let values = Self.halves(64 * (dim + 3), &random)
          // What follows the last weight is zero, as it is after the positions that a row may see.
          let weights = random.floats(9 * 64, in: 0...1).enumerated().map {
            $0 % 64 < count ? $1 : 0
          }
          let begin = random.floats(9 * (dim + 5))
          for rows in 0...9 {
            let truth = Guarded(Array(begin.prefix(rows * (dim + 5))))
            Kernels.portable.weightedSumF16(
              Self.rounded(weights, products), 64, rows, values, dim + 3, count, dim, truth.start,
              dim + 5)

            let left = Self.packed(weights, 64, rows, 64, products)
            let pairs = Self.pairs(values, dim + 3, count, dim, products)
            let ours = Guarded(Array(begin.prefix(rows * (dim + 5))))
            products.product(left, 64, rows, pairs, count, dim, 1, true, ours.start, dim + 5)
            #expect(ours.checked().bits == truth.checked().bits, "\(rows) × \(count), \(dim)")
          }
        }
      }
    }
  }

  @Test func roundingGivesTheNearestNumbersOfBF16() {
    for products in tiersOfBF16 {
      var random = Random(state: 3)
      for count in awkwardSizes {
        let x = random.floats(count).map { $0 * 1e4 }
        var truth = [UInt16](repeating: 0, count: count)
        Kernels.portable.f32ToBF16(x, &truth, count)
        #expect(Self.rounded(x, products).bits == truth.map { UInt32($0) << 16 }, "\(count)")
      }
      let ties = Self.rounded([0x1.01p0, 0x1.03p0, -0x1.01p0, 0x1.010002p0, 0], products)
      #expect(ties == [1, 0x1.04p0, -1, 0x1.02p0, 0])
      let odd = Self.rounded([.infinity, -.infinity, .greatestFiniteMagnitude, .nan], products)
      #expect(odd[..<3] == [.infinity, -.infinity, .infinity] && odd[3].isNaN)
    }
  }

  @Test func packedRowsAreRoundedNumbersOfWhichTwoChangePlaces() {
    for products in tiersOfBF16 {
      var random = Random(state: 4)
      for count in awkwardSizes {
        let x = random.floats(count)
        let bits = Self.rounded(x, products).bits.map { UInt16($0 >> 16) } + [0]
        let out = Guarded<UInt16>((count + 1) / 2 * 2)
        products.packRow(x, count, out.start)
        let result = out.checked()
        #expect(result == result.indices.map { bits[$0 ^ 1] }, "\(count)")
      }
    }
  }

  @Test func numbersThatAreNoneReachTheResult() {
    for products in tiersOfBF16 {
      var keys = [UInt16](repeating: 0x3c00, count: 2 * 64)
      (keys[5], keys[64 + 6]) = (0x7fff, 0x7c01)
      let q = [Float](repeating: 1, count: 2)
      let left = Self.packed(q, 2, 1, 2, products)
      let out = Guarded<Float>(64)
      products.product(
        left, 2, 1, Self.pairs(keys, 64, 2, 64, products), 2, 64, 1, false, out.start, 64)
      let result = out.checked()
      #expect(result[5].isNaN && result[6].isNaN)
      #expect(result.filter { $0 == 2 }.count == 62)
    }
  }

  /// f16 numbers whose values have the eight bits of bf16.
  private static func halves(_ count: Int, _ random: inout Random) -> [UInt16] {
    var bf16 = [UInt16](repeating: 0, count: count)
    Kernels.portable.f32ToBF16(random.floats(count), &bf16, count)
    let floats = bf16.map { Float(bitPattern: UInt32($0) << 16) }
    var halves = [UInt16](repeating: 0, count: count)
    Kernels.portable.f32ToF16(floats, &halves, count)
    return halves
  }

  private static func rounded(_ x: [Float], _ products: BF16Attention) -> [Float] {
    let out = Guarded(x)
    products.round(out.start, x.count)
    return out.checked()
  }

  /// Rows of `count`, even, one after the other.
  private static func packed(
    _ x: [Float], _ stride: Int, _ rows: Int, _ count: Int, _ products: BF16Attention
  ) -> [UInt16] {
    let out = Guarded<UInt16>(rows * count)
    x.withUnsafeBufferPointer { x in
      for row in 0..<rows {
        products.packRow(x.baseAddress! + row * stride, count, out.start + row * count)
      }
    }
    return out.checked()
  }

  private static func pairs(
    _ halves: [UInt16], _ stride: Int, _ rows: Int, _ columns: Int, _ products: BF16Attention
  ) -> [UInt16] {
    let out = Guarded<UInt16>(BF16Attention.packedCount(rows: rows, columns: columns))
    products.pack(halves, stride, rows, columns, out.start)
    return out.checked()
  }
}
