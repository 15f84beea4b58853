/// How the errors of a row's earlier weights change where its later ones are rounded to.
///
/// Inputs of a weight are not spread around zero: each column has a mean. An error in one column is then made
/// good by an opposite one in another, as far as the means of both go. With `m` the columns' means in each kind
/// of input and `d` their variances, a row's expected squared error is `Σ d e² + Σ (Σ m e)²`. Columns are
/// rounded one after the other, each to the level nearest to where the sum is least if all that follow were
/// not rounded: GPTQ (Frantar, 2022) with a diagonal and few directions in place of the whole covariance, which
/// makes it as cheap as rounding.
public struct ErrorFeedback: Sendable {
  /// Kinds of inputs.
  let kinds: Int
  /// `[columns, kinds]`: the means.
  let means: [Float]
  /// `[columns, kinds]`: how far a column's target is moved for each unit of `Σ m e` so far.
  let gains: [Float]

  var columns: Int { means.count / kinds }

  /// - Parameters:
  ///   - means: of the inputs of each column, one array for each kind.
  ///   - variances: of each column, all kinds added up. Columns without any count a little all the same.
  public init(means: [[Double]], variances: [Double]) {
    precondition(
      !means.isEmpty && means.allSatisfy { $0.count == variances.count },
      "means of other columns")
    kinds = means.count
    let count = variances.count
    let least = max(
      variances.reduce(0, +) / Double(max(1, count)) * Self.least, .leastNormalMagnitude)
    var gains = [Float](repeating: 0, count: count * kinds)
    var flat = [Float](repeating: 0, count: count * kinds)
    // What the columns from here on can make good: I + Σ m mᵀ / d.
    var room = SquareMatrix.identity(kinds)
    for column in (0..<count).reversed() {
      let m = means.map { $0[column] }
      let scaled = m.map { $0 / max(variances[column], least) }
      room.add(m, scaled)
      let gain = room.solve(scaled)
      for kind in 0..<kinds {
        flat[column * kinds + kind] = Float(m[kind])
        gains[column * kinds + kind] = Float(gain[kind])
      }
    }
    (self.means, self.gains) = (flat, gains)
  }

  private static let least = 1e-3
}

/// A small symmetric positive definite matrix.
private struct SquareMatrix {
  private let count: Int
  private var values: [Double]

  static func identity(_ count: Int) -> SquareMatrix {
    var values = [Double](repeating: 0, count: count * count)
    for index in 0..<count { values[index * count + index] = 1 }
    return SquareMatrix(count: count, values: values)
  }

  mutating func add(_ a: [Double], _ b: [Double]) {
    for row in 0..<count {
      for column in 0..<count { values[row * count + column] += a[row] * b[column] }
    }
  }

  /// The solution of `self · x = right`, by elimination: with a diagonal of 1 or more no pivot is small.
  func solve(_ right: [Double]) -> [Double] {
    var (a, x) = (values, right)
    for pivot in 0..<count {
      for row in pivot + 1..<max(count, pivot + 1) {
        let factor = a[row * count + pivot] / a[pivot * count + pivot]
        for column in pivot..<count {
          a[row * count + column] -= factor * a[pivot * count + column]
        }
        x[row] -= factor * x[pivot]
      }
    }
    for row in (0..<count).reversed() {
      for column in row + 1..<max(count, row + 1) { x[row] -= a[row * count + column] * x[column] }
      x[row] /= a[row * count + row]
    }
    return x
  }
}
