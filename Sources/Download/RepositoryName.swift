/// The name of a repository on a hub: `ORG/NAME`.
public struct RepositoryName: Hashable, Sendable, CustomStringConvertible {
  public let organization: String
  public let name: String

  public var description: String { "\(organization)/\(name)" }

  /// The names that are short for a repository.
  public static let short = [
    "1b": RepositoryName(unchecked: "deepseek-ai", "Janus-Pro-1B"),
    "7b": RepositoryName(unchecked: "deepseek-ai", "Janus-Pro-7B"),
    "janus-pro-1b": RepositoryName(unchecked: "deepseek-ai", "Janus-Pro-1B"),
    "janus-pro-7b": RepositoryName(unchecked: "deepseek-ai", "Janus-Pro-7B"),
  ]

  private init(unchecked organization: String, _ name: String) {
    (self.organization, self.name) = (organization, name)
  }

  /// Parses `1b`, `7b`, `ORG/NAME` or the address of a repository's page. Nil for anything else: both
  /// parts have letters, digits, `.`, `_` and `-` only, and become names of folders.
  public init?(_ text: String) {
    if let known = Self.short[text.lowercased()] {
      self = known
      return
    }
    var rest = text[...]
    for scheme in ["https://", "http://"] where rest.lowercased().hasPrefix(scheme) {
      rest = rest.dropFirst(scheme.count)
      // The host goes.
      guard let slash = rest.firstIndex(of: "/") else { return nil }
      rest = rest[rest.index(after: slash)...]
      if rest.hasPrefix("models/") { rest = rest.dropFirst("models/".count) }
      let parts = rest.split(separator: "/", maxSplits: 2)
      rest = parts.prefix(2).joined(separator: "/")[...]
    }
    let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy(Self.isName) else { return nil }
    (organization, name) = (String(parts[0]), String(parts[1]))
  }

  private static func isName(_ text: Substring) -> Bool {
    let bytes = text.utf8
    let isPlain = bytes.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (0x30...0x39).contains(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
        || byte == UInt8(ascii: "-")
    }
    return isPlain && (1...96).contains(bytes.count) && bytes.first != UInt8(ascii: ".")
      && bytes.first != UInt8(ascii: "-") && !text.contains("..") && !text.contains("--")
  }
}
