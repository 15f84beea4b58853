/// Reads any text as a formula: what the grammar refuses is mended, and each mend is a change of the
/// text.
///
/// Takes time in proportion to the text. What is deeper than the grammar allows ends the reading.
struct FormulaReading {
  /// Something that was opened to mend the text and closes by itself behind the next atom.
  struct Automatic {
    var depth: Int
    var closer: String
    /// Whether characters that formulas do not have stay inside.
    var keepsCharacters = false
  }

  let bytes: [UInt8]
  var reader: TokenReader
  var grammar = Grammar(records: true)
  var builder = TreeBuilder()
  var problems: [FormulaProblem] = []
  var edits: [Edit] = []
  /// What was closed that the text left open, by kind.
  var closed: [String] = []
  var wasCut = false

  var automatics: [Automatic] = []
  var environments = OpenEnvironments()
  /// How many `\end` and `\right` are still to come.
  var endsLeft = 0
  var rightsLeft = 0
  var lastEnd = 0
  var lastWasWord = false
  var displayNames: [Range<Int>] = []
  let table = CommandTable.shared
  let begin: CommandID?
  let end: CommandID?
  let right: CommandID?

  /// Whether commands that nobody knows are left out.
  let dropsUnknown: Bool

  init(_ bytes: [UInt8], dropsUnknown: Bool = false) {
    self.bytes = bytes
    self.dropsUnknown = dropsUnknown
    reader = TokenReader(bytes, findsClosers: true)
    begin = table.command(named: "begin")
    end = table.command(named: "end")
    right = table.command(named: "right")
    count()
    run()
  }

  /// The longest list of problems that is kept.
  private static let mostProblems = 100

  mutating func count() {
    var index = 0
    while index + 1 < bytes.count {
      guard bytes[index] == UInt8(ascii: "\\") else {
        index += 1
        continue
      }
      if matches("\\end", at: index) { endsLeft += 1 }
      if matches("\\right", at: index) { rightsLeft += 1 }
      index += 2
    }
  }

  func matches(_ word: StaticString, at index: Int) -> Bool {
    let count = word.utf8CodeUnitCount
    guard index + count <= bytes.count else { return false }
    for offset in 0..<count where bytes[index + offset] != word.utf8Start[offset] { return false }
    return index + count == bytes.count || !CommandTable.isLetter(bytes[index + count])
  }

  mutating func run() {
    while let token = reader.next() {
      tidyGap(before: token)
      handle(token)
      if wasCut { break }
      lastEnd = max(token.range.upperBound, reader.index > token.range.upperBound + 4 ? lastEnd : 0)
      lastWasWord = isWord(token)
      lastEnd = max(lastEnd, token.range.upperBound)
      if let skipped { lastEnd = max(lastEnd, skipped) }
      skipped = nil
    }
    finish()
  }

  /// Where a bracket is closed that the text does not close.
  var bracketEnd: Int?

  /// A bracket that never closes ends before the next brace: `\sqrt[3{x}`.
  mutating func closeBracket(before token: Token) {
    let position = token.range.lowerBound
    if token.lexeme == .character("["), grammar.top.kind == .command,
      grammar.slots(of: grammar.top)[Int(grammar.top.step)] == .optionalMath,
      reader.closer(of: position) == nil
    {
      bracketEnd = bytes[position...].prefix(200).firstIndex(of: UInt8(ascii: "{"))
    }
    guard let end = bracketEnd, position >= end else { return }
    bracketEnd = nil
    if grammar.top.kind == .bracket {
      closed.append("bracket")
      insert("]", at: position)
    }
  }

  /// Where reading continues after something was taken as a whole.
  var skipped: Int?

  mutating func skip(to position: Int) {
    reader.skip(to: position)
    skipped = position
  }

  func isWord(_ token: Token) -> Bool {
    token.range.count > 1 && bytes[token.range.lowerBound] == UInt8(ascii: "\\")
      && CommandTable.isLetter(bytes[token.range.upperBound - 1])
  }

  // MARK: Blanks and comments

