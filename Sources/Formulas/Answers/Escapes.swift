/// What other notations put between a formula and its LaTeX.
enum Escapes {
  /// Undoes entities of HTML, and backslashes that were doubled as in a string of a program.
  static func edits(_ bytes: [UInt8]) -> [Edit] {
    controls(bytes, keepsLines: true) + entities(bytes) + doubled(bytes)
  }

  private static let names: [(String, String)] = [
    ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"), ("&nbsp;", " "), ("&quot;", "\""),
  ]

  private static func entities(_ bytes: [UInt8]) -> [Edit] {
    var edits: [Edit] = []
    for index in bytes.indices where bytes[index] == UInt8(ascii: "&") {
      for (name, sign) in names where bytes[index...].starts(with: name.utf8) {
        edits.append(Edit(range: index..<index + name.utf8.count, replacement: sign))
      }
    }
    return edits
  }

  /// `\\frac{a}{b}` with every command so: one backslash each.
  private static func doubled(_ bytes: [UInt8]) -> [Edit] {
    var edits: [Edit] = []
    var index = 0
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "\\") else {
        index += 1
        continue
      }
      var end = index
      while end < bytes.count, bytes[end] == UInt8(ascii: "\\") { end += 1 }
      var stop = end
      while stop < bytes.count, CommandTable.isLetter(bytes[stop]) { stop += 1 }
      let count = end - index
      let name = String(decoding: bytes[end..<stop], as: UTF8.self)
      if stop > end {
        // One command that stands right decides for all.
        if count == 1 { return [] }
        if name.utf8.count > 1, CommandTable.shared.command(named: name) != nil {
          edits.append(Edit(range: index..<index + count / 2, replacement: ""))
        } else if count == 2 {
          return []
        }
      } else if end < bytes.count, count == 2, "{}|,;:!%&#_".utf8.contains(bytes[end]) {
        edits.append(Edit(range: index..<index + 1, replacement: ""))
      } else if count == 4 {
        edits.append(Edit(range: index..<index + 2, replacement: ""))
      }
      index = max(stop, end)
    }
    let hasCommand = edits.contains { edit in
      let behind = edit.range.upperBound + edit.range.count
      return behind < bytes.count && CommandTable.isLetter(bytes[behind])
    }
    return hasCommand ? edits : []
  }

  /// Control characters and marks that turn the direction of writing, which leave.
  static func controls(_ bytes: [UInt8], keepsLines: Bool = false) -> [Edit] {
    guard bytes.contains(where: { $0 < 0x20 || $0 >= 0x7F }) else { return [] }
    var edits: [Edit] = []
    var position = 0
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      let width = UTF8.width(scalar)
      let range = position..<min(position + width, bytes.count)
      position += width
      if scalar == "\n" || scalar == "\t", keepsLines { continue }
      if scalar == "\r", keepsLines {
        edits.append(Edit(range: range, replacement: ""))
      } else if Grammar.isControl(scalar) {
        edits.append(
          Edit(
            range: range,
            replacement: Lexer.isSpace(UInt8(truncatingIfNeeded: min(scalar.value, 0x7F)))
              ? " " : ""))
      }
    }
    return edits
  }
}
