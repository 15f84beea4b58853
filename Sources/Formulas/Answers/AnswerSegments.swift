/// What a model says about a formula, cut into formulas and the words around them.
struct AnswerSegments {
  enum Kind: Sendable {
    /// A formula in a line of text.
    case inline
    /// A formula on lines of its own.
    case display
    /// A formula without any delimiters.
    case bare
  }

  struct Formula: Sendable {
    var kind: Kind
    /// The formula's bytes, without delimiters; several pieces where prose interrupts it.
    var content: Range<Int>
    /// The same with its delimiters.
    var whole: Range<Int>
  }

  let bytes: [UInt8]
  private(set) var formulas: [Formula] = []
  /// Bytes that are neither words nor formulas: fences, preambles.
  private(set) var wrapping: [Range<Int>] = []

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    let (blocks, others) = fencedBlocks()
    if blocks.isEmpty {
      // Code of other languages is neither words nor formulas.
      var start = 0
      for other in others {
        scan(start..<other.lowerBound, isFenced: false)
        start = other.upperBound
      }
      scan(start..<bytes.count, isFenced: false)
    } else {
      for block in blocks { scan(block, isFenced: true) }
      if formulas.isEmpty { scan(0..<bytes.count, isFenced: false) }
    }
    formulas.sort { $0.whole.lowerBound < $1.whole.lowerBound }
  }

  /// The formulas between delimiters alone.
  static func delimited(_ bytes: [UInt8]) -> [Formula] {
    var segments = AnswerSegments(unread: bytes)
    return segments.delimited(in: 0..<bytes.count).filter { !segments.isBlank($0.content) }
  }

  private init(unread bytes: [UInt8]) { self.bytes = bytes }

  // MARK: Fences and documents

  private static let languages: Set<String> = [
    "", "latex", "tex", "math", "markdown", "md", "plaintext", "text", "txt", "katex", "mathjax",
  ]

  /// The contents of code blocks that may hold LaTeX, and whole blocks of other languages; one that does not
  /// end reaches to the end.
  private mutating func fencedBlocks() -> (blocks: [Range<Int>], others: [Range<Int>]) {
    var blocks: [Range<Int>] = []
    var others: [Range<Int>] = []
    var position = 0
    while let open = fence(from: position, mark: nil) {
      let mark = bytes[open.lowerBound]
      var start = open.upperBound
      let nameStart = start
      while start < bytes.count, CommandTable.isLetter(bytes[start]) { start += 1 }
      let name = String(decoding: bytes[nameStart..<start], as: UTF8.self).lowercased()
      let close = fence(from: start, mark: mark)
      let isKnown = Self.languages.contains(name)
      let hasLanguage = start == bytes.count || Lexer.isSpace(bytes[start])
      if !isKnown, !hasLanguage { start = nameStart }
      let content = start..<max(start, close?.lowerBound ?? bytes.count)
      if isKnown || start == nameStart {
        if !isBlank(content) {
          blocks.append(content)
          wrapping.append(open.lowerBound..<start)
          if let close { wrapping.append(close) }
        }
      } else {
        others.append(open.lowerBound..<(close?.upperBound ?? bytes.count))
      }
      position = close?.upperBound ?? bytes.count
    }
    return (blocks, others)
  }

  /// The next run of three or more backticks or tildes: of `mark`, or of either.
  private func fence(from position: Int, mark: UInt8?) -> Range<Int>? {
    var index = position
    defer { Work.add(index - position + 1) }
    while index < bytes.count {
      let byte = bytes[index]
      guard mark.map({ $0 == byte }) ?? (byte == UInt8(ascii: "`") || byte == UInt8(ascii: "~"))
      else {
        index += 1
        continue
      }
      let start = index
      while index < bytes.count, bytes[index] == byte { index += 1 }
      if index - start >= 3 { return start..<index }
    }
    return nil
  }

  private func find(_ text: StaticString, from position: Int, to end: Int? = nil) -> Int? {
    let count = text.utf8CodeUnitCount
    let end = end ?? bytes.count
    var index = position
    while index + count <= end {
      if bytes[index] == text.utf8Start[0],
        (0..<count).allSatisfy({ bytes[index + $0] == text.utf8Start[$0] })
      {
        Work.add(index - position)
        return index
      }
      index += 1
    }
    Work.add(index - position)
    return nil
  }

  private func isBlank(_ range: Range<Int>) -> Bool {
    let count = range.prefix { Lexer.isSpace(bytes[$0]) }.count
    Work.add(count + 1)
    return count == range.count
  }

  /// The body of a document, if the range is one.
  private mutating func body(of range: Range<Int>) -> Range<Int> {
    guard let begin = find("\\begin{document}", from: range.lowerBound, to: range.upperBound) else {
      return range
    }
    let start = begin + "\\begin{document}".utf8.count
    let end = find("\\end{document}", from: start, to: range.upperBound) ?? range.upperBound
    wrapping.append(range.lowerBound..<start)
    wrapping.append(end..<range.upperBound)
    return start..<end
  }

  private mutating func scan(_ range: Range<Int>, isFenced: Bool) {
    let range = body(of: range)
    let delimited = self.delimited(in: range)
    // Delimiters with nothing between them are no formula, and no bare one either.
    formulas += delimited.filter { !isBlank($0.content) }
    formulas += BareFormulas(bytes, range, delimited, isFenced: isFenced).found
  }

  // MARK: Delimiters

  private struct Delimiter {
    let open: String
    let close: String
    let kind: Kind
  }

  private static let delimiters = [
    Delimiter(open: "\\[", close: "\\]", kind: .display),
    Delimiter(open: "$$", close: "$$", kind: .display),
    Delimiter(open: "\\(", close: "\\)", kind: .inline),
    Delimiter(open: "$", close: "$", kind: .inline),
  ]

  private func hasPrefix(_ text: String, at index: Int, to end: Int) -> Bool {
    let count = text.utf8.count
    guard index + count <= end else { return false }
    return zip(text.utf8, bytes[index..<index + count]).allSatisfy { $0 == $1 }
  }

  /// How often a search that may reach to the text's end is in vain. After that dollar signs in braces close
  /// formulas, too, and environments are no longer looked for: otherwise a text of openers would be
  /// searched again for each of them.
  private static let mostSearches = 32
  private var vainSearches = (dollars: 0, environments: 0)

  /// Formulas between delimiters, and displayed environments, outside of braces.
  private mutating func delimited(in range: Range<Int>) -> [Formula] {
    var found: [Formula] = []
    var index = range.lowerBound
    var depth = 0
    while index < range.upperBound {
      Work.add(1)
      let byte = bytes[index]
      if depth == 0, byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "$"),
        let formula = formula(at: index, to: range.upperBound)
      {
        found.append(formula)
        index = formula.whole.upperBound
        continue
      }
      switch byte {
      case UInt8(ascii: "\\"): index += 1
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"): depth = max(0, depth - 1)
      // A group does not reach over a blank line: a brace too many opens nothing for ever.
      case 0x0A: if index + 1 < range.upperBound, bytes[index + 1] == 0x0A { depth = 0 }
      default: break
      }
      index += 1
    }
    return found
  }

  private mutating func formula(at index: Int, to end: Int) -> Formula? {
    if let environment = environment(at: index, to: end) { return environment }
    guard let delimiter = Self.delimiters.first(where: { hasPrefix($0.open, at: index, to: end) })
    else { return nil }
    let start = index + delimiter.open.utf8.count
    var position = start
    var depth = 0
    let isDollar = delimiter.open == "$"
    let countsBraces = delimiter.close.hasPrefix("$") && vainSearches.dollars < Self.mostSearches
    while position < end {
      Work.add(1)
      let byte = bytes[position]
      if depth == 0, hasPrefix(delimiter.close, at: position, to: end) {
        if isDollar, isPrice(start..<position) { return nil }
        return Formula(
          kind: delimiter.kind, content: start..<position,
          whole: index..<position + delimiter.close.utf8.count)
      }
      switch byte {
      case UInt8(ascii: "\\"): position += 1
      // Text inside of a formula may have dollar signs of its own, in braces.
      case UInt8(ascii: "{") where countsBraces: depth += 1
      case UInt8(ascii: "}"): depth = max(0, depth - 1)
      case 0x0A:
        if isDollar, position + 1 < end, bytes[position + 1] == 0x0A {
          vainSearches.dollars += 1
          return nil
        }
      default: break
      }
      position += 1
    }
    vainSearches.dollars += 1
    let content = start..<end
    if delimiter.close.hasPrefix("$") {
      // The braces may be wrong: then the next sign closes.
      if let close = nextUnescaped(delimiter.close, from: start, to: end) {
        return Formula(
          kind: delimiter.kind, content: start..<close,
          whole: index..<close + delimiter.close.utf8.count)
      }
      // A lone dollar sign is no formula, unless LaTeX follows that was cut off.
      let isMath = content.contains { [0x5C, 0x5E, 0x5F, 0x3D].contains(bytes[$0]) }
      if isDollar, !isMath { return nil }
    }
    return Formula(kind: delimiter.kind, content: content, whole: index..<end)
  }

  /// Whether what stands behind a dollar sign is a price, with words up to the next sign: "$5 and $6".
  private func isPrice(_ content: Range<Int>) -> Bool {
    guard let first = content.first, (0x30...0x39).contains(bytes[first]),
      bytes[content.upperBound - 1] == 0x20
    else { return false }
    Work.add(content.count)
    let hasWord = content.dropLast().contains {
      CommandTable.isLetter(bytes[$0]) && CommandTable.isLetter(bytes[$0 + 1])
    }
    return hasWord && !content.contains { "\\^_={}".utf8.contains(bytes[$0]) }
  }

  private func nextUnescaped(_ text: String, from start: Int, to end: Int) -> Int? {
    var position = start
    while position < end {
      Work.add(1)
      if hasPrefix(text, at: position, to: end) { return position }
      if bytes[position] == 0x0A, position + 1 < end, bytes[position + 1] == 0x0A { return nil }
      position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    return nil
  }

  /// Whether no formula goes on behind an environment in the same line.
  private func endsAlone(at position: Int, to end: Int) -> Bool {
    let next = bytes[position..<end].first { $0 != 0x20 }
    return !(next.map { "+-=<>^_*/([{".utf8.contains($0) } ?? false)
  }

  /// Whether no formula stands before an environment in the same line.
  private func beginsAlone(at position: Int) -> Bool {
    let previous = bytes[..<position].last { $0 != 0x20 }
    return !(previous.map { "+-=<>^_*/({".utf8.contains($0) } ?? false)
  }

  /// A displayed environment that stands in the text by itself.
  private mutating func environment(at index: Int, to end: Int) -> Formula? {
    guard hasPrefix("\\begin{", at: index, to: end), vainSearches.environments < Self.mostSearches,
      beginsAlone(at: index),
      let (name, nameEnd) = TokenReader(bytes).environmentName(from: index + 6),
      let id = EnvironmentTable.shared.index(of: name), EnvironmentTable.shared[id].isOuter
    else { return nil }
    let begin = "\\begin{\(name)}"
    let closer = "\\end{\(name)}"
    var depth = 1
    var position = nameEnd
    while position < end {
      Work.add(1)
      if hasPrefix(begin, at: position, to: end) { depth += 1 }
      if hasPrefix(closer, at: position, to: end) {
        depth -= 1
        if depth == 0 {
          let whole = index..<position + closer.utf8.count
          guard endsAlone(at: whole.upperBound, to: end) else {
            vainSearches.environments += 1
            return nil
          }
          return Formula(kind: .display, content: whole, whole: whole)
        }
      }
      position +=
        bytes[position] == UInt8(ascii: "\\") && !hasPrefix("\\begin", at: position, to: end)
          && !hasPrefix("\\end", at: position, to: end) ? 2 : 1
    }
    return Formula(kind: .display, content: index..<end, whole: index..<end)
  }
}
