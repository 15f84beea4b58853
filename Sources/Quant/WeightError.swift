/// A weight that a format cannot hold.
public enum WeightError: Error, Equatable, CustomStringConvertible {
  case notFinite(row: Int, column: Int, value: String)
  case tooLarge(row: Int, column: Int, value: Float, limit: Float)

  public var description: String {
    switch self {
    case .notFinite(let row, let column, let value):
      "row \(row), column \(column): expected a finite weight, found \(value)"
    case .tooLarge(let row, let column, let value, let limit):
      "row \(row), column \(column): weight \(value) needs a scale beyond f16; "
        + "expected at most ±\(limit)"
    }
  }
}
