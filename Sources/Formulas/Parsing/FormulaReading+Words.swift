extension FormulaReading {
  // MARK: Lengths, numbers and other plain words

  /// Takes an argument of plain words as a whole; false where none is awaited or it is as it should be.
  mutating func handleWords(_ token: Token) -> Bool {
    guard case .character(let scalar) = token.lexeme, scalar == "{" || scalar == "[",
      let slot = awaitedWords(scalar)
    else { return false }
    let start = token.range.lowerBound
    let closer =
      slot == .columns
      ? reader.closer(ofColumns: start) : reader.closer(of: start, limit: scalar == "{" ? 400 : 60)
    if let closer, accepts(start..<closer + 1) { return false }
    if scalar == "[" {
      // No length and no place: a part of the formula.
      insert("{}", at: start)
      return false
    }
    let content = closer.map { reader.text(start + 1..<$0) } ?? ""
    let end = closer.map { $0 + 1 } ?? token.range.upperBound
    let text = Self.mended(content, slot)
    problem(start..<end, Self.fault(of: slot))
    edit(start..<end, text)
    feed(text, at: start..<end)
    skip(to: end)
    return true
  }

  func awaitedWords(_ opener: Unicode.Scalar) -> Slot? {
    let frame = grammar.top
    guard frame.kind == .command else { return nil }
    for slot in grammar.slots(of: frame)[Int(frame.step)...] {
      switch slot {
      case .optionalDimension, .optionalPlace, .optionalRaw: if opener == "[" { return slot }
      case .star, .optionalMath: if opener == "[", slot == .optionalMath { return nil }
      case .dimension, .muDimension, .bracedDimension, .raw, .number, .columns, .style,
        .bracedDelimiter:
        return opener == "{" ? slot : nil
      default: return nil
      }
    }
    return nil
  }

  func accepts(_ range: Range<Int>) -> Bool {
    var copy = grammar
    var words = TokenReader(Array(bytes[range]))
    let depth = copy.depth
    while let token = words.next() {
      if copy.take(token.lexeme) != nil { return false }
    }
    return copy.depth <= depth && words.index == range.count
  }

  static func fault(of slot: Slot) -> Fault {
    switch slot {
    case .columns: .badColumns
    case .number, .style: .badNumber
    case .raw: .badWords
    case .bracedDelimiter: .missingDelimiter
    default: .badLength
    }
  }

  /// The nearest argument that is allowed.
  static func mended(_ content: String, _ slot: Slot) -> String {
    switch slot {
    case .columns:
      var columns = ""
      var depth = 0
      for character in content.prefix(200) {
        switch character {
        case "{": depth += 1
        case "}": depth -= 1
        case "l", "c", "r", "|": if depth == 0 { columns.append(character) }
        case "p", "m", "b", "X", "L": if depth == 0 { columns.append("l") }
        case "C", "S": if depth == 0 { columns.append("c") }
        case "R": if depth == 0 { columns.append("r") }
        default: break
        }
      }
      return columns.contains(where: { "lcr".contains($0) }) ? "{\(columns)}" : "{c}"
    case .raw:
      let words = content.unicodeScalars.filter {
        $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0))
      }
      return words.isEmpty ? "{x}" : "{\(String(String.UnicodeScalarView(words)))}"
    case .number:
      let digits = content.unicodeScalars.filter { ("0"..."9").contains($0) }.prefix(3)
      let number = Int(String(String.UnicodeScalarView(digits))) ?? 1
      return "{\(max(1, number))}"
    default: return Grammar.emptyArgument(slot)
    }
  }
}
