import JanusImages
import JanusSystem

/// Names of files, a line each.
enum NameList {
  private static let byteLimit = 1 << 26

  /// Reads the names of a file or of standard input, of any bytes. Blank lines say nothing. Where there are
  /// zeros, as after `find -print0`, they end names in place of line feeds.
  static func read(_ file: String) throws -> [String] {
    var bytes = try InputFile.withBytes(of: file, limit: byteLimit) { Array($0) }[...]
    if bytes.prefix(64).withUnsafeBytes({ PictureKind(of: $0) }) != nil {
      throw Failure(
        .data,
        "\(InputFile.shownName(file)): expected names of pictures, a line each, found a picture")
    }
    if bytes.starts(with: "\u{FEFF}".utf8) { bytes = bytes.dropFirst(3) }
    let hasZeros = bytes.contains(0)
    let names = try bytes.split(separator: hasZeros ? 0 : UInt8(ascii: "\n")).compactMap {
      line -> String? in
      let name = !hasZeros && line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      return name.isEmpty ? nil : try FileName.path(SystemPath.string(name))
    }
    guard !names.contains(InputFile.standardInput) else {
      throw Failure(
        .data, "\(InputFile.shownName(file)): expected names of files, found '-'")
    }
    return names
  }
}
