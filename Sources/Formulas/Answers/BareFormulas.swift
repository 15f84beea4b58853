/// The formulas of a text that stand on lines of their own, without delimiters.
struct BareFormulas {
  let bytes: [UInt8]
  let isFenced: Bool
  private(set) var found: [AnswerSegments.Formula] = []
  /// The formula whose lines come in.
  private var open: Range<Int>?
  /// Whether several lines begin with a dash, which is then a list's and no minus.
  var hasDashes = false

  init(
    _ bytes: [UInt8], _ range: Range<Int>, _ delimited: [AnswerSegments.Formula], isFenced: Bool
  ) {
    self.bytes = bytes
    self.isFenced = isFenced
    let others = delimited.sorted { $0.whole.lowerBound < $1.whole.lowerBound }
    var next = 0
    var start = range.lowerBound
    hasDashes =
      text(range).split(separator: "\n").count { $0.hasPrefix("- ") || $0.hasPrefix("• ") } > 1
    let lineCount = range.count { bytes[$0] == 0x0A } + 1
    while start <= range.upperBound {
      var end = start
      while end < range.upperBound, bytes[end] != 0x0A { end += 1 }
      while next < others.count, others[next].whole.upperBound <= start { next += 1 }
      let inLine = others[next...].prefix { $0.whole.lowerBound < end }
      line(start..<end, delimited: Array(inLine), isOnly: lineCount == 1)
      start = end + 1
    }
    close()
  }

  func text(_ range: Range<Int>) -> String {
    Work.add(range.count)
    return String(decoding: bytes[range], as: UTF8.self)
  }

  func trimmed(_ range: Range<Int>) -> Range<Int> {
    var range = range
    while !range.isEmpty, Lexer.isSpace(bytes[range.lowerBound]) {
      range = range.lowerBound + 1..<range.upperBound
    }
    while !range.isEmpty, Lexer.isSpace(bytes[range.upperBound - 1]),
      !FormulaCheck.isEscaped(range.upperBound - 1, bytes)
    {
      range = range.lowerBound..<range.upperBound - 1
    }
    return range
  }

  private mutating func close() {
    if let range = open {
      var whole = range
      let tick = UInt8(ascii: "`")
      while whole.lowerBound > 0, whole.upperBound < bytes.count,
        bytes[whole.lowerBound - 1] == tick,
        bytes[whole.upperBound] == tick
      {
        whole = whole.lowerBound - 1..<whole.upperBound + 1
      }
      found.append(AnswerSegments.Formula(kind: .bare, content: range, whole: whole))
    }
    open = nil
  }

  /// What is known of the lines of `open`, each of which is looked at once.
  private struct Look {
    var start = -1
    /// Up to where they were looked at.
    var end = 0
    /// How many braces and environments are open.
    var depth = 0
    /// How many braces are open, and whether a relation stands outside of all.
    var braces = 0
    var hasRelation = false
  }

  private var look = Look()

  /// Looks at the lines of `open` that are new.
  private mutating func lookOn(to end: Int, from start: Int) {
    if look.start != start { look = Look(start: start, end: start) }
    guard end > look.end else { return }
    Work.add(end - look.end)
    var index = look.end
    while index < end {
      switch bytes[index] {
      case UInt8(ascii: "\\"):
        if starts("begin", at: index + 1) { look.depth += 1 }
        if starts("end", at: index + 1) { look.depth -= 1 }
        index += 1
      case UInt8(ascii: "{"): look.depth += 1
      case UInt8(ascii: "}"): look.depth -= 1
      case UInt8(ascii: "%"): while index < end, bytes[index] != 0x0A { index += 1 }
      default: break
      }
      index += 1
    }
    let new = look.end..<end
    look.hasRelation = hasRelation(new, depth: &look.braces) || look.hasRelation
    look.end = max(end, index)
  }

  /// Whether the lines so far have something open, so that the next one belongs to them.
  private mutating func isOpen() -> Bool {
    guard let open else { return false }
    lookOn(to: open.upperBound, from: open.lowerBound)
    return look.depth > 0
  }

  private func starts(_ word: String, at index: Int) -> Bool {
    let count = word.utf8.count
    return index + count <= bytes.count && zip(word.utf8, bytes[index...]).allSatisfy { $0 == $1 }
      && (index + count == bytes.count || !CommandTable.isLetter(bytes[index + count]))
  }

  private mutating func line(
    _ line: Range<Int>, delimited: [AnswerSegments.Formula], isOnly: Bool
  ) {
    let content = trimmed(line)
    if let open, isOpen(), delimited.isEmpty {
      if !content.isEmpty { self.open = open.lowerBound..<content.upperBound }
      return
    }
    guard !content.isEmpty else { return close() }
    guard delimited.isEmpty, let math = math(in: content, isOnly: isOnly) else { return close() }
    if math.lowerBound > content.lowerBound || isMarked(content) { close() }
    if let before = open {
      if startsRow(math, behind: before) {
        close()
        open = math
      } else {
        open = before.lowerBound..<math.upperBound
      }
    } else {
      open = math
    }
    if math.upperBound < content.upperBound { close() }
  }

  private func isMarked(_ line: Range<Int>) -> Bool {
    hasDashes && (text(line).hasPrefix("- ") || text(line).hasPrefix("• "))
  }

  /// Whether a line is a formula of its own, not the rest of the line before: both have a relation, and
  /// it begins with no sign.
  private mutating func startsRow(_ line: Range<Int>, behind before: Range<Int>) -> Bool {
    lookOn(to: before.upperBound, from: before.lowerBound)
    var depth = 0
    guard look.hasRelation, hasRelation(line, depth: &depth) else { return false }
    var start = before.upperBound
    while start > before.lowerBound, bytes[start - 1] != 0x0A { start -= 1 }
    let last = text(start..<before.upperBound)
    if last.hasSuffix("\\\\") || last.hasSuffix("\\") { return false }
    if let sign = last.last, "=+-*/,(<>&^_{%".contains(sign) || last.contains("%") { return false }
    guard let first = text(line).first else { return false }
    return !"=+-*/,)<>&^_}\\]|.".contains(first) || startsWithSymbol(line)
  }

  private func startsWithSymbol(_ line: Range<Int>) -> Bool {
    guard bytes[line.lowerBound] == UInt8(ascii: "\\") else { return false }
    var end = line.lowerBound + 1
    while end < line.upperBound, CommandTable.isLetter(bytes[end]) { end += 1 }
    let name = text(line.lowerBound + 1..<end)
    guard let id = CommandTable.shared.command(named: name) else { return false }
    let command = CommandTable.shared[id]
    return command.roles.contains(.construct)
      || [.ordinary, .operators, .function].contains(command.atom)
        && command.roles.contains(.symbol)
  }

  /// Whether a relation stands outside of braces, `depth` of which are open before and behind the range.
  private func hasRelation(_ range: Range<Int>, depth: inout Int) -> Bool {
    Work.add(range.count)
    var isFound = false
    var index = range.lowerBound
    while index < range.upperBound {
      switch bytes[index] {
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: ">"): if depth == 0 { isFound = true }
      case UInt8(ascii: "\\"):
        var end = index + 1
        while end < range.upperBound, CommandTable.isLetter(bytes[end]) { end += 1 }
        if depth == 0, let id = CommandTable.shared.command(named: text(index + 1..<end)),
          CommandTable.shared[id].atom == .relation
        {
          isFound = true
        }
        index = max(index + 1, end - 1)
      default: break
      }
      index += 1
    }
    return isFound
  }
}
