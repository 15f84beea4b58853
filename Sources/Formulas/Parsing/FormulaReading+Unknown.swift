extension FormulaReading {
  // MARK: Commands and characters that formulas do not have

  /// Writes a character as the LaTeX that it stands for: ² as a script, ½ as a fraction, 𝑥 as x.
  mutating func composed(_ token: Token) -> Bool {
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

  mutating func composedScript(_ token: Token, _ first: Unicode.Scalar) -> Bool {
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
  func acceptsText(_ text: String) -> Bool {
    var copy = grammar
    var words = TokenReader(Array(text.utf8))
    while let token = words.next() {
      if copy.take(token.lexeme) != nil { return false }
    }
    return true
  }

  mutating func replaceWhole(_ range: Range<Int>, _ text: String) {
    let isCommand =
      text.utf8.first == UInt8(ascii: "\\") && (text.utf8.last.map(CommandTable.isLetter) ?? false)
    let needsSpace =
      isCommand && range.upperBound < bytes.count && CommandTable.isLetter(bytes[range.upperBound])
    problem(range, .unsupportedCharacter)
    edit(range, text + (needsSpace ? " " : ""))
    feed(text, at: range)
  }

  mutating func recoverUnknown(_ token: Token) -> Bool {
    // Not valid UTF-8 never comes here; half an escape at the end does.
    let name = String(reader.text(token.range).dropFirst())
    if name.isEmpty { return drop(token, .unfinished) }
    guard let letter = name.utf8.first, CommandTable.isLetter(letter) else {
      // A backslash before a character that makes no command with it: the character stays.
      let start = token.range.lowerBound
      problem(token.range, .unknownCommand)
      edit(start..<start + 1, "")
      skip(to: start + 1)
      return false
    }
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
    // Models run names together. In LaTeX that somebody wrote it may be a command of their own.
    if dropsUnknown, let known = knownBeginning(of: name) {
      problem(token.range, .unknownCommand)
      let split = token.range.lowerBound + 1 + known.utf8.count
      edit(split..<split, " ")
      skip(to: split)
      if let id = table.command(named: known) {
        handle(Token(lexeme: .command(id), range: token.range.lowerBound..<split))
      }
      return false
    }
    if dropsUnknown { return drop(token, .unknownCommand) }
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
  mutating func drainUnknown(_ name: String, _ range: Range<Int>) {
    builder.addUnknown(name, range)
    drain(range)
  }

  mutating func replaceByCommand(_ token: Token, _ text: String) -> Bool {
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
  func knownBeginning(of name: String) -> String? {
    let letters = Array(name)
    guard letters.count > 2 else { return nil }
    for count in stride(from: letters.count - 1, through: max(2, letters.count - 2), by: -1) {
      let beginning = String(letters[..<count])
      guard let id = table.command(named: beginning) else { continue }
      if table[id].roles.contains([.symbol, .mathematical]) { return beginning }
    }
    return nil
  }

  mutating func recoverCommandInText(_ token: Token) -> Bool {
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
}