  mutating func tidyGap(before token: Token) {
    if lastEnd < token.range.lowerBound {
      let gap = lastEnd..<token.range.lowerBound
      if bytes[gap].contains(UInt8(ascii: "%")) {
        edit(gap, lastWasWord ? " " : "")
      } else if reader.text(gap) != " " {
        edit(gap, " ")
      }
    }
    guard token.lexeme == .space else { return tidyStart(of: token) }
    if grammar.top.kind.isMathList, grammar.top.flags.contains(.prime),
      token.range.upperBound < bytes.count,
      bytes[token.range.upperBound] == UInt8(ascii: "'")
        || bytes[token.range.upperBound] == UInt8(ascii: "^")
    {
      // TeX joins a prime only with what follows it directly.
      edit(token.range, "")
    } else if reader.text(token.range) != " " {
      edit(token.range, " ")
    }
  }

  /// A bracket or a star at the start of a row would be taken for an option of `\\` or `\begin`.
  mutating func tidyStart(of token: Token) {
    if token.lexeme == .character("*"), grammar.top.kind == .command,
      grammar.isOptionalRest(grammar.top),
      grammar.slots(of: grammar.top)[Int(grammar.top.step)] != .star
    {
      // The second star of `\\**` begins the row.
      _ = grammar.take(.space)
      drain(token.range.lowerBound..<token.range.lowerBound)
    }
    guard token.lexeme == .character("[") || token.lexeme == .character("*"),
      grammar.top.kind == .cells || grammar.top.kind == .rows || grammar.top.kind == .top,
      grammar.top.flags.isDisjoint(with: .atom), lastEnd <= token.range.lowerBound
    else { return }
    var end = token.range.lowerBound
    while end > 0, Lexer.isSpace(bytes[end - 1]) { end -= 1 }
    // Behind a length nothing is taken for another one.
    let isBehindRow =
      grammar.top.flags.contains(.rowStart) && builder.isBehindRow
      && (end == 0 || bytes[end - 1] != UInt8(ascii: "]"))
    let isBehindBegin =
      token.lexeme == .character("[") && end < token.range.lowerBound && end > 0
      && bytes[end - 1] == UInt8(ascii: "}") && grammar.top.kind == .cells
      && grammar.top.flags.contains(.rowStart) && grammar.top.value == 0
      && grammar.environment(of: grammar.top).slots.last == .optionalPlace
    if isBehindRow || isBehindBegin { insert("{}", at: token.range.lowerBound) }
  }

  mutating func edit(_ range: Range<Int>, _ replacement: String) {
    Work.add(1 + replacement.utf8.count)
    edits.append(Edit(range: range, replacement: replacement))
  }

  mutating func problem(_ range: Range<Int>, _ fault: Fault) {
    guard problems.count < Self.mostProblems else { return }
    problems.append(FormulaProblem(range, fault, in: bytes))
  }

  // MARK: One lexeme

  mutating func handle(_ token: Token) {
    closeAutomatics(before: token)
    if case .command(let id) = token.lexeme {
      if id == end {
        endsLeft -= 1
        return handleEnd(token)
      }
      if id == right { rightsLeft -= 1 }
      if id == begin { return handleBegin(token) }
    }
    if handleWords(token) { return }
    closeBracket(before: token)
    if case .command(let id) = token.lexeme, table[id].name == " ",
      reader.text(token.range) != "\\ "
    {
      // A backslash before a line's end is a space like any other.
      edit(token.range, "\\ ")
    }
    let before = grammar.plain(token.lexeme)
    // Each attempt closes a frame or fills a gap: there are not more of these than frames.
    for _ in 0..<(3 * Grammar.deepest) {
      guard let fault = grammar.take(token.lexeme) else {
        drain(token.range)
        if before != token.lexeme { spell(token, before) }
        if token.lexeme == .paragraph { edit(token.range, " ") }
        return
      }
      drain(token.range)
      guard recover(token, fault) else { return }
    }
    edit(token.range, "")
  }

  mutating func drain(_ range: Range<Int>) {
    for event in grammar.takeEvents() { builder.handle(event, range: range) { "" } }
  }

