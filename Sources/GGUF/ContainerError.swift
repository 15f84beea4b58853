import JanusSystem

/// Why a file is not a container that this version reads: what, where, expected and found.
public struct ContainerError: Error, Equatable, CustomStringConvertible {
  public let path: String
  public let problem: Problem

  public init(path: String, problem: Problem) {
    self.path = path
    self.problem = problem
  }

  public enum Problem: Error, Equatable, Sendable {
    /// The file could not be opened, read or written.
    case file(FileError)
    /// The file does not begin with "GGUF".
    case notGGUF
    /// GGUF of another version, or of the other byte order.
    case ggufVersion(UInt32)
    /// GGUF of another program's model.
    case architecture(found: String)
    /// `janus.format_version` is above what this version knows.
    case newerFormat(found: Int, supported: Int)
    /// The file ends inside `part`, which begins at `offset`.
    case truncated(part: String, offset: Int, needed: Int, available: Int)
    /// A number above the one in `Limits`.
    case limit(part: String, limit: Int, found: UInt64)
    /// A name that occurs twice.
    case duplicate(part: String, name: String)
    /// Any other violation of the format.
    case invalid(part: String, expected: String, found: String)
    case missingKey(String)
    case missingTensor(String)
    /// The bytes of a tensor are not those that were written.
    case checksum(tensor: String, expected: String, found: String)
  }

  public var description: String {
    // A file error names the file itself.
    if case .file(let error) = problem { return error.description }
    return "'\(DisplayText.line(path))': \(problem)"
  }
}

extension ContainerError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .notGGUF:
      "not a GGUF file (it does not begin with 'GGUF')"
    case .ggufVersion(let found):
      found == GGUFVersion.current.byteSwapped
        ? "GGUF in big-endian order: expected little-endian"
        : "GGUF version \(found): expected version \(GGUFVersion.current)"
    case .architecture(let found):
      "\(ContainerKey.architecture): expected 'janus', found '\(printable(found))', "
        + (found == "clip"
          ? "as llama.cpp's file of a model's picture part says"
          : "the model of another program, such as llama.cpp")
    case .newerFormat(let found, let supported):
      "\(ContainerKey.formatVersion) is \(found), newer than the \(supported) that this version "
        + "reads"
    case .truncated(let part, let offset, let needed, let available):
      "truncated: \(part) at byte \(offset) needs \(needed) bytes, found \(available)"
    case .limit(let part, let limit, let found):
      "\(part): expected at most \(limit), found \(found)"
    case .duplicate(let part, let name):
      "\(part) '\(printable(name))' occurs twice"
    case .invalid(let part, let expected, let found):
      "\(part): expected \(expected), found \(found)"
    case .missingKey(let key): "metadata key '\(key)' is missing"
    case .missingTensor(let name): "tensor '\(name)' is missing"
    case .checksum(let tensor, let expected, let found):
      "tensor '\(printable(tensor))' is damaged: expected SHA-256 \(printable(expected)), "
        + "found \(found)"
    }
  }
}

/// A text from a file, for a message.
func printable(_ text: String) -> String { DisplayText.line(text, limit: 80) }
