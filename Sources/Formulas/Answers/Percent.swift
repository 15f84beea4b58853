/// Percent signs that were meant as such, not as the start of a comment.
enum Percent {
  /// "50%" at the end of a line, and behind a digit at the end of all.
  static func edits(_ bytes: [UInt8]) -> [Edit] {
    var edits: [Edit] = []
    var index = 0
    let lastNewline = bytes.lastIndex(of: 0x0A) ?? -1
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "\\") {
        index += 2
        continue
      }
      guard bytes[index] == UInt8(ascii: "%") else {
        index += 1
        continue
      }
      let previous = bytes[..<index].last { $0 != 0x20 }
      let isBehindDigit = previous.map { (0x30...0x39).contains($0) } ?? false
      var end = index + 1
      var isBlank = true
      while end < bytes.count, bytes[end] != 0x0A {
        if !Lexer.isSpace(bytes[end]) { isBlank = false }
        end += 1
      }
      if isBehindDigit, isBlank || index > lastNewline {
        edits.append(Edit(range: index..<index, replacement: "\\"))
        index += 1
      } else {
        index = end
      }
    }
    return edits
  }
}