  /// Writes a character as the command or the sign that it stands for.
  mutating func spell(_ token: Token, _ lexeme: Lexeme) {
    switch lexeme {
    case .command(let id):
      let next = token.range.upperBound
      let name = table[id].name
      let needsSpace =
        name.utf8.first.map(CommandTable.isLetter) == true && next < bytes.count
        && CommandTable.isLetter(bytes[next])
      edit(token.range, "\\" + name + (needsSpace ? " " : ""))
    case .character(let scalar): edit(token.range, String(Character(scalar)))
    default: edit(token.range, reader.text(token.range) == "\u{A0}" ? " " : "")
    }
  }

  /// Feeds the grammar with LaTeX that the text does not have; false where the grammar refuses it.
  @discardableResult
  mutating func feed(_ text: String, at range: Range<Int>) -> Bool {
    var words = TokenReader(Array(text.utf8))
    while let token = words.next() {
      guard grammar.take(token.lexeme) == nil else { return false }
      drain(range)
    }
    return true
  }

  @discardableResult
  mutating func insert(_ text: String, at position: Int) -> Bool {
    edit(position..<position, text)
    return feed(text, at: position..<position)
  }

  mutating func drop(_ token: Token, _ fault: Fault) -> Bool {
    problem(token.range, fault)
    edit(token.range, "")
    return false
  }

  mutating func replace(_ range: Range<Int>, _ text: String, _ fault: Fault) -> Bool {
    problem(range, fault)
    // A letter behind a command would become part of its name.
    let needsSpace =
      text.utf8.last.map(CommandTable.isLetter) == true && text.utf8.first == UInt8(ascii: "\\")
      && range.upperBound < bytes.count && CommandTable.isLetter(bytes[range.upperBound])
    let fits = acceptsText(text)
    edit(range, fits ? text + (needsSpace ? " " : "") : "")
    if fits { feed(text, at: range) }
    return false
  }

  // MARK: What closes by itself

  mutating func closeAutomatics(before token: Token) {
    while let last = automatics.last {
      if grammar.depth < last.depth {
        automatics.removeLast()
        continue
      }
      guard grammar.depth == last.depth else { return }
      if last.keepsCharacters {
        if case .character(let scalar) = token.lexeme, !scalar.isASCII,
          table.characters[scalar] == nil
        {
          return
        }
        if token.lexeme == .space { return }
      } else {
        if token.lexeme == .space { return }
        if grammar.top.kind.isMathList {
          if !grammar.top.flags.contains(.hasAtom) { return }
          switch token.lexeme {
          case .character("^"), .character("_"), .character("'"): return
          default: break
          }
        }
      }
      automatics.removeLast()
      insert(last.closer, at: lastEnd)
    }
  }

  mutating func open(_ opener: String, _ closer: String, at position: Int, keeps: Bool = false) {
    guard grammar.hasRoom(4) else {
      wasCut = true
      return
    }
    insert(opener, at: position)
    automatics.append(
      Automatic(depth: grammar.depth, closer: closer, keepsCharacters: keeps))
  }

  // MARK: The end

  mutating func finish() {
    // Blanks and comments at the end.
    if lastEnd < bytes.count, !wasCut {
      let gap = lastEnd..<bytes.count
      edit(gap, "")
    }
    if wasCut {
      edits.removeAll { $0.range.upperBound > lastEnd }
      edit(lastEnd..<bytes.count, "")
    }
    let position = wasCut ? lastEnd : bytes.count
    while let last = automatics.last {
      automatics.removeLast()
      guard grammar.depth == last.depth else { continue }
      insert(last.closer, at: lastEnd)
    }
    if !grammar.isComplete {
      problem(position..<position, .unfinished)
      for _ in 0..<(3 * Grammar.deepest) where !grammar.isComplete {
        if grammar.top.kind == .command, grammar.isOptionalRest(grammar.top) {
          _ = grammar.take(.space)
          drain(position..<position)
        } else {
          closeOne(at: position)
        }
      }
    } else if grammar.depth > 1 {
      _ = grammar.take(.space)
      drain(position..<position)
    }
    builder.finish(at: position)
  }
}
