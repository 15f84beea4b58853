import Foundation

/// Texts of a file, a line each.
enum TextList {
  private static let byteLimit = 1 << 26

  /// Reads the texts of a file or of standard input. Blank lines say nothing.
  static func read(_ file: String) throws -> [String] {
    let bytes = try InputFile.withBytes(of: file, limit: byteLimit) { Array($0) }
    let name = InputFile.shownName(file)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(.data, "\(name): expected text in UTF-8, found other bytes")
    }
    let lines = text.trimmingPrefix("\u{FEFF}").split(whereSeparator: \.isNewline)
      .filter { line in line.contains { !$0.isWhitespace } }
    guard !lines.isEmpty else {
      throw Failure(.data, "\(name): expected a text on each line, found none")
    }
    return lines.map(String.init)
  }
}
