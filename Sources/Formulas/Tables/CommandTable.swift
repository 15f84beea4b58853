/// All commands that a formula may have, found by name.
package struct CommandTable: Sendable {
  package static let shared = CommandTable()

  private(set) var commands: [Command] = []
  private(set) var uses: [CommandUse] = []
  /// What the control symbols may do, all together.
  private(set) var symbolUses: CommandUse = []
  /// Control words: letters behind a backslash.
  private(set) var words = NameTree()
  /// Control symbols: one other ASCII character behind a backslash.
  private var symbols = Array(repeating: NameTree.none, count: 128)
  /// Characters that stand for a command, such as α for `\alpha`.
  private(set) var characters: [Unicode.Scalar: CommandID] = [:]
  /// The same characters, ascending.
  private(set) var sortedCharacters: [UInt32] = []

  package subscript(id: CommandID) -> Command { commands[Int(id.index)] }

  /// The command of a name without the backslash.
  package func command(named name: some StringProtocol) -> CommandID? {
    let bytes = name.utf8
    guard let first = bytes.first else { return nil }
    if !Self.isLetter(first) { return bytes.count == 1 ? symbol(first) : nil }
    return words.find(bytes).map(CommandID.init(index:))
  }

  func symbol(_ byte: UInt8) -> CommandID? {
    guard byte < 128, symbols[Int(byte)] != NameTree.none else { return nil }
    return CommandID(index: symbols[Int(byte)])
  }

  @inline(__always)
  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  private init() {
    addSymbols()
    addFunctions()
    addConstructs(ConstructData.math, .mathematical)
    addConstructs(ConstructData.text, [.mathematical, .textual])
    addSymbolCharacters()
    add(Command(name: " ", roles: [.space, .mathematical, .textual], slots: []))
    index()
    addAliases()
    addCharacters()
  }

  private mutating func add(_ command: Command) { commands.append(command) }

  private func find(_ name: String) -> Int? { commands.firstIndex { $0.name == name } }

  /// `name=value` pairs between white space.
  static func pairs(_ text: String) -> [(String, String)] {
    text.split { $0 == " " || $0 == "\n" }.map { item in
      // A name may itself be "=": the sign after the first character divides.
      let sign = item.dropFirst().firstIndex(of: "=") ?? item.endIndex
      return (String(item[..<sign]), String(item[sign...].dropFirst()))
    }
  }

  private static func names(_ text: String) -> Set<String> {
    Set(text.split { $0 == " " || $0 == "\n" }.map(String.init))
  }

  private mutating func addSymbols() {
    let classes: [(String, AtomClass)] = [
      (SymbolData.ordinary, .ordinary), (SymbolData.operators, .operators),
      (SymbolData.binary, .binary), (SymbolData.relation, .relation),
      (SymbolData.opening, .opening), (SymbolData.closing, .closing),
      (SymbolData.fences, .fence), (SymbolData.punctuation, .punctuation),
      (SymbolData.inner, .inner),
    ]
    let delimiters = Self.names(SymbolData.delimiters)
    let textual = Self.names(SymbolData.textual)
    let textOnly = Self.names(SymbolData.textOnly)
    let packages = Dictionary(
      Self.pairs(SymbolData.packages), uniquingKeysWith: { first, _ in first })
    for (data, atom) in classes {
      for (name, glyph) in Self.pairs(data) {
        var roles: CommandRole = textOnly.contains(name) ? [.symbol] : [.symbol, .mathematical]
        if delimiters.contains(name) { roles.insert(.delimiter) }
        if textual.contains(name) { roles.insert(.textual) }
        var command = Command(name: name, roles: roles, slots: [])
        command.glyph = glyph
        command.atom = atom
        command.package = packages[name]
        add(command)
      }
    }
    for name in ["(", "["] { add(Command(name: name, roles: .mathOpen, slots: [])) }
    for name in [")", "]"] { add(Command(name: name, roles: .mathClose, slots: [])) }
  }

  private mutating func addFunctions() {
    let words: [String: String] = [
      "limsup": "lim sup", "liminf": "lim inf", "injlim": "inj lim", "projlim": "proj lim",
      "varlimsup": "lim", "varliminf": "lim", "varinjlim": "lim", "varprojlim": "lim",
    ]
    var takesLimits = false
    for name in SymbolData.functions.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      if name == "|" {
        takesLimits = true
        continue
      }
      var command = Command(name: String(name), roles: [.symbol, .mathematical], slots: [])
      command.glyph = words[command.name] ?? command.name
      command.atom = .function
      command.takesLimits = takesLimits
      add(command)
    }
  }

  private mutating func addConstructs(_ data: String, _ place: CommandRole) {
    for line in data.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      var roles = Self.role(words[1])
      if words[1] == "textonly" {
        roles = words[2] == "-" ? [.symbol, .textual] : [.construct, .textual]
      } else {
        roles.formUnion(place)
      }
      let slots = words[2].utf8.compactMap(Slot.init(letter:))
      var command = Command(name: words[0], roles: roles, slots: slots)
      if words[1] == "operator" { command.atom = .operators }
      if words.count > 3 { command.package = words[3] }
      add(command)
    }
  }

  private static func role(_ word: String) -> CommandRole {
    switch word {
    case "symbol": .symbol
    case "space": .space
    case "font": .font
    case "style": .style
    case "infix": .infix
    case "left": .left
    case "right": .right
    case "middle": .middle
    case "begin": .begin
    case "end": .end
    case "newline": .newline
    case "limits": .limits
    case "rowstart": .rowStart
    case "cellstart": .cellStart
    case "rowtext": .rowText
    case "tag": .tag
    case "mark": .mark
    default: .construct
    }
  }

  private mutating func addSymbolCharacters() {
    for (name, glyph) in Self.pairs(ConstructData.textGlyphs) {
      if let index = find(name) { commands[index].glyph = glyph }
    }
    if let index = find("bmod") {
      commands[index].glyph = "mod"
      commands[index].atom = .binary
    }
  }

  private mutating func index() {
    for (number, command) in commands.enumerated() {
      guard let first = command.name.utf8.first else { continue }
      let uses = CommandUse(command)
      self.uses.append(uses)
      if Self.isLetter(first) {
        words.insert(command.name, value: UInt16(number), roles: uses.rawValue)
      } else if symbols[Int(first)] == NameTree.none {
        symbols[Int(first)] = UInt16(number)
        symbolUses.formUnion(uses)
      }
    }
  }

  private mutating func addAliases() {
    for (name, target) in Self.pairs(SymbolData.synonyms) {
      guard let alias = find(name), let index = find(target) else { continue }
      commands[alias].canonical = CommandID(index: UInt16(index))
    }
  }

  private mutating func addCharacters() {
    for (number, command) in commands.enumerated()
    where command.roles.contains([.symbol, .mathematical]) && command.package == nil
      && command.atom != .function && command.canonical == nil
    {
      let scalars = command.glyph.unicodeScalars
      guard scalars.count == 1, let scalar = scalars.first, !scalar.isASCII,
        characters[scalar] == nil
      else { continue }
      characters[scalar] = CommandID(index: UInt16(number))
    }
    let others = """
      ·=cdot •=bullet ∅=emptyset ∆=Delta ∣=mid ⟨=langle ⟩=rangle 〈=langle 〉=rangle
      ⩾=geqslant ⩽=leqslant ε=varepsilon ϕ=phi φ=varphi µ=mu Ω=Omega ⋯=cdots ≡=equiv ⊥=perp
      ⟶=longrightarrow ¬=neg ∖=setminus ℓ=ell ℏ=hbar ħ=hbar ð=eth ∼=sim ≈=approx ∥=parallel
      □=square △=triangle ⟹=Longrightarrow ⟸=Longleftarrow ⟺=Longleftrightarrow ¶=P §=S
      ⌈=lceil ⌉=rceil ⌊=lfloor ⌋=rfloor †=dagger ‡=ddagger
      """
    for (character, name) in Self.pairs(others) {
      guard let scalar = character.unicodeScalars.first, !scalar.isASCII, let index = find(name)
      else { continue }
      characters[scalar] = CommandID(index: UInt16(index))
    }
    sortedCharacters = (characters.keys.map(\.value) + Self.plain.keys.map(\.value)).sorted()
  }

  /// Characters that stand for one of ASCII, or for nothing.
  static let plain: [Unicode.Scalar: String] = [
    "−": "-", "∶": ":", "，": ",", "（": "(", "）": ")", "：": ":", "＝": "=", "＋": "+", "；": ";",
    "’": "'", "′": "'", "‘": "`", "‐": "-", "‑": "-", "–": "-", "—": "-", "＜": "<", "＞": ">",
    "［": "[", "］": "]", "｜": "|", "／": "/", "．": ".", "！": "!", "∗": "*", "∣": "|", "⁄": "/",
    "\u{A0}": " ", "\u{2009}": " ", "\u{200A}": " ", "\u{202F}": " ", "\u{2002}": " ",
    "\u{2003}": " ", "\u{2005}": " ", "\u{2006}": " ", "\u{2008}": " ", "\u{3000}": " ",
    "\u{205F}": " ", "\u{2061}": "", "\u{2062}": "", "\u{2063}": "", "\u{2064}": "",
    "\u{200B}": "", "\u{2060}": "",
  ]

  /// Whether a character that formulas know, is not ASCII and lies in `range` passes a test.
  func someCharacter(
    in range: ClosedRange<UInt32>, passes test: (Unicode.Scalar) -> Bool
  ) -> Bool {
    var low = 0
    var high = sortedCharacters.count
    while low < high {
      let middle = (low + high) / 2
      if sortedCharacters[middle] < range.lowerBound { low = middle + 1 } else { high = middle }
    }
    while low < sortedCharacters.count, sortedCharacters[low] <= range.upperBound {
      if let scalar = Unicode.Scalar(sortedCharacters[low]), test(scalar) { return true }
      low += 1
    }
    return false
  }

  static let forbidden: [String: Int] = Dictionary(
    pairs(ConstructData.forbidden).map { ($0, Int($1) ?? 0) }, uniquingKeysWith: { $1 })

  static let foreign: [String: String] = Dictionary(
    pairs(SymbolData.foreign), uniquingKeysWith: { $1 })
}
