import GGUF

/// Why a file is no model that can be computed with.
public enum ModelFileError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The container is damaged, of another kind, or cannot be read.
  case container(ContainerError)
  /// A number of the metadata that no model can have, or that contradicts another.
  case geometry(file: String, key: String, expected: String, found: String)
  /// A tensor whose format or shape does not fit its place.
  case tensor(file: String, name: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .container(let error): error.description
    case .geometry(let file, let key, let expected, let found):
      "'\(file)': \(key): expected \(expected), found \(found)"
    case .tensor(let file, let name, let expected, let found):
      "'\(file)': tensor '\(name)': expected \(expected), found \(found)"
    }
  }
}
