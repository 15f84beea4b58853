import JanusSystem

/// Why two models cannot be compared.
package enum ComparisonError: Error, Equatable, CustomStringConvertible {
  /// Something that both must have alike: `what`, as the first file has it and as the second has it.
  case different(what: String, file: String, first: String, other: String, second: String)
  /// The vocabularies have different words; `token` is the first.
  case vocabulary(token: Int, file: String, first: String, other: String, second: String)

  package var description: String {
    switch self {
    case .different(let what, let file, let first, let other, let second):
      "'\(DisplayText.line(other))': \(what): expected \(first) as in "
        + "'\(DisplayText.line(file))', found \(second)"
    case .vocabulary(let token, let file, let first, let other, let second):
      "'\(DisplayText.line(other))': token \(token): expected '\(DisplayText.line(first, limit: 40))' "
        + "as in '\(DisplayText.line(file))', found '\(DisplayText.line(second, limit: 40))'"
    }
  }
}
