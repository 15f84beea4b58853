import ArgumentParser
import Foundation
import JanusSystem

/// A file as somebody names it: by its path, by a `file:` URI as desktops hand out, or with a `~` that no
/// shell has replaced.
enum FileName {
  /// The path that a name means.
  ///
  /// - Throws: where a URI names no file of this machine.
  static func path(_ text: String) throws -> String {
    guard !text.isEmpty else { throw ValidationError("expected the name of a file, found ''") }
    // They are links: a file would take their place.
    if ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].contains(text) { return "-" }
    if text.lowercased().hasPrefix("file:/") { return try path(ofURI: text) }
    // A name may begin so without meaning a home folder.
    if text.hasPrefix("~"), SystemPath.status(of: text) == nil { return home(text) ?? text }
    return text
  }

  private static func path(ofURI text: String) throws -> String {
    var rest = text.dropFirst("file:".count)
    if rest.hasPrefix("//") {
      rest = rest.dropFirst(2)
      let host = rest.prefix { $0 != "/" }
      guard host.isEmpty || host.lowercased() == "localhost" else {
        throw ValidationError("'\(text)': expected a file of this machine, found one of '\(host)'")
      }
      rest = rest.dropFirst(host.count)
    }
    guard let bytes = decoded(rest), !bytes.isEmpty, !bytes.contains(0) else {
      throw ValidationError(
        "'\(text)': expected file:///path with % before two hexadecimal digits, found another form")
    }
    return SystemPath.string(bytes[...])
  }

  /// The bytes of a URI's path; nil where a `%` stands before something else than two digits.
  private static func decoded(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16)
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return bytes
  }

  /// `~/…` and `~somebody/…`; nil where there is no such user.
  private static func home(_ text: String) -> String? {
    let user = text.dropFirst().prefix { $0 != "/" }
    let rest = text.dropFirst(1 + user.count)
    if user.isEmpty { return (ModelOptions.environment("HOME") ?? NSHomeDirectory()) + rest }
    guard let entry = getpwnam(String(user)), let folder = entry.pointee.pw_dir else { return nil }
    return SystemPath.string(folder) + rest
  }
}
