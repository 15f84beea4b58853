import Testing

@testable import SIMDKernels

private struct Product {
  let rows: Int
  let columns: Int
  let tokens: Int
  let weights: [Float]
  let x: [Float]
  /// One more than the columns, so that rows of x do not touch.
  var xStride: Int { columns + 1 }

  init(rows: Int, columns: Int, tokens: Int, _ random: inout Random) {
    self.rows = rows
    self.columns = columns
    self.tokens = tokens
    // Values that a bfloat16 holds exactly serve both formats.
    weights = random.floats(rows * columns).map {
      Float(bitPattern: $0.bitPattern & 0xffff_0000)
    }
    x = random.floats(tokens * (columns + 1))
  }

  func run(_ kernels: Kernels, bf16: Bool, rows range: Range<Int>? = nil, tokens limit: Int? = nil)
    -> [Float]
  {
    let output = Guarded<Float>(tokens * rows)
    let range = range ?? 0..<rows
    if bf16 {
      let halves = weights.map { UInt16($0.bitPattern >> 16) }
      kernels.matmulBF16(
        halves, columns, range.lowerBound, range.upperBound, x, xStride, limit ?? tokens,
        output.start, rows)
    } else {
      kernels.matmulF32(
        weights, columns, range.lowerBound, range.upperBound, x, xStride, limit ?? tokens,
        output.start, rows)
    }
    return output.checked()
  }

  func truth() -> (values: [Double], bounds: [Double]) {
    var values: [Double] = []
    var bounds: [Double] = []
    for token in 0..<tokens {
      for row in 0..<rows {
        var sum = 0.0
        var size = 0.0
        for k in 0..<columns {
          let term = Double(weights[row * columns + k]) * Double(x[token * xStride + k])
          sum += term
          size += abs(term)
        }
        values.append(sum)
        // Any order of n additions of rounded products.
        bounds.append(size * Double(columns + 1) * rounding)
      }
    }
    return (values, bounds)
  }
}

@Suite struct FloatMatmulTests {
  @Test(arguments: InstructionSet.available, [false, true])
  func everyTierStaysWithinTheBoundOfASum(_ set: InstructionSet, bf16: Bool) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 1)
    for (rows, tokens) in [(1, 1), (3, 2), (4, 3), (9, 5)] {
      for columns in awkwardSizes where columns < 600 {
        let p = Product(rows: rows, columns: columns, tokens: tokens, &random)
        let truth = p.truth()
        expectClose(
          p.run(kernels, bf16: bf16), truth.values, within: truth.bounds,
          "\(rows) × \(columns), \(tokens) tokens")
      }
    }
  }

  @Test(arguments: InstructionSet.available, [false, true])
  func aResultDependsOnItsRowAndTokenOnly(_ set: InstructionSet, bf16: Bool) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 2)
    let p = Product(rows: 11, columns: 77, tokens: 9, &random)
    let whole = p.run(kernels, bf16: bf16)
    for range in [0..<1, 1..<6, 5..<11, 3..<3] {
      for tokens in [0, 1, 2, 3, 8] {
        let part = p.run(kernels, bf16: bf16, rows: range, tokens: tokens)
        for i in part.indices {
          if range.contains(i % p.rows) && i / p.rows < tokens {
            #expect(part[i].bitPattern == whole[i].bitPattern)
          } else {
            #expect(part[i].isNaN)
          }
        }
      }
    }
  }
}
