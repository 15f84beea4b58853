/// The beginning of a formula, taken byte by byte: whether it can still become a valid formula.
///
/// A prefix is accepted if and only if some text behind it makes a formula that `Formula` finds valid.
/// Copies are cheap (one small array, copied when it changes), so that many candidates for the next
/// token can be tried: each takes time in proportion to its bytes.
package struct FormulaPrefix: Sendable {
  private var lexer = Lexer()
  private var grammar: Grammar

  /// A formula of which nothing is known yet.
  ///
  /// - Parameters:
  ///   - end: what ends it; with a delimiter, text behind the delimiter is refused.
  ///   - allowsBareRows: whether rows may stand without an environment; the clean-up of an answer
  ///     gives them one.
  package init(end: FormulaEnd = .text, allowsBareRows: Bool = false) {
    grammar = Grammar(end: end, allowsBareRows: allowsBareRows)
  }

  /// Whether the delimiter that ends the formula was read.
  package var hasEnded: Bool { grammar.hasEnded }

  /// Whether the text is inside of a comment, which a line's end ends.
  var isInComment: Bool { lexer.state == .comment }

  /// Whether the text may end here: nothing is open.
  package var isComplete: Bool {
    var copy = self
    return copy.finish() && copy.grammar.isComplete
  }

  /// Takes `bytes`, of UTF-8; false if no formula begins so. After that the prefix is of no use.
  package mutating func advance(by bytes: some Sequence<UInt8>) -> Bool {
    for byte in bytes where !advance(by: byte) { return false }
    return true
  }

  /// The prefix with `bytes` behind it; nil if no formula begins so.
  package func advanced(by bytes: some Sequence<UInt8>) -> FormulaPrefix? {
    var next = self
    return next.advance(by: bytes) ? next : nil
  }

  /// Takes one byte; false if no formula begins so.
  package mutating func advance(by byte: UInt8) -> Bool {
    if grammar.hasEnded { return false }
    let output = lexer.push(byte)
    guard output.isValid else { return false }
    if let lexeme = output.first, grammar.take(lexeme) != nil { return false }
    if let lexeme = output.second, grammar.take(lexeme) != nil { return false }
    return isViable
  }

  /// Whether the lexeme that the lexer has begun can continue.
  private var isViable: Bool {
    let table = CommandTable.shared
    switch lexer.state {
    case .ready, .afterWord: return true
    case .unknownWord: return false
    case .backslash:
      let uses = table.symbolUses.union(CommandUse(rawValue: table.words.roles[0]))
      return !grammar.allowedUses().isDisjoint(with: uses)
    case .word(let node):
      let uses = CommandUse(rawValue: table.words.roles[Int(node)])
      return !grammar.allowedUses().isDisjoint(with: uses)
    case .space(let newlines):
      var copy = grammar
      return copy.take(newlines > 1 ? .paragraph : .space) == nil
    case .comment: return !grammar.isInWords
    case .character(let bits, let missing, _):
      let low = bits << (6 * UInt32(missing))
      return grammar.acceptsCharacter(in: low...(low | (1 << (6 * UInt32(missing)) - 1)))
    }
  }

  /// Takes what the text's end makes of a lexeme that is under way.
  private mutating func finish() -> Bool {
    let output = lexer.finished()
    guard output.isValid else { return false }
    if let lexeme = output.first, grammar.take(lexeme) != nil { return false }
    return true
  }

  /// The shortest text known that completes the formula; empty if it is complete.
  ///
  /// It closes what is open, from the inside out, and gives `{}` where an argument is missing.
  package var closing: [UInt8] {
    var copy = self
    var result: [UInt8] = []
    // Each step closes a frame, or supplies what the frame waits for.
    for _ in 0..<(4 * Grammar.deepest + 8) {
      if copy.isComplete { break }
      let piece = copy.nextClosing
      guard !piece.isEmpty, copy.advance(by: piece) else { break }
      result += piece
    }
    return result
  }

  private var nextClosing: [UInt8] {
    let table = CommandTable.shared
    let allowed = grammar.allowedUses()
    switch lexer.state {
    case .backslash:
      if !table.symbolUses.isDisjoint(with: allowed) {
        for byte in UInt8(0x21)..<0x7F {
          if let id = table.symbol(byte), advanced(by: CollectionOfOne(byte)) != nil,
            !table.uses[Int(id.index)].isDisjoint(with: allowed)
          {
            return [byte]
          }
        }
      }
      return table.words.shortestEnd(from: NameTree.root) {
        !table.uses[Int($0)].isDisjoint(with: allowed)
      } ?? []
    case .word(let node):
      let id = table.words.value[Int(node)]
      if id != NameTree.none, !table.uses[Int(id)].isDisjoint(with: allowed) { break }
      return table.words.shortestEnd(from: node) {
        !table.uses[Int($0)].isDisjoint(with: allowed)
      } ?? []
    case .character:
      // Some continuation of the character stands here: it is looked for.
      for byte in UInt8(0x80)...0xBF where advanced(by: CollectionOfOne(byte)) != nil {
        return [byte]
      }
      return []
    case .comment: return [0x0A]
    default: break
    }
    var copy = self
    guard copy.finish() else { return [] }
    return Array(copy.grammar.closing.utf8)
  }
}
