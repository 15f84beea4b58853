/// An impossible size, from a file or from a caller.
public enum SizeError: Error, Equatable, CustomStringConvertible {
  case notPositive(rows: Int, columns: Int)
  case partialBlock(columns: Int)
  case overflow(String)

  public var description: String {
    switch self {
    case .notPositive(let rows, let columns):
      "a matrix of \(rows) × \(columns): expected at least one row and one column"
    case .partialBlock(let columns):
      "rows of \(columns) columns: expected a multiple of \(ElementFormat.blockColumns), "
        + "the columns of a block"
    case .overflow(let expression):
      "\(expression) does not fit into \(Int.bitWidth) bits"
    }
  }
}

/// Arithmetic on sizes from outside. An overflow throws instead of trapping or wrapping.
extension Int {
  /// The same number as an `Int`.
  public init(checked value: some BinaryInteger) throws(SizeError) {
    guard let exact = Int(exactly: value) else { throw .overflow("\(value)") }
    self = exact
  }

  public func checkedAdding(_ other: Int) throws(SizeError) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    guard !overflow else { throw .overflow("\(self) + \(other)") }
    return sum
  }

  public func checkedMultiplying(by other: Int) throws(SizeError) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    guard !overflow else { throw .overflow("\(self) × \(other)") }
    return product
  }

  /// The smallest multiple of `unit` (> 0) that is not below the number (≥ 0).
  public func checkedRoundingUp(toMultipleOf unit: Int) throws(SizeError) -> Int {
    precondition(self >= 0 && unit > 0)
    let remainder = self % unit
    return remainder == 0 ? self : try checkedAdding(unit - remainder)
  }
}
