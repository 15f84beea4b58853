/// Names of files, a line each.
enum NameList {
  private static let byteLimit = 1 << 26

  /// Reads the names of a file or of standard input. Blank lines say nothing.
  static func read(_ file: String) throws -> [String] {
    let bytes = try InputFile.withBytes(of: file, limit: byteLimit) { Array($0) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(
        .data, "\(InputFile.shownName(file)): expected names in UTF-8, found other bytes")
    }
    var scalars = text.unicodeScalars[...]
    if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
    let names = scalars.split(separator: "\n").compactMap { line -> String? in
      let name = line.last == "\r" ? line.dropLast() : line
      return name.isEmpty ? nil : String(name)
    }
    guard !names.contains(InputFile.standardInput) else {
      throw Failure(
        .data, "\(InputFile.shownName(file)): expected names of files, found '-'")
    }
    return names
  }
}
