/// What of one line is a formula.
extension BareFormulas {
  /// The part of a line that is a formula; nil for a line of words.
  func math(in line: Range<Int>, isOnly: Bool) -> Range<Int>? {
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
