/// The formulas of a text that stand on lines of their own, without delimiters.
struct BareFormulas {
  private let bytes: [UInt8]
  private let isFenced: Bool
  private(set) var found: [AnswerSegments.Formula] = []
  /// The formula whose lines come in.
  private var open: Range<Int>?
  /// Whether several lines begin with a dash, which is then a list's and no minus.
  private var hasDashes = false

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

  private func text(_ range: Range<Int>) -> String {
    Work.add(range.count)
    return String(decoding: bytes[range], as: UTF8.self)
  }

  private func trimmed(_ range: Range<Int>) -> Range<Int> {
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

  // MARK: One line

  /// The part of a line that is a formula; nil for a line of words.
  private func math(in line: Range<Int>, isOnly: Bool) -> Range<Int>? {
    if isHeading(line) { return nil }
    var range = withoutMarker(line, isOnly: isOnly)
    range = withoutIntroduction(range)
    range = withoutDocumentCommands(range)
    if range.isEmpty || isMarkup(range) { return nil }
    if !isFenced || range.lowerBound > line.lowerBound {
      if Prose.isSentence(text(range)) { return nil }
    } else if Prose.isSentence(text(range)), !text(range).contains(where: { "\\^_=".contains($0) })
    {
      return nil
    }
    range = withoutWords(range)
    range = withoutForeign(range)
    if range.lowerBound > line.lowerBound { range = withoutStop(range) }
    range = withoutQuotes(range)
    if range.isEmpty || Prose.isSentence(text(range)) { return nil }
    if isDocumentCommand(range) { return nil }
    return range
  }

  private static let documentCommands = [
    "documentclass", "usepackage", "title", "author", "maketitle", "section", "begin{center}",
    "end{center}", "begin{document}", "end{document}", "noindent", "item", "begin{itemize}",
    "end{itemize}", "begin{enumerate}", "end{enumerate}", "newcommand", "renewcommand",
    "DeclareMathOperator", "pagestyle", "usetikzlibrary", "geometry", "centering",
    "begin{figure}", "end{figure}", "caption", "label", "begin{theorem}", "end{theorem}",
    "begin{proof}", "end{proof}", "begin{math}", "textbf{",
  ]

  private func isDocumentCommand(_ range: Range<Int>) -> Bool {
    guard bytes[range.lowerBound] == UInt8(ascii: "\\") else { return false }
    let rest = text(range.lowerBound + 1..<min(range.upperBound, range.lowerBound + 40))
    return Self.documentCommands.contains { name in
      guard rest.hasPrefix(name) else { return false }
      return !(rest.dropFirst(name.count).first?.isLetter ?? false)
    } && !(rest.hasPrefix("textbf{") && rest.contains("="))
  }

  /// HTML or MathML.
  private func isMarkup(_ range: Range<Int>) -> Bool {
    guard range.count > 3, bytes[range.lowerBound] == UInt8(ascii: "<"),
      CommandTable.isLetter(bytes[range.lowerBound + 1])
    else { return false }
    let text = text(range)
    return text.contains("</") || text.contains("/>")
  }

  /// Without the full stop of the sentence that a formula ends.
  private func withoutStop(_ range: Range<Int>) -> Range<Int> {
    guard range.count > 1, bytes[range.upperBound - 1] == UInt8(ascii: "."),
      bytes[range.upperBound - 2] != UInt8(ascii: "."),
      !text(range).hasSuffix("\\right.")
    else { return range }
    return trimmed(range.lowerBound..<range.upperBound - 1)
  }

  /// Without commands of documents that stand before a formula in its line, and their arguments.
  private func withoutDocumentCommands(_ range: Range<Int>) -> Range<Int> {
    var range = range
    for _ in 0..<8 {
      guard range.count > 2, bytes[range.lowerBound] == UInt8(ascii: "\\") else { return range }
      var stop = range.lowerBound + 1
      while stop < range.upperBound, CommandTable.isLetter(bytes[stop]) { stop += 1 }
      guard let arguments = Self.argumentsBefore[text(range.lowerBound + 1..<stop)] else {
        return range
      }
      let line = TokenReader(Array(bytes[range]), findsClosers: true)
      let end = range.lowerBound + line.end(ofGroups: arguments, from: stop - range.lowerBound)
      let rest = trimmed(end..<range.upperBound)
      // A line of nothing else stays as it is.
      if rest.isEmpty { return range }
      range = rest
    }
    return range
  }

  /// How many arguments commands have that may stand before a formula in its line.
  private static let argumentsBefore = [
    "newcommand": 2, "renewcommand": 2, "providecommand": 2, "DeclareMathOperator": 2, "label": 1,
    "noindent": 0, "centering": 0, "usepackage": 1, "item": 0, "pagestyle": 1,
  ]

  /// A heading of Markdown.
  private func isHeading(_ line: Range<Int>) -> Bool {
    let rest = bytes[line].drop { $0 == UInt8(ascii: "#") }
    return rest.count < line.count && rest.first == 0x20
  }

  /// Without the number or the dot of a list's item.
  private func withoutMarker(_ range: Range<Int>, isOnly: Bool) -> Range<Int> {
    guard !isOnly else { return range }
    var index = range.lowerBound
    switch bytes[index] {
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      while index < range.upperBound, (0x30...0x39).contains(bytes[index]),
        index < range.lowerBound + 3
      {
        index += 1
      }
      guard index < range.upperBound,
        bytes[index] == UInt8(ascii: ".") || bytes[index] == UInt8(ascii: ")")
      else { return range }
      index += 1
    case UInt8(ascii: "-") where hasDashes: index += 1
    case 0xE2 where hasDashes && text(range).hasPrefix("• "): index += 3
    case UInt8(ascii: "*"), UInt8(ascii: ">"):
      while index < range.upperBound, bytes[index] == bytes[range.lowerBound] { index += 1 }
      if bytes[range.lowerBound] == UInt8(ascii: "*"), index > range.lowerBound + 1 { return range }
    default: return range
    }
    guard index < range.upperBound, bytes[index] == 0x20 else { return range }
    return trimmed(index..<range.upperBound)
  }

  /// "The LaTeX code is: x" is x; "f: x \to y" stays.
  private func withoutIntroduction(_ range: Range<Int>) -> Range<Int> {
    var index = range.lowerBound
    while index < range.upperBound {
      let isColon = bytes[index] == UInt8(ascii: ":")
      let isWide =
        index + 2 < range.upperBound && bytes[index] == 0xEF && bytes[index + 1] == 0xBC
        && bytes[index + 2] == 0x9A
      if isColon || isWide {
        let before = text(range.lowerBound..<index)
        guard Prose.introduces(before) else { return range }
        var start = index + (isColon ? 1 : 3)
        while start < range.upperBound, bytes[start] == UInt8(ascii: "*") { start += 1 }
        return trimmed(start..<range.upperBound)
      }
      if [0x5C, 0x5E, 0x5F, 0x3D, 0x7B].contains(bytes[index]) { return range }
      index += 1
    }
    return range
  }

  /// Without words before and behind the formula: "The area is A = \pi r^2".
  private func withoutWords(_ range: Range<Int>) -> Range<Int> {
    let words = text(range).split(separator: " ", omittingEmptySubsequences: false)
    var start = range.lowerBound
    var leading = 0
    var common = 0
    for word in words {
      guard word.isEmpty || Prose.isWord(word) || (leading > 0 && (word == "a" || word == "I"))
      else { break }
      if !word.isEmpty {
        leading += 1
        common += Prose.isCommon(word) ? 1 : 0
      }
      start += word.utf8.count + 1
    }
    var result = range
    if leading >= 2 && common >= 1 || leading == 1 && common == 1 {
      result = min(start, range.upperBound)..<range.upperBound
    }
    var end = range.upperBound
    var trailing = 0
    common = 0
    for word in words.reversed() {
      guard word.isEmpty || Prose.isWord(word) || word == "a" else { break }
      if !word.isEmpty {
        trailing += 1
        common += Prose.isCommon(word) ? 1 : 0
      }
      end -= word.utf8.count + 1
    }
    if trailing >= 3 && common >= 1, end > result.lowerBound {
      result = result.lowerBound..<end
    }
    return trimmed(result)
  }

  /// Up to the first letter of another writing outside of braces.
  private func withoutForeign(_ range: Range<Int>) -> Range<Int> {
    let scalars = text(range).unicodeScalars
    guard scalars.contains(where: Prose.isForeign) else { return range }
    var depth = 0
    var pieces: [Range<Int>] = []
    var start: Int?
    var position = range.lowerBound
    for scalar in scalars {
      if scalar == "{" { depth += 1 }
      if scalar == "}" { depth -= 1 }
      // A full-width comma or bracket inside of a formula is a sign of it.
      let isForeign =
        depth <= 0 && Prose.isForeign(scalar) && CommandTable.plain[scalar] == nil
        && !isScriptSign(before: position, after: range.lowerBound)
      if isForeign {
        if let begin = start { pieces.append(begin..<position) }
        start = nil
      } else if start == nil {
        start = position
      }
      position += UTF8.width(scalar)
    }
    if let begin = start { pieces.append(begin..<position) }
    let best = pieces.map(trimmed).max { $0.count < $1.count } ?? range
    return withoutSigns(best)
  }

  private func isScriptSign(before position: Int, after start: Int) -> Bool {
    position > start && [0x5E, 0x5F].contains(bytes[position - 1])
  }

  /// Without punctuation of a sentence at both ends.
  private func withoutSigns(_ range: Range<Int>) -> Range<Int> {
    var text = Substring(text(range))
    var start = range.lowerBound
    while let first = text.unicodeScalars.first,
      "，。：；、,:;．".unicodeScalars.contains(first) || first == " "
    {
      start += UTF8.width(first)
      text.unicodeScalars.removeFirst()
    }
    var end = range.upperBound
    while let last = text.unicodeScalars.last, "，。：；、．".unicodeScalars.contains(last) || last == " "
    {
      end -= UTF8.width(last)
      text.unicodeScalars.removeLast()
    }
    return start..<max(start, end)
  }

  /// Without quotation marks, backticks or stars around it.
  private func withoutQuotes(_ range: Range<Int>) -> Range<Int> {
    var range = range
    for mark in [UInt8(ascii: "`"), UInt8(ascii: "*")] {
      let count = range.prefix { bytes[$0] == mark }.count
      if count > 0 { range = withoutStop(range) }
      let least = mark == UInt8(ascii: "*") ? 2 : 1
      guard count >= least, range.count > 2 * count else { continue }
      let tail = range.reversed().prefix { bytes[$0] == mark }.count
      if tail == count { range = trimmed(range.lowerBound + count..<range.upperBound - count) }
    }
    let quote = UInt8(ascii: "\"")
    if range.count > 2, range.count(where: { bytes[$0] == quote }) == 2,
      bytes[range.lowerBound] == quote, bytes[range.upperBound - 1] == quote
    {
      range = trimmed(range.lowerBound + 1..<range.upperBound - 1)
    }
    return range
  }
}
