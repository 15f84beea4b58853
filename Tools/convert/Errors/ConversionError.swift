import GGUF
import JanusModelFile
import JanusSystem

/// Why a checkpoint cannot be converted: what, where, expected and found, on one line.
public enum ConversionError: Error, Equatable, CustomStringConvertible {
  /// A `TensorOverride` that is none, or that asks for what a tensor cannot have.
  case override(String, problem: String)
  /// A `TensorOverride` that no tensor's name matches.
  case unmatchedOverride(String, pattern: String)
  /// A file that is needed does not exist.
  case missing(file: String, why: String)
  /// What a file holds cannot be used.
  case data(file: String, problem: String)
  /// An adapter where a whole model is expected, or beside one that it may belong to.
  case adapter(file: String, problem: String)
  /// What was measured of a model does not fit this one.
  case importance(ImportanceError)
  /// The operating system refused to open, read or write.
  case file(FileError)
  /// The progress callback asked to stop.
  case cancelled

  /// What a command's exit status distinguishes.
  public enum Kind: Sendable {
    case usage, data, missing, inputOutput, cancelled
  }

  public var kind: Kind {
    switch self {
    case .override, .unmatchedOverride: .usage
    case .data, .adapter: .data
    case .missing: .missing
    case .importance: .data
    case .file(let error):
      error.isMissing ? .missing : error.isOfMemory ? .data : .inputOutput
    case .cancelled: .cancelled
    }
  }

  public var description: String {
    switch self {
    case .override(let text, let problem): "'\(shown(text))': \(problem)"
    case .unmatchedOverride(let text, let pattern):
      "'\(shown(text))': no tensor matches '\(shown(pattern))'"
    case .missing(let file, let why): "'\(DisplayText.line(file))' does not exist: \(why)"
    case .data(let file, let problem), .adapter(let file, let problem):
      "'\(DisplayText.line(file))': \(problem)"
    case .importance(let error): error.description
    case .file(let error): error.description
    case .cancelled: "the conversion was cancelled"
    }
  }
}

/// A text from a file as it may stand in a message: on one line and not endless.
func shown(_ text: some StringProtocol) -> String { DisplayText.line(text, limit: 120) }

/// A shape as messages print it, not endless either.
func shown(_ shape: [Int]) -> String {
  let sizes = shape.prefix(16).map(String.init) + (shape.count > 16 ? ["…"] : [])
  return "[\(sizes.joined(separator: ", "))]"
}
