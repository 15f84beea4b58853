#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A failed operation on a file, with the system's reason.
public struct FileError: Error, Equatable, CustomStringConvertible {
  public let path: String
  /// The verb: "open", "write to", …
  public let operation: String
  /// The system's error number.
  public let code: Int32

  public init(path: String, operation: String, code: Int32) {
    self.path = path
    self.operation = operation
    self.code = code
  }

  /// The operation for an output that cannot be made at its place.
  static let creation = "create"

  /// Whether a file that was to be read, or a folder on the way to it, does not exist.
  public var isMissing: Bool {
    operation != Self.creation && (code == ENOENT || code == ENOTDIR)
  }

  /// Whether the system had no memory for it.
  public var isOfMemory: Bool { code == ENOMEM }

  public var description: String {
    "cannot \(operation) '\(DisplayText.line(path))': \(String(cString: strerror(code)))"
  }
}
