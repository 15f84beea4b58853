extension FormulaReading {
  // MARK: Mends

  /// Mends what the grammar refused; true to try the lexeme again.
  mutating func recover(_ token: Token, _ fault: Fault) -> Bool {
    let position = token.range.lowerBound
    if grammar.top.kind == .command || grammar.top.kind == .script
      || (grammar.top.kind == .fenced && grammar.top.step != 1)
    {
      switch fault {
      case .missingArgument, .missingBrace, .missingDelimiter, .unexpectedCloser, .blankLine:
        return fill(token, fault)
      default: break
      }
    }
    switch fault {
    case .unknownCommand: return recoverUnknown(token)
    case .commandInText: return recoverCommandInText(token)
    case .textCommandInFormula:
      problem(token.range, fault)
      open("\\text{", "}", at: position)
      return !wasCut
    case .unsupportedCharacter:
      if composed(token) { return false }
      problem(token.range, fault)
      open("\\text{", "}", at: position, keeps: true)
      return !wasCut
    case .misplacedCommand: return recoverMisplaced(token, fault)
    case .unexpectedCloser: return recoverCloser(token, fault)
    case .misplacedAlignment, .misplacedRow: return recoverRows(token, fault)
    case .doubleScript:
      problem(token.range, fault)
      return insert("{}", at: position)
    case .secondInfix:
      if reader.text(token.range) == "\\over" { return replace(token.range, "/", fault) }
      return drop(token, fault)
    case .specialCharacter:
      let sign = reader.text(token.range)
      return replace(token.range, sign == "^" ? "\\^{}" : "\\" + sign, fault)
    case .dollarSign:
      if grammar.stack.contains(where: { $0.kind == .inlineMath && $0.flags.contains(.dollar) }) {
        problem(token.range, fault)
        closeOne(at: position)
        return true
      }
      return drop(token, fault)
    case .afterDisplay:
      problem(token.range, fault)
      unseal()
      return true
    case .tooDeep:
      problem(token.range, fault)
      wasCut = true
      return false
    case .blankLine:
      problem(token.range, fault)
      if grammar.top.kind == .top {
        edit(token.range, " \\\\ ")
        feed("\\\\", at: token.range)
        _ = grammar.take(.space)
        drain(token.range)
      } else {
        edit(token.range, " ")
      }
      return false
    default: return drop(token, fault)
    }
  }

  /// Supplies what a command waits for, because something else came.
  mutating func fill(_ token: Token, _ fault: Fault) -> Bool {
    let position = token.range.lowerBound
    let frame = grammar.top
    if frame.kind == .fenced || grammar.allowedUses() == .delimiter {
      return fillDelimiter(token, fault)
    }
    if frame.kind == .script {
      switch token.lexeme {
      case .character("^"), .character("_"):
        // x^^2 and x_^2: one of the two was meant.
        return drop(token, fault)
      case .character("'"): return replace(token.range, "\\prime", fault)
      case .character("$"): return drop(token, fault)
      default: break
      }
    }
    if case .command(let id) = token.lexeme, grammar.allowedUses().contains(.argument) {
      let roles = table[id].roles
      if !roles.isDisjoint(with: [.left, .font, .style]) {
        problem(token.range, fault)
        open("{", "}", at: position)
        return !wasCut
      }
    }
    if case .character("~") = token.lexeme { return drop(token, fault) }
    problem(token.range, fault)
    return insert(grammar.closing, at: position)
  }

  mutating func fillDelimiter(_ token: Token, _ fault: Fault) -> Bool {
    switch token.lexeme {
    case .character("{"):
      if let delimiter = bracedDelimiter(token) {
        edit(token.range.lowerBound..<delimiter.end, delimiter.text)
        feed(delimiter.text, at: token.range)
        skip(to: delimiter.end)
        return false
      }
      return replace(token.range, "\\{", fault)
    case .character("}") where grammar.top.step == 2 && Self.isBrace(builder.leftDelimiter):
      return replace(token.range, "\\}", fault)
    case .paragraph:
      edit(token.range, " ")
      problem(token.range, .blankLine)
      return false
    default:
      problem(token.range, fault)
      return insert(".", at: token.range.lowerBound)
    }
  }

  /// The delimiter that stands in braces, as in `\big{(}`.
  private func bracedDelimiter(_ token: Token) -> (text: String, end: Int)? {
    let start = token.range.lowerBound
    guard let closer = reader.closer(of: start, limit: 24) else { return nil }
    let text = reader.text(start + 1..<closer)
    var words = TokenReader(Array(text.utf8))
    var found: Lexeme?
    while let word = words.next() {
      if word.lexeme == .space { continue }
      guard found == nil, Grammar.isDelimiter(word.lexeme) else { return nil }
      found = word.lexeme
    }
    return found == nil ? nil : (text, closer + 1)
  }

  static func isBrace(_ node: Node?) -> Bool {
    guard case .command(let id)? = node?.kind else { return false }
    return CommandTable.shared[id].name == "{"
  }

  mutating func recoverMisplaced(_ token: Token, _ fault: Fault) -> Bool {
    guard case .command(let id) = token.lexeme else { return drop(token, fault) }
    let roles = table[id].roles
    if roles.contains(.rowStart), grammar.top.kind == .cells,
      grammar.environment(of: grammar.top).kind == .grid
    {
      problem(token.range, fault)
      return insert("\\\\", at: token.range.lowerBound)
    }
    if roles.contains(.tag) { return replace(token.range, "\\qquad\\text", fault) }
    if roles.contains(.rowText) { return replace(token.range, "\\text", fault) }
    if roles.contains(.left) {
      problem(token.range, fault)
      open("{", "}", at: token.range.lowerBound)
      return !wasCut
    }
    if roles.contains(.rowStart) || roles.contains(.cellStart) {
      let count = table[id].slots.count { $0 != .math }
      let end = reader.end(ofGroups: count, from: token.range.upperBound)
      problem(token.range.lowerBound..<end, fault)
      edit(token.range.lowerBound..<end, "")
      skip(to: end)
      return false
    }
    return drop(token, fault)
  }

  mutating func recoverCloser(_ token: Token, _ fault: Fault) -> Bool {
    let position = token.range.lowerBound
    let isBrace = token.lexeme == .character("}")
    let isTarget: (Frame) -> Bool
    if isBrace {
      isTarget = { $0.kind == .group || $0.kind == .rows || $0.kind == .text }
    } else if token.lexeme == right.map(Lexeme.command) {
      isTarget = { $0.kind == .fenced }
    } else {
      return drop(token, fault)
    }
    guard let target = grammar.stack.lastIndex(where: isTarget) else {
      problem(token.range, fault)
      edit(token.range, "")
      if !isBrace { dropDot(behind: token) }
      return false
    }
    let crossed = grammar.stack[(target + 1)...]
    if isBrace {
      let cells = crossed.count { $0.kind == .cells }
      let fences = crossed.count { $0.kind == .fenced }
      let open = grammar.stack.count { $0.kind == .cells }
      let openFences = grammar.stack.count { $0.kind == .fenced }
      if (cells > 0 && endsLeft >= open) || (fences > 0 && rightsLeft >= openFences) {
        return drop(token, fault)
      }
    }
    problem(token.range, fault)
    closeOne(at: position)
    return true
  }

  /// A `\right` that closes nothing leaves its delimiter, but not the empty one.
  mutating func dropDot(behind token: Token) {
    let next = reader.skippingSpaces(from: token.range.upperBound)
    if next < bytes.count, bytes[next] == UInt8(ascii: ".") {
      edit(next..<next + 1, "")
      skip(to: next + 1)
    }
  }

  mutating func recoverRows(_ token: Token, _ fault: Fault) -> Bool {
    let isAlignment = token.lexeme == .character("&")
    let position = token.range.lowerBound
    let frame = grammar.top
    if frame.kind == .cells || frame.kind == .rows { return drop(token, fault) }
    let level = grammar.stack.lastIndex { $0.kind == .cells || $0.kind == .text }
    let isInCells = level.map { grammar.stack[$0].kind == .cells } ?? false
    let isClosedLater =
      switch frame.kind {
      case .group, .inlineMath:
        reader.closer(of: builder.items[builder.top].start) != nil
      case .fenced: rightsLeft >= grammar.stack.count { $0.kind == .fenced }
      default: true
      }
    problem(token.range, fault)
    if isInCells, !isClosedLater || frame.kind == .bracket {
      closeOne(at: position)
      return true
    }
    if frame.kind == .bracket { return drop(token, fault) }
    builder.markRows(hasAlignment: isAlignment)
    return false
  }
}
