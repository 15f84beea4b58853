/// What a repository holds at one commit.
public struct Manifest: Sendable {
  /// How a file is checked.
  public enum Checksum: Hashable, Sendable {
    /// 64 lower-case hexadecimal digits.
    case sha256(String)
    /// git's name of the content: the SHA-1 of "blob SIZE\0" and the content, 40 digits.
    case gitBlob(String)

    /// As the cache calls the file's content.
    var digits: String {
      switch self {
      case .sha256(let digits), .gitBlob(let digits): digits
      }
    }
  }

  public struct File: Sendable {
    /// Its path in the repository.
    public let path: String
    /// Bytes.
    public let size: Int
    public let checksum: Checksum
    let address: String
  }

  /// 40 hexadecimal digits.
  public let commit: String
  public let files: [File]
}

/// Whether a text has so many lower-case hexadecimal digits and nothing else: it becomes a file name.
func isHexadecimal(_ text: String, count: Int) -> Bool {
  text.utf8.count == count
    && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
}

/// Whether a path of a repository stays in its folder, whatever a file system makes of it.
func isSafePath(_ path: String) -> Bool {
  let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
  return path.utf8.count <= 1024 && (1...16).contains(parts.count)
    && parts.allSatisfy { part in
      let isDots = part.allSatisfy { $0 == UInt8(ascii: ".") }
      return !part.isEmpty && part.count <= 255 && !isDots
        && part.allSatisfy { $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\\") }
    }
}
