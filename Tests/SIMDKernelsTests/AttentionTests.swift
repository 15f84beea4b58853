import Testing

@testable import SIMDKernels

/// How a cache keeps its rows.
enum CacheElement: CaseIterable, Sendable {
  case f32, f16, int8
}

@Suite struct AttentionTests {
  static let dims = [1, 8, 16, 33, 64, 80, 128]
  static let counts = [0, 1, 63, 64]
  static let rowCounts = 0...9

  @Test(arguments: InstructionSet.available, CacheElement.allCases)
  func everyTierGivesTheScoresOfThePortableOne(_ set: InstructionSet, element: CacheElement) throws
  {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 1)
    for dim in Self.dims {
      for count in Self.counts {
        let scores = ScoresCase(rows: 9, dim: dim, count: count, element: element, &random)
        let truth = scores.run(.portable)
        for rows in Self.rowCounts {
          let ours = scores.run(kernels, 0..<rows)
          for row in 0..<rows {
            let (mine, right) = (scores.known(row, of: ours), scores.known(row, of: truth))
            #expect(mine.bits == right.bits, "\(row) of \(rows) × \(count), \(dim)")
          }
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, CacheElement.allCases)
  func everyTierGivesTheWeightedSumsOfThePortableOne(_ set: InstructionSet, element: CacheElement)
    throws
  {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 2)
    for dim in Self.dims {
      for count in Self.counts {
        let sums = WeightedSumCase(rows: 9, count: count, dim: dim, element: element, &random)
        let truth = sums.run(.portable)
        for rows in Self.rowCounts {
          let ours = sums.run(kernels, 0..<rows)
          let right = Array(truth.prefix(ours.count))
          #expect(ours.bits == right.bits, "\(rows) × \(count), \(dim)")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, CacheElement.allCases)
  func aRowDoesNotDependOnTheRowsBesideIt(_ set: InstructionSet, element: CacheElement) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 3)
    for dim in [64, 80, 128] {
      let scores = ScoresCase(rows: 13, dim: dim, count: 64, element: element, &random)
      let sums = WeightedSumCase(rows: 13, count: 64, dim: dim, element: element, &random)
      let allScores = scores.run(kernels)
      let allSums = sums.run(kernels)
      for row in 0..<13 {
        let score = scores.run(kernels, row..<row + 1)
        #expect(score.bits == Array(scores.line(row, of: allScores)).bits)
        let sum = sums.run(kernels, row..<row + 1)
        #expect(sum.bits == Array(sums.line(row, of: allSums)).bits)
      }
    }
  }

  @Test(arguments: CacheElement.allCases)
  func thePortableScoresAreNearTheTruth(element: CacheElement) {
    var random = Random(state: 4)
    for dim in Self.dims {
      let scores = ScoresCase(rows: 3, dim: dim, count: 64, element: element, &random)
      let result = scores.run(.portable)
      for row in 0..<3 {
        var truths: [Double] = []
        var bounds: [Double] = []
        for i in 0..<64 {
          let terms = (0..<dim).map {
            Double(scores.q[row * scores.qStride + $0]) * Double(scores.keys.floats[$0 * 64 + i])
          }
          truths.append(0.125 * terms.reduce(0, +))
          bounds.append(0.125 * terms.reduce(0) { $0 + abs($1) } * Double(dim + 1) * rounding)
        }
        expectClose(
          Array(scores.line(row, of: result)), truths, within: bounds, "row \(row), \(dim)")
      }
    }
  }

  @Test(arguments: CacheElement.allCases)
  func thePortableWeightedSumsAreNearTheTruth(element: CacheElement) {
    var random = Random(state: 5)
    for (count, dim) in [(0, 8), (1, 1), (63, 80), (64, 128)] {
      let sums = WeightedSumCase(rows: 3, count: count, dim: dim, element: element, &random)
      let result = sums.run(.portable)
      for row in 0..<3 {
        var truths: [Double] = []
        var bounds: [Double] = []
        for d in 0..<dim {
          let terms = (0..<count).map {
            Double(sums.weights[row * sums.weightStride + $0])
              * Double(sums.values.floats[$0 * sums.valueStride + d])
          }
          let begin = Double(sums.begin[row * sums.outStride + d])
          truths.append(terms.reduce(begin, +))
          bounds.append(
            terms.reduce(abs(begin)) { $0 + abs($1) } * Double(count + 1) * rounding)
        }
        expectClose(
          Array(sums.line(row, of: result).prefix(dim)), truths, within: bounds,
          "row \(row), \(count) × \(dim)")
      }
    }
  }
}

/// Query rows and a chunk of which `count` keys are there; the others hold NaN.
private struct ScoresCase {
  let rows: Int
  let dim: Int
  let count: Int
  let element: CacheElement
  let q: [Float]
  let keys: CacheRows
  var qStride: Int { dim + 3 }
  var outStride: Int { 64 + 5 }

  init(rows: Int, dim: Int, count: Int, element: CacheElement, _ random: inout Random) {
    self.rows = rows
    self.dim = dim
    self.count = count
    self.element = element
    q = random.floats(rows * (dim + 3))
    keys = CacheRows(element, rows: dim, columns: 64, known: count, &random)
  }

  /// The scores of some rows. What lies between the rows of the result must not change.
  func run(_ kernels: Kernels, _ some: Range<Int>? = nil) -> [Float] {
    let some = some ?? 0..<rows
    let size = some.isEmpty ? 0 : (some.count - 1) * outStride + 64
    let out = Guarded<Float>(size)
    q.withUnsafeBufferPointer { q in
      let q = q.baseAddress! + some.lowerBound * qStride
      switch element {
      case .f32:
        kernels.scoresF32(q, qStride, some.count, keys.floats, dim, 0.125, out.start, outStride)
      case .f16:
        kernels.scoresF16(q, qStride, some.count, keys.halves, dim, 0.125, out.start, outStride)
      case .int8:
        kernels.scoresInt8(
          q, qStride, some.count, keys.bytes, dim, 0.125, out.start, outStride, keys.bytes)
      }
    }
    let result = out.checked()
    for i in result.indices where i % outStride >= 64 { #expect(result[i].bitPattern == .max) }
    return result
  }

  func line(_ row: Int, of result: [Float]) -> ArraySlice<Float> {
    result[row * outStride..<row * outStride + 64]
  }

  /// A row's scores of the keys that are there.
  func known(_ row: Int, of result: [Float]) -> [Float] {
    Array(line(row, of: result).prefix(count))
  }
}

/// Weights of some rows and the values that they weigh.
private struct WeightedSumCase {
  let rows: Int
  let count: Int
  let dim: Int
  let element: CacheElement
  let weights: [Float]
  let values: CacheRows
  let begin: [Float]
  var weightStride: Int { count + 1 }
  var valueStride: Int { dim + 3 }
  var outStride: Int { dim + 5 }

  init(rows: Int, count: Int, dim: Int, element: CacheElement, _ random: inout Random) {
    self.rows = rows
    self.count = count
    self.dim = dim
    self.element = element
    weights = random.floats(rows * (count + 1), in: 0...1)
    values = CacheRows(element, rows: count, columns: dim + 3, known: dim, &random)
    begin = random.floats(rows * (dim + 5))
  }

  /// The sums of some rows, `outStride` each. What follows the dimensions must not change.
  func run(_ kernels: Kernels, _ some: Range<Int>? = nil) -> [Float] {
    let some = some ?? 0..<rows
    let before = Array(begin[some.lowerBound * outStride..<some.upperBound * outStride])
    let out = Guarded(before)
    weights.withUnsafeBufferPointer { weights in
      let weights = weights.baseAddress! + some.lowerBound * weightStride
      switch element {
      case .f32:
        kernels.weightedSumF32(
          weights, weightStride, some.count, values.floats, valueStride, count, dim, out.start,
          outStride)
      case .f16:
        kernels.weightedSumF16(
          weights, weightStride, some.count, values.halves, valueStride, count, dim, out.start,
          outStride)
      case .int8:
        kernels.weightedSumInt8(
          weights, weightStride, some.count, values.bytes, valueStride, count, dim, out.start,
          outStride, values.bytes)
      }
    }
    let result = out.checked()
    for i in result.indices where i % outStride >= dim {
      #expect(result[i].bitPattern == before[i].bitPattern)
    }
    return result
  }

  func line(_ row: Int, of result: [Float]) -> ArraySlice<Float> {
    result[row * outStride..<(row + 1) * outStride]
  }
}

/// The numbers of a cache as it stores them and as floats. Columns that are not written hold NaN.
/// Bytes have no NaN; there they hold a number that would be noticed.
private struct CacheRows {
  var halves: [UInt16] = []
  var bytes: [Int8] = []
  private(set) var floats: [Float]

  init(_ element: CacheElement, rows: Int, columns: Int, known: Int, _ random: inout Random) {
    let count = rows * columns
    floats = [Float](repeating: 0, count: count)
    switch element {
    case .f32, .f16:
      halves = random.halves(count)
      for i in halves.indices where i % columns >= known { halves[i] = 0xffff }
      Kernels.portable.f16ToF32(halves, &floats, count)
    case .int8:
      bytes = random.floats(count, in: -127...127).map { Int8($0) }
      for i in bytes.indices where i % columns >= known { bytes[i] = -128 }
      floats = bytes.map(Float.init)
    }
  }
}
