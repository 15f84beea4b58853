/// Percent signs that were meant as such, not as the start of a comment.
enum Percent {
  /// "50%" at the end of a line, and behind a digit at the end of all.
  static func edits(_ bytes: [UInt8]) -> [Edit] {
    var edits: [Edit] = []
    var index = 0
    let lastNewline = bytes.lastIndex(of: 0x0A) ?? -1
    // The line that was looked at last: where it ends, and where its last sign stands.
    var line = (end: 0, lastSign: -1)
    while index < bytes.count {
      Work.add(1)
      if bytes[index] == UInt8(ascii: "\\") {
        index += 2
        continue
      }
      guard bytes[index] == UInt8(ascii: "%") else {
        index += 1
        continue
      }
      var before = index
      while before > 0, bytes[before - 1] == 0x20 { before -= 1 }
      Work.add(index - before)
      let isBehindDigit = before > 0 && (0x30...0x39).contains(bytes[before - 1])
      if index >= line.end {
        line = (index, index)
        while line.end < bytes.count, bytes[line.end] != 0x0A {
          if !Lexer.isSpace(bytes[line.end]) { line.lastSign = line.end }
          line.end += 1
        }
        Work.add(line.end - index)
      }
      if isBehindDigit, line.lastSign <= index || index > lastNewline {
        edits.append(Edit(range: index..<index, replacement: "\\"))
        index += 1
      } else {
        index = line.end
      }
    }
    return edits
  }
}
