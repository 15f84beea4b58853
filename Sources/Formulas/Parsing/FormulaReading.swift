/// Reads any text as a formula: what the grammar refuses is mended, and each mend is a change of the
/// text.
///
/// Takes time in proportion to the text. What is deeper than the grammar allows ends the reading.
struct FormulaReading {
  /// Something that was opened to mend the text and closes by itself behind the next atom.
  private struct Automatic {
    var depth: Int
    var closer: String
    /// Whether characters that formulas do not have stay inside.
    var keepsCharacters = false
  }

  /// An environment that was begun, under the name that the text gives it.
  private struct OpenEnvironment {
    var name: String
    /// Whether it was left out.
    var isDropped: Bool
  }

  let bytes: [UInt8]
  private var reader: TokenReader
  private(set) var grammar = Grammar(records: true)
  private(set) var builder = TreeBuilder()
  private(set) var problems: [FormulaProblem] = []
  private(set) var edits: [Edit] = []
  /// What was closed that the text left open, by kind.
  private(set) var closed: [String] = []
  private(set) var wasCut = false

  private var automatics: [Automatic] = []
  private var environments: [OpenEnvironment] = []
  /// How many `\end` and `\right` are still to come.
  private var endsLeft = 0
  private var rightsLeft = 0
  private var lastEnd = 0
  private var lastWasWord = false
  private var displayNames: [Range<Int>] = []
  private let table = CommandTable.shared
  private let begin: CommandID?
  private let end: CommandID?
  private let right: CommandID?

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    reader = TokenReader(bytes)
    begin = table.command(named: "begin")
    end = table.command(named: "end")
    right = table.command(named: "right")
    count()
    run()
  }

  /// The longest list of problems that is kept.
  private static let mostProblems = 100

  private mutating func count() {
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

  private func matches(_ word: StaticString, at index: Int) -> Bool {
    let count = word.utf8CodeUnitCount
    guard index + count <= bytes.count else { return false }
    for offset in 0..<count where bytes[index + offset] != word.utf8Start[offset] { return false }
    return index + count == bytes.count || !CommandTable.isLetter(bytes[index + count])
  }

  private mutating func run() {
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
  private var bracketEnd: Int?

  /// A bracket that never closes ends before the next brace: `\sqrt[3{x}`.
  private mutating func closeBracket(before token: Token) {
    let position = token.range.lowerBound
    if token.lexeme == .character("["), grammar.top.kind == .command,
      grammar.slots(of: grammar.top)[Int(grammar.top.step)] == .optionalMath,
      reader.closer(of: position, limit: 2000) == nil
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

  /// Where reading goes on after something was taken as a whole.
  private var skipped: Int?

  private mutating func skip(to position: Int) {
    reader.skip(to: position)
    skipped = position
  }

  private func isWord(_ token: Token) -> Bool {
    token.range.count > 1 && bytes[token.range.lowerBound] == UInt8(ascii: "\\")
      && CommandTable.isLetter(bytes[token.range.upperBound - 1])
  }

  // MARK: Blanks and comments

  private mutating func tidyGap(before token: Token) {
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
      // TeX joins a prime with what follows it directly, and with nothing else.
      edit(token.range, "")
    } else if reader.text(token.range) != " " {
      edit(token.range, " ")
    }
  }

  /// A bracket or a star at the start of a row would be taken for an option of `\\` or `\begin`.
  private mutating func tidyStart(of token: Token) {
    guard token.lexeme == .character("[") || token.lexeme == .character("*"),
      grammar.top.kind == .cells || grammar.top.kind == .rows || grammar.top.kind == .top,
      grammar.top.flags.isDisjoint(with: .atom), lastEnd <= token.range.lowerBound
    else { return }
    var end = token.range.lowerBound
    while end > 0, Lexer.isSpace(bytes[end - 1]) { end -= 1 }
    let isBehindRow =
      end >= 2 && end < token.range.lowerBound && bytes[end - 1] == UInt8(ascii: "\\")
      && bytes[end - 2] == UInt8(ascii: "\\") && FormulaCheck.isEscaped(end - 1, bytes)
    let isBehindBegin =
      token.lexeme == .character("[") && end < token.range.lowerBound && end > 0
      && bytes[end - 1] == UInt8(ascii: "}") && grammar.top.kind == .cells
      && grammar.top.flags.contains(.rowStart) && grammar.top.value == 0
      && grammar.environment(of: grammar.top).slots.last == .optionalPlace
    if isBehindRow || isBehindBegin { insert("{}", at: token.range.lowerBound) }
  }

  private mutating func edit(_ range: Range<Int>, _ replacement: String) {
    edits.append(Edit(range: range, replacement: replacement))
  }

  private mutating func problem(_ range: Range<Int>, _ fault: Fault) {
    guard problems.count < Self.mostProblems else { return }
    problems.append(FormulaProblem(range, fault, in: bytes))
  }

  // MARK: One lexeme

  private mutating func handle(_ token: Token) {
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
    let before = grammar.plain(token.lexeme)
    // Each attempt closes a frame or fills a gap: there are not more of these than frames.
    for _ in 0..<(3 * Grammar.deepest) {
      guard let fault = grammar.take(token.lexeme) else {
        drain(token.range)
        if before != token.lexeme { spell(token, before) }
        return
      }
      drain(token.range)
      guard recover(token, fault) else { return }
    }
    edit(token.range, "")
  }

  private mutating func drain(_ range: Range<Int>) {
    for event in grammar.takeEvents() { builder.handle(event, range: range) { "" } }
  }

  /// Writes a character as the command or the sign that it stands for.
  private mutating func spell(_ token: Token, _ lexeme: Lexeme) {
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
  private mutating func feed(_ text: String, at range: Range<Int>) -> Bool {
    var words = TokenReader(Array(text.utf8))
    while let token = words.next() {
      guard grammar.take(token.lexeme) == nil else { return false }
      drain(range)
    }
    return true
  }

  @discardableResult
  private mutating func insert(_ text: String, at position: Int) -> Bool {
    edit(position..<position, text)
    return feed(text, at: position..<position)
  }

  private mutating func drop(_ token: Token, _ fault: Fault) -> Bool {
    problem(token.range, fault)
    edit(token.range, "")
    return false
  }

  private mutating func replace(_ range: Range<Int>, _ text: String, _ fault: Fault) -> Bool {
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

  private mutating func closeAutomatics(before token: Token) {
    while let last = automatics.last {
      if grammar.depth < last.depth {
        automatics.removeLast()
        continue
      }
      guard grammar.depth == last.depth else { return }
      if last.keepsCharacters {
        if case .character(let scalar) = token.lexeme, !scalar.isASCII { return }
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

  private mutating func open(_ opener: String, _ closer: String, at position: Int, keeps: Bool = false) {
    guard grammar.hasRoom(4) else {
      wasCut = true
      return
    }
    insert(opener, at: position)
    automatics.append(
      Automatic(depth: grammar.depth, closer: closer, keepsCharacters: keeps))
  }

  // MARK: Environments

  private mutating func handleBegin(_ token: Token) {
    guard let (name, end) = reader.environmentName(from: token.range.upperBound) else {
      _ = drop(token, .missingBrace)
      return
    }
    let whole = token.range.lowerBound..<end
    skip(to: end)
    // Where no list is open that it could stand in, one is made.
    for _ in 0..<8 {
      if grammar.allowedUses().contains(.begin) { break }
      prepareList(at: token.range.lowerBound, whole)
      if wasCut { return }
    }
    guard grammar.hasRoom(5) else {
      problem(whole, .tooDeep)
      wasCut = true
      return
    }
    guard let known = Self.known(name) else {
      problem(whole, .unknownEnvironment)
      edit(whole, "")
      environments.append(OpenEnvironment(name: name, isDropped: true))
      return
    }
    let table = EnvironmentTable.shared
    var target: String? = known
    if let id = table.index(of: known), table[id].isOuter {
      let isStart = grammar.depth == 1 && !grammar.top.flags.contains(.hasContent)
      if table[id].kind == .wrapper {
        target = nil
      } else if !isStart {
        problem(whole, .misplacedEnvironment)
        target = table[id].innerName
      }
    }
    guard let target else {
      edit(whole, "")
      environments.append(OpenEnvironment(name: name, isDropped: true))
      return
    }
    environments.append(OpenEnvironment(name: name, isDropped: false))
    if target != name { problem(whole, known == name ? .misplacedEnvironment : .unknownEnvironment) }
    let text = "\\begin{\(target)}"
    if reader.text(whole) != text { edit(whole, text) }
    if grammar.depth == 1 { displayNames = [whole] }
    feed(text, at: whole)
  }

  /// Other names of environments.
  private static func known(_ name: String) -> String? {
    let table = EnvironmentTable.shared
    if table.index(of: name) != nil { return name }
    let others = [
      "tabular": "array", "tabular*": "array", "darray": "array", "subequations": "equation",
      "eqnarray**": "eqnarray*", "alignedat*": "alignedat", "gathered*": "gathered",
      "aligned*": "aligned", "split*": "split", "array*": "array", "smallmatrix*": "smallmatrix",
      "mathletters": "equation", "dmath": "equation", "dmath*": "equation", "cases*": "cases",
      "dcases*": "cases", "numcases": "cases", "xxalignat": "alignat", "IEEEeqnarray": "align",
      "IEEEeqnarray*": "align*", "alignedat**": "alignedat", "multlined*": "multlined",
      "displaymath*": "displaymath", "matrix**": "matrix", "pmatrix**": "pmatrix",
      "bmatrix**": "bmatrix", "tabularx": "array", "math*": "math",
    ]
    return others[name]
  }

  /// Brings the grammar nearer to a list that `\begin` or `\left` may stand in.
  private mutating func prepareList(at position: Int, _ range: Range<Int>) {
    let frame = grammar.top
    switch frame.kind {
    case .script, .bracket: open("{", "}", at: position)
    case .command:
      if grammar.isOptionalRest(frame) {
        // Any lexeme lets it go.
        _ = grammar.take(.space)
        drain(position..<position)
      } else if grammar.allowedUses().contains(.argument) {
        open("{", "}", at: position)
      } else {
        problem(range, .missingArgument)
        insert(grammar.closing, at: position)
      }
    case .text: open("$", "$", at: position)
    case .top where frame.flags.contains(.sealed): unseal()
    default:
      problem(range, .missingDelimiter)
      insert(grammar.closing, at: position)
    }
  }

  private mutating func handleEnd(_ token: Token) {
    guard let (name, end) = reader.environmentName(from: token.range.upperBound) else {
      if environments.isEmpty || environments.last?.isDropped == true {
        _ = drop(token, .unexpectedCloser)
      } else {
        problem(token.range, .missingBrace)
        closeEnvironment(at: token.range.lowerBound, replacing: token.range)
      }
      return
    }
    let whole = token.range.lowerBound..<end
    skip(to: end)
    if let index = environments.lastIndex(where: { $0.name == name }) {
      while environments.count > index + 1 {
        let inner = environments[environments.count - 1]
        if inner.isDropped {
          environments.removeLast()
        } else {
          problem(whole, .wrongEnd)
          closed.append("environment")
          closeEnvironment(at: whole.lowerBound, replacing: whole.lowerBound..<whole.lowerBound)
        }
      }
      if environments[index].isDropped {
        environments.removeLast()
        edit(whole, "")
      } else {
        closeEnvironment(at: whole.lowerBound, replacing: whole)
      }
      return
    }
    problem(whole, .wrongEnd)
    // An end that fits nothing closes the innermost one, unless that has its own end still to come.
    let open = environments.count { !$0.isDropped }
    if open > endsLeft, EnvironmentTable.shared.index(of: name) == nil || open > 0 {
      while environments.last?.isDropped == true { environments.removeLast() }
      closeEnvironment(at: whole.lowerBound, replacing: whole)
    } else {
      edit(whole, "")
    }
  }

  /// Closes what is open down to the innermost environment, and that environment.
  private mutating func closeEnvironment(at position: Int, replacing range: Range<Int>) {
    closeFrames(downTo: { $0.kind == .cells }, at: position)
    guard grammar.top.kind == .cells else {
      edit(range, "")
      return
    }
    environments.removeLast()
    let text = "\\end{\(grammar.environment(of: grammar.top).name)}"
    if reader.text(range) != text { edit(range, text) }
    if grammar.depth == 2 { displayNames.append(range) }
    feed(text, at: range)
  }

  /// Something follows a displayed environment: it becomes one that stands inside.
  private mutating func unseal() {
    guard let last = builder.root.last, case .environment(let id, _, _) = last.kind,
      displayNames.count == 2
    else {
      grammar.unseal()
      return
    }
    let inner = EnvironmentTable.shared[id].innerName
    for (range, word) in zip(displayNames, ["begin", "end"]) {
      edits.removeAll { $0.range == range && !range.isEmpty }
      edit(range, inner.map { "\\\(word){\($0)}" } ?? "")
    }
    builder.unseal(as: inner.flatMap { EnvironmentTable.shared.index(of: $0) })
    grammar.unseal()
  }

  private mutating func closeFrames(downTo isTarget: (Frame) -> Bool, at position: Int) {
    for _ in 0..<(3 * Grammar.deepest) {
      let frame = grammar.top
      if grammar.depth == 1 { return }
      if isTarget(frame), frame.kind != .fenced || frame.step == 1 { return }
      if frame.kind == .command, grammar.isOptionalRest(frame) {
        _ = grammar.take(.space)
        drain(position..<position)
        continue
      }
      closeOne(at: position)
    }
  }

  /// Closes the innermost frame, or gives it what it waits for.
  private mutating func closeOne(at position: Int) {
    let frame = grammar.top
    switch frame.kind {
    case .group, .text, .rows: closed.append("group")
    case .fenced: closed.append("\\left")
    case .bracket: closed.append("bracket")
    case .cells:
      closed.append("environment")
      if let index = environments.lastIndex(where: { !$0.isDropped }) { environments.remove(at: index) }
    default: break
    }
    if automatics.last?.depth == grammar.depth { automatics.removeLast() }
    insert(grammar.closing, at: position)
  }

  // MARK: Lengths, numbers and other plain words

  /// Takes an argument of plain words as a whole; false where none is awaited or it is as it should be.
  private mutating func handleWords(_ token: Token) -> Bool {
    guard case .character(let scalar) = token.lexeme, scalar == "{" || scalar == "[",
      let slot = awaitedWords(scalar)
    else { return false }
    let start = token.range.lowerBound
    let closer = reader.closer(of: start, limit: scalar == "{" ? 400 : 60)
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

  private func awaitedWords(_ opener: Unicode.Scalar) -> Slot? {
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

  private func accepts(_ range: Range<Int>) -> Bool {
    var copy = grammar
    var words = TokenReader(Array(bytes[range]))
    let depth = copy.depth
    while let token = words.next() {
      if copy.take(token.lexeme) != nil { return false }
    }
    return copy.depth <= depth && words.index == range.count
  }

  private static func fault(of slot: Slot) -> Fault {
    switch slot {
    case .columns: .badColumns
    case .number, .style: .badNumber
    case .raw: .badWords
    case .bracedDelimiter: .missingDelimiter
    default: .badLength
    }
  }

  /// The nearest argument that is allowed.
  private static func mended(_ content: String, _ slot: Slot) -> String {
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

  // MARK: Mends

  /// Mends what the grammar refused; true to try the lexeme again.
  private mutating func recover(_ token: Token, _ fault: Fault) -> Bool {
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

  /// Writes a character as the LaTeX that it stands for: ² as a script, ½ as a fraction, 𝑥 as x.
  private mutating func composed(_ token: Token) -> Bool {
    guard case .character(let scalar) = token.lexeme else { return false }
    if CharacterData.superscripts[scalar] != nil || CharacterData.subscripts[scalar] != nil {
      return composedScript(token, scalar)
    }
    var text = CharacterData.composed[scalar]
    if let greek = CharacterData.greekLetter(scalar), let id = table.characters[greek] {
      text = "\\" + table[id].name
    } else if let (command, letter) = CharacterData.plainLetter(scalar) {
      text = command.map { "\\\($0){\(letter)}" } ?? String(Character(letter))
    }
    guard let text, acceptsText(text) else { return false }
    replaceWhole(token.range, text)
    return true
  }

  private mutating func composedScript(_ token: Token, _ first: Unicode.Scalar) -> Bool {
    let isAbove = CharacterData.superscripts[first] != nil
    let map = isAbove ? CharacterData.superscripts : CharacterData.subscripts
    var content = ""
    var end = token.range.lowerBound
    for scalar in reader.text(end..<min(bytes.count, end + 120)).unicodeScalars {
      guard let sign = map[scalar] else { break }
      content += sign
      end += UTF8.width(scalar)
    }
    let sign = isAbove ? "^" : "_"
    let range = token.range.lowerBound..<end
    for text in ["\(sign){\(content)}", "{}\(sign){\(content)}"] where acceptsText(text) {
      replaceWhole(range, text)
      skip(to: end)
      return true
    }
    return false
  }

  /// Whether the grammar takes a text here.
  private func acceptsText(_ text: String) -> Bool {
    var copy = grammar
    var words = TokenReader(Array(text.utf8))
    while let token = words.next() {
      if copy.take(token.lexeme) != nil { return false }
    }
    return true
  }

  private mutating func replaceWhole(_ range: Range<Int>, _ text: String) {
    let isCommand =
      text.utf8.first == UInt8(ascii: "\\") && (text.utf8.last.map(CommandTable.isLetter) ?? false)
    let needsSpace =
      isCommand && range.upperBound < bytes.count && CommandTable.isLetter(bytes[range.upperBound])
    problem(range, .unsupportedCharacter)
    edit(range, text + (needsSpace ? " " : ""))
    feed(text, at: range)
  }

  /// Gives a command what it waits for, since something else came.
  private mutating func fill(_ token: Token, _ fault: Fault) -> Bool {
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

  private mutating func fillDelimiter(_ token: Token, _ fault: Fault) -> Bool {
    switch token.lexeme {
    case .character("{"): return replace(token.range, "\\{", fault)
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

  private static func isBrace(_ node: Node?) -> Bool {
    guard case .command(let id)? = node?.kind else { return false }
    return CommandTable.shared[id].name == "{"
  }

  private mutating func recoverUnknown(_ token: Token) -> Bool {
    // Not valid UTF-8 never comes here; half an escape at the end does.
    let name = String(reader.text(token.range).dropFirst())
    if name.isEmpty { return drop(token, .unfinished) }
    if let arguments = CommandTable.forbidden[name] {
      let end = reader.end(ofGroups: name == "href" ? 1 : arguments, from: token.range.upperBound)
      problem(token.range.lowerBound..<end, .forbiddenCommand)
      edit(token.range.lowerBound..<end, "")
      skip(to: end)
      return false
    }
    if let other = CommandTable.foreign[name] {
      if grammar.top.kind == .text { return recoverCommandInText(token) }
      return replaceByCommand(token, other)
    }
    if let known = knownBeginning(of: name) {
      problem(token.range, .unknownCommand)
      let split = token.range.lowerBound + 1 + known.utf8.count
      edit(split..<split, " ")
      skip(to: split)
      if let id = table.command(named: known) {
        handle(Token(lexeme: .command(id), range: token.range.lowerBound..<split))
      }
      return false
    }
    problem(token.range, .unknownCommand)
    if grammar.top.kind == .text {
      open("$", "$", at: token.range.lowerBound)
      if wasCut { return false }
    }
    if grammar.top.kind == .command, grammar.isOptionalRest(grammar.top) {
      _ = grammar.take(.space)
      drain(token.range)
    }
    if grammar.takeUnknownAtom() {
      drainUnknown(name, token.range)
    } else if grammar.top.kind == .fenced {
      insert(".", at: token.range.lowerBound)
      if grammar.takeUnknownAtom() { drainUnknown(name, token.range) }
    } else {
      edit(token.range, "")
    }
    return false
  }

  /// Events of an unknown atom: the atom comes before what it completes.
  private mutating func drainUnknown(_ name: String, _ range: Range<Int>) {
    builder.addUnknown(name, range)
    drain(range)
  }

  private mutating func replaceByCommand(_ token: Token, _ text: String) -> Bool {
    problem(token.range, .unknownCommand)
    let next = token.range.upperBound
    let needsSpace =
      text.utf8.last.map(CommandTable.isLetter) == true && next < bytes.count
      && CommandTable.isLetter(bytes[next])
    // Where it is awaited as one symbol, it needs braces.
    for text in [text + (needsSpace ? " " : ""), "{\(text)}"] where acceptsText(text) {
      edit(token.range, text)
      feed(text, at: token.range)
      return false
    }
    edit(token.range, "")
    return false
  }

  /// `\inR` and `\cdotx`: a command whose name runs into the next letters.
  private func knownBeginning(of name: String) -> String? {
    let letters = Array(name)
    guard letters.count > 2 else { return nil }
    for count in stride(from: letters.count - 1, through: max(2, letters.count - 2), by: -1) {
      let beginning = String(letters[..<count])
      guard let id = table.command(named: beginning) else { continue }
      if table[id].roles.contains([.symbol, .mathematical]) { return beginning }
    }
    return nil
  }

  private mutating func recoverCommandInText(_ token: Token) -> Bool {
    let uses: CommandUse
    if case .command(let id) = token.lexeme {
      uses = table.uses[Int(id.index)]
    } else {
      uses = .mathSymbol
    }
    let fits: CommandUse = [
      .mathSymbol, .mathConstruct, .mathSpace, .mathSpaceWithSlots, .left, .mathFont,
    ]
    guard !uses.isDisjoint(with: fits) else { return drop(token, .commandInText) }
    problem(token.range, .commandInText)
    open("$", "$", at: token.range.lowerBound)
    return !wasCut
  }

  private mutating func recoverMisplaced(_ token: Token, _ fault: Fault) -> Bool {
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

  private mutating func recoverCloser(_ token: Token, _ fault: Fault) -> Bool {
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
  private mutating func dropDot(behind token: Token) {
    let next = reader.skippingSpaces(from: token.range.upperBound)
    if next < bytes.count, bytes[next] == UInt8(ascii: ".") {
      edit(next..<next + 1, "")
      skip(to: next + 1)
    }
  }

  private mutating func recoverRows(_ token: Token, _ fault: Fault) -> Bool {
    let isAlignment = token.lexeme == .character("&")
    let position = token.range.lowerBound
    let frame = grammar.top
    if frame.kind == .cells { return drop(token, fault) }
    let level = grammar.stack.lastIndex { $0.kind == .cells || $0.kind == .text }
    let isInCells = level.map { grammar.stack[$0].kind == .cells } ?? false
    let isClosedLater =
      switch frame.kind {
      case .group, .inlineMath: reader.closer(of: builder.items[builder.top].start, limit: 20_000) != nil
      case .fenced: rightsLeft >= grammar.stack.count { $0.kind == .fenced }
      default: true
      }
    problem(token.range, fault)
    if isInCells, !isClosedLater || frame.kind == .bracket {
      closeOne(at: position)
      return true
    }
    builder.markRows(hasAlignment: isAlignment)
    return false
  }

  // MARK: The end

  private mutating func finish() {
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
