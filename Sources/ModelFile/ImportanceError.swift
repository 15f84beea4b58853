import GGUF
import JanusSystem

/// Why what was measured of a model cannot be used.
public enum ImportanceError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The file is damaged, or cannot be read or written.
  case container(ContainerError)
  /// A file of another kind, such as a model.
  case notImportance(file: String)
  /// A file of a later version of this program.
  case newer(file: String, found: Int, supported: Int)
  /// Measured on another model than the one at hand.
  case otherModel(file: String, expected: String, found: String)
  /// A tensor's entry that no measurement gives.
  case invalid(file: String, tensor: String, place: String, expected: String, found: String)
  /// A tensor without an entry, or whose entry counted nothing.
  case missing(file: String, tensor: String)
  /// A number of columns that is not the tensor's.
  case columns(file: String, tensor: String, expected: Int, found: Int)
  /// Inputs that two files have both counted.
  case repeated(file: String, inputs: Int)
  /// Nothing was run of a kind without which some weights see nothing.
  case noInputs(kind: String, needed: String)

  public var description: String {
    switch self {
    case .container(let error): error.description
    case .notImportance(let file):
      "'\(DisplayText.line(file))': expected what 'calibrate' measured, found another file"
    case .newer(let file, let found, let supported):
      "'\(DisplayText.line(file))': version \(found) of an importance file, newer than the "
        + "\(supported) that this version reads"
    case .otherModel(let file, let expected, let found):
      "'\(DisplayText.line(file))': measured on another model: expected \(expected.prefix(12))…, "
        + "found \(found.prefix(12))…"
    case .invalid(let file, let tensor, let place, let expected, let found):
      "'\(DisplayText.line(file))': tensor '\(DisplayText.line(tensor, limit: 80))', \(place): "
        + "expected \(expected), found \(found)"
    case .missing(let file, let tensor):
      "'\(DisplayText.line(file))': no measurement of tensor "
        + "'\(DisplayText.line(tensor, limit: 80))'"
    case .columns(let file, let tensor, let expected, let found):
      "'\(DisplayText.line(file))': tensor '\(DisplayText.line(tensor, limit: 80))': expected "
        + "\(expected) columns, found \(found)"
    case .repeated(let file, let inputs):
      "'\(DisplayText.line(file))': \(inputs) of its inputs are counted already"
    case .noInputs(let kind, let needed):
      "expected \(kind), found none: without them nothing is known of \(needed)"
    }
  }
}
