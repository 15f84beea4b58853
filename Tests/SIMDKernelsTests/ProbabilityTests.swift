import Foundation
import Testing

@testable import SIMDKernels

private let tiersOfProbabilities = InstructionSet.available.compactMap {
  try? Kernels.select($0.rawValue)
}.filter { $0.quantizeExponentials != nil }

/// Softmax's numerators as activations, in the tiers that have them.
@Suite(.enabled(if: !tiersOfProbabilities.isEmpty, "no tier here has this kernel"))
struct ProbabilityTests {
  private struct Rows {
    let values: [Int8]
    let scales: [Float]
    let offsets: [Int32]
    let sums: [Float]

    init(_ x: [Float], rows: Int, stride: Int, count: Int, _ kernels: Kernels) throws {
      let blocks = (count + 31) / 32
      let values = Guarded<Int8>(rows * blocks * 32)
      let scales = Guarded<Float>(rows * blocks)
      let offsets = Guarded<Int32>(rows * blocks)
      let sums = Guarded<Float>(rows)
      let quantize = try #require(kernels.quantizeExponentials)
      quantize(
        x, stride, rows, count, values.start, scales.start, offsets.start, sums.start)
      self.values = values.checked()
      self.scales = scales.checked()
      self.offsets = offsets.checked()
      self.sums = sums.checked()
    }
  }

  @Test func exponentialsAreWithinHalfAStepAndSumsWithinTheirErrors() throws {
    for kernels in tiersOfProbabilities {
      var random = Random(state: 1)
      for count in awkwardSizes where count > 0 {
        for (rows, spread) in [(1, Float(0)), (2, 1), (3, 30), (5, 200), (4, 1e30)] {
          let stride = count + 3
          let x = random.floats(rows * stride).map { $0 * spread }
          let out = try Rows(x, rows: rows, stride: stride, count: count, kernels)
          for row in 0..<rows {
            expectRow(
              Array(x[row * stride..<row * stride + count]), out, row,
              "\(kernels.isa), \(count) of ±\(spread)")
          }
        }
      }
    }
  }

  private func expectRow(_ x: [Float], _ out: Rows, _ row: Int, _ what: String) {
    let blocks = (x.count + 31) / 32
    let largest = x.max() ?? 0
    let e = x.map { 127.0 / 128 * exp(Double($0) - Double(largest)) }
    // 2⁻¹⁸ covers the polynomial, whose error is below 2⁻¹⁸·⁵, and its roundings. The difference is
    // rounded once, and so are its product with log₂ e and the fraction of that.
    let errors = x.map { 0x1p-18 + (Double(largest) - Double($0)) * 3 * rounding }
    for block in 0..<blocks {
      let range = block * 32..<min(block * 32 + 32, x.count)
      let scale = out.scales[row * blocks + block]
      let hasThreeBits = (scale.significand * 8).rounded() == scale.significand * 8
      #expect(hasThreeBits && scale >= ScalePrecision.smallest && scale <= 1, "\(what)")
      let top = range.map { e[$0] }.max() ?? 0
      let topError = range.map { e[$0] * errors[$0] }.max() ?? 0
      let step = Double(scale)
      #expect(top - topError <= 127 * step * 1.000_001, "\(what)")
      // A scale of three mantissa bits is rounded up by an eighth at most.
      #expect(
        scale == ScalePrecision.smallest || 127 * step <= (top + topError) * 1.125_001, "\(what)")
      var sum: Int32 = 0
      for k in block * 32..<block * 32 + 32 {
        let value = out.values[row * blocks * 32 + k]
        sum += Int32(value)
        guard k < x.count else {
          #expect(value == 0, "\(what)")
          continue
        }
        let bound = 0.500_02 * step + e[k] * errors[k]
        #expect(abs(Double(value) * step - e[k]) <= bound, "\(what), element \(k)")
      }
      #expect(out.offsets[row * blocks + block] == -128 * sum, "\(what)")
    }
    let scales = out.scales[row * blocks..<(row + 1) * blocks]
    #expect(scales.max() == 0x1p-7, "\(what)")
    let sum = e.reduce(0, +)
    let sumError = zip(e, errors).map { $0 * $1 }.reduce(0, +) + sum * Double(x.count) * rounding
    #expect(abs(Double(out.sums[row]) - sum) <= sumError, "\(what)")
  }

  @Test func aRowDoesNotDependOnItsNeighbours() throws {
    for kernels in tiersOfProbabilities {
      var random = Random(state: 2)
      let (rows, count) = (9, 600)
      let x = random.floats(rows * count, in: -20...20)
      let all = try Rows(x, rows: rows, stride: count, count: count, kernels)
      for row in 0..<rows {
        let own = Array(x[row * count..<(row + 1) * count])
        let one = try Rows(own, rows: 1, stride: count, count: count, kernels)
        #expect(Array(all.values[row * 608..<(row + 1) * 608]) == one.values)
        #expect(Array(all.scales[row * 19..<(row + 1) * 19]) == one.scales)
        #expect(Array(all.offsets[row * 19..<(row + 1) * 19]) == one.offsets)
        #expect(all.sums[row] == one.sums[0])
      }
    }
  }

  @Test func aScoreThatIsNoNumberPoisonsItsRowsSumOnly() throws {
    for kernels in tiersOfProbabilities {
      var random = Random(state: 3)
      let (rows, count) = (6, 600)
      for poison: Float in [.nan, .infinity] {
        for position in [0, 31, 511, 512, 599] {
          var x = random.floats(rows * count)
          x[3 * count + position] = poison
          let out = try Rows(x, rows: rows, stride: count, count: count, kernels)
          for row in 0..<rows { #expect(out.sums[row].isNaN == (row == 3), "\(position)") }
        }
      }
    }
  }
}
