/// Whether a text is a valid formula.
enum FormulaCheck {
  /// The first place where the grammar stops; nil for a valid formula. White space around it does not
  /// count.
  static func firstProblem(
    _ bytes: [UInt8], allowsBareRows: Bool = false
  ) -> FormulaProblem? {
    var end = bytes.count
    // The space of a final "\ " is part of it.
    while end > 0, Lexer.isSpace(bytes[end - 1]), !isEscaped(end - 1, bytes) { end -= 1 }
    var grammar = Grammar(allowsBareRows: allowsBareRows)
    var reader = TokenReader(Array(bytes[..<end]))
    let table = CommandTable.shared
    let begin = table.command(named: "begin").map(Lexeme.command)
    let finish = table.command(named: "end").map(Lexeme.command)
    var name = 0
    while let token = reader.next() {
      if token.lexeme == begin || token.lexeme == finish { name = token.range.lowerBound }
      if token.lexeme == .unknown {
        let name = String(reader.text(token.range).dropFirst())
        let fault: Fault = CommandTable.forbidden[name] == nil ? .unknownCommand : .forbiddenCommand
        return FormulaProblem(token.range, fault, in: bytes)
      }
      if let fault = grammar.take(token.lexeme) {
        switch fault {
        case .unknownEnvironment, .misplacedEnvironment, .wrongEnd:
          // The whole command is meant, not the letter that gave it away.
          let stop = reader.environmentName(from: name)?.end ?? token.range.upperBound
          return FormulaProblem(name..<max(stop, token.range.upperBound), fault, in: bytes)
        default: return FormulaProblem(token.range, fault, in: bytes)
        }
      }
    }
    if grammar.isComplete { return nil }
    return FormulaProblem(end..<end, .unfinished, in: bytes)
  }

  static func isEscaped(_ position: Int, _ bytes: [UInt8]) -> Bool {
    var start = position
    while start > 0, bytes[start - 1] == UInt8(ascii: "\\") { start -= 1 }
    return (position - start) % 2 == 1
  }
}
