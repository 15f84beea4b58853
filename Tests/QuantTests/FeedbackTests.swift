import Testing

@testable import Quant

@Suite struct FeedbackTests {
  /// Weights `[rows, columns]` and what they are after encoding and decoding.
  private func rounded(
    _ weights: [Float], columns: Int, _ format: ElementFormat, _ feedback: ErrorFeedback?
  ) throws -> [Float] {
    let rows = weights.count / columns
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: try format.byteCount(rows: rows, columns: columns), alignment: 64)
    defer { bytes.deallocate() }
    var result = [Float](repeating: .nan, count: weights.count)
    try weights.withUnsafeBufferPointer {
      try Quantizer(format: format, feedback: feedback).encode(
        rows: $0, rowCount: rows, columns: columns, into: bytes)
    }
    result.withUnsafeMutableBufferPointer {
      decode(
        UnsafeRawBufferPointer(bytes), as: format, rowCount: rows, columns: columns, into: $0)
    }
    return result
  }

  private func normal(_ count: Int, seed: UInt64) -> [Float] {
    var random = Random(state: seed)
    return random.normal(count)
  }

  @Test(arguments: [ElementFormat.int4Panels, .int4CodedPanels, .int8Panels])
  func withoutMeansWeightsAreRoundedAsAlways(format: ElementFormat) throws {
    // Neither whole panels nor whole blocks.
    let weights = normal(21 * 70, seed: 3)
    let none = ErrorFeedback(
      means: [[Double](repeating: 0, count: 70)], variances: [Double](repeating: 1, count: 70))
    let (plain, fed) = (
      try rounded(weights, columns: 70, format, nil),
      try rounded(weights, columns: 70, format, none)
    )
    #expect(plain == fed)
  }

  @Test(arguments: [ElementFormat.int4Panels, .int4CodedPanels, .int8Panels])
  func errorsMakeGoodForEachOtherAlongTheMeans(format: ElementFormat) throws {
    let (rows, columns) = (37, 200)
    let weights = normal(rows * columns, seed: 5)
    let means = [normal(columns, seed: 6), normal(columns, seed: 7)].map { $0.map(Double.init) }
    let variances = normal(columns, seed: 8).map { 0.3 + Double($0 * $0) }
    let feedback = ErrorFeedback(means: means, variances: variances)
    func expectedSquare(_ values: [Float]) -> Double {
      var sum = 0.0
      for row in 0..<rows {
        var along = [0.0, 0.0]
        for column in 0..<columns {
          let error = Double(values[row * columns + column] - weights[row * columns + column])
          sum += variances[column] * error * error
          for kind in 0..<2 { along[kind] += means[kind][column] * error }
        }
        sum += along[0] * along[0] + along[1] * along[1]
      }
      return sum
    }
    let plain = expectedSquare(try rounded(weights, columns: columns, format, nil))
    let fed = expectedSquare(try rounded(weights, columns: columns, format, feedback))
    #expect(fed < 0.62 * plain, "\(fed / plain)")
  }

  /// The best change of all columns that follow, from the normal equations of three of them.
  @Test func aColumnMovesToWhereTheRestWouldMakeGoodTheError() {
    let means: [[Double]] = [[1, 2, -1], [0.5, 0, 3]]
    let variances: [Double] = [0.25, 1, 2]
    let feedback = ErrorFeedback(means: means, variances: variances)
    // H e = −Σ m s for columns 1 and 2 after an error in column 0, with H = D + Σ m mᵀ.
    let s: [Double] = means.map { $0[0] * 0.1 }
    func h(_ i: Int, _ j: Int) -> Double {
      let products: [Double] = means.map { $0[i] * $0[j] }
      return products.reduce(i == j ? variances[i] : 0, +)
    }
    func right(_ i: Int) -> Double { -(means[0][i] * s[0] + means[1][i] * s[1]) }
    let determinant: Double = h(1, 1) * h(2, 2) - h(1, 2) * h(2, 1)
    let numerator: Double = right(1) * h(2, 2) - h(1, 2) * right(2)
    let error = numerator / determinant
    // An error is the weight less its level, so a target beyond the weight leaves a negative one.
    let moved = Double(feedback.gains[2]) * s[0] + Double(feedback.gains[3]) * s[1]
    #expect(abs(moved + error) < 1e-6)
  }

  @Test func columnsThatNeverVaryAreStillRounded() throws {
    let weights = normal(16 * 64, seed: 9)
    let feedback = ErrorFeedback(
      means: [[Double](repeating: 1, count: 64)], variances: [Double](repeating: 0, count: 64))
    let values = try rounded(weights, columns: 64, .int4Panels, feedback)
    #expect(values.allSatisfy { $0.isFinite })
    let far = zip(values, weights).map { abs($0 - $1) }.max() ?? .infinity
    #expect(far < 2)
  }
}
