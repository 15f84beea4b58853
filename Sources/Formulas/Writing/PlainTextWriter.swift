/// Writes a tree as plain text of Unicode: what a person would type in a mail.
struct PlainTextWriter {
  private let table = CommandTable.shared

  static func write(_ nodes: [Node]) -> String {
    let text = PlainTextWriter().list(nodes, .normal)
    return String(String.UnicodeScalarView(text.unicodeScalars.filter { !Grammar.isControl($0) }))
      .split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
  }

  private func list(_ nodes: [Node], _ alphabet: MathAlphabet) -> String {
    var alphabet = alphabet
    var text = ""
    var index = -1
    while index + 1 < nodes.count {
      index += 1
      let node = nodes[index]
      if index + 1 < nodes.count, let piece = sideset(node, before: nodes[index + 1], alphabet) {
        index += 1
        text += piece
        continue
      }
      if case .command(let id) = node.kind, table[id].roles.contains(.font) {
        alphabet = MathAlphabet(command: table[id].name) ?? alphabet
        continue
      }
      var piece = write(node, alphabet)
      if spaced(node, after: index > 0 ? nodes[index - 1] : nil) { piece = " " + piece + " " }
      text += piece
    }
    return text
  }

  /// `\sideset{_a^b}{_c^d}\sum_e^f`: what is left of the operator before it, what is right behind it.
  private func sideset(_ node: Node, before next: Node, _ alphabet: MathAlphabet) -> String? {
    guard case .construct(let id, let arguments) = node.kind, table[id].name == "sideset",
      arguments.count == 2
    else { return nil }
    let left = list(arguments[0].nodes, alphabet)
    let right = list(arguments[1].nodes, alphabet)
    guard case .scripts(let base?, let sub, let sup, let primes) = next.kind else {
      return left + write(next, alphabet) + right
    }
    let limits = Node(
      kind: .scripts(base: nil, sub: sub, sup: sup, primes: primes), range: next.range)
    return left + write(base, alphabet) + right + write(limits, alphabet)
  }

  /// Whether spaces stand around a sign.
  private func spaced(_ node: Node, after previous: Node?) -> Bool {
    switch node.kind {
    case .character("="), .character("<"), .character(">"): return true
    case .character("+"), .character("-"):
      guard let previous else { return false }
      return !isSign(previous)
    case .command(let id):
      let command = table[id]
      return command.atom == .binary || command.atom == .relation || command.atom == .function
    case .construct(let id, _):
      return table[id].name == "not" || Glyphs.arrows[table[id].name] != nil
    case .scripts(let base?, _, _, _): return spaced(base, after: previous) && !isSign(base)
    default: return false
    }
  }

  private func isSign(_ node: Node) -> Bool {
    switch node.kind {
    case .character(let scalar): return "=<>+-(,[".unicodeScalars.contains(scalar)
    case .command(let id):
      return [.binary, .relation, .opening].contains(table[id].atom)
    default: return false
    }
  }

  private func write(_ node: Node, _ alphabet: MathAlphabet) -> String {
    switch node.kind {
    case .character("-"): return "−"
    case .character("~"): return " "
    case .character("'"): return "′"
    case .character(","): return ", "
    case .character(let scalar): return String(Character(letter(scalar, alphabet)))
    case .command(let id):
      let command = table[id]
      if command.roles.contains(.space) {
        return (Glyphs.spaces[command.name] ?? 0) > 0.2 ? " " : ""
      }
      guard command.roles.contains(.symbol) else { return "" }
      if let words = Self.limits[command.name] { return words }
      let scalars = command.glyph.unicodeScalars
      if command.atom == .ordinary, scalars.count == 1, let scalar = scalars.first {
        return String(Character(letter(scalar, alphabet)))
      }
      return command.glyph
    case .unknown(let name): return "\\" + name + " "
    case .construct(let id, let arguments): return construct(table[id], arguments, alphabet)
    case .group(let nodes), .formula(let nodes): return list(nodes, alphabet)
    case .scripts(let base, let sub, let sup, let primes):
      var text = base.map { write($0, alphabet) } ?? ""
      if let sub { text += script(sub, "_", Self.subscripts, alphabet) }
      if primes > 0 { text += String(repeating: "′", count: min(primes, 100)) }
      if let sup { text += script(sup, "^", Self.superscripts, alphabet) }
      return text
    case .limited(let base, _): return write(base, alphabet)
    case .fenced(let left, let nodes, let right):
      return Glyphs.delimiter(left) + list(nodes, alphabet) + Glyphs.delimiter(right)
    case .middle(let delimiter): return " " + Glyphs.delimiter(delimiter) + " "
    case .environment(let id, _, let rows):
      let environment = EnvironmentTable.shared[id]
      let (left, right) = environment.fences
      if environment.kind != .grid {
        return rows.map { row in row.cells.map { list($0, alphabet) }.joined() }.joined(
          separator: "; ")
      }
      let content = rows.map { row in
        row.cells.map { list($0, alphabet).trimmed }.joined(
          separator: environment.name.hasSuffix("cases") ? "  " : ", ")
      }.joined(separator: "; ")
      return left.isEmpty && right.isEmpty ? "[" + content + "]" : left + content + right
    case .space: return " "
    case .newline: return "; "
    case .alignment: return ""
    }
  }

  private func letter(_ scalar: Unicode.Scalar, _ alphabet: MathAlphabet) -> Unicode.Scalar {
    switch alphabet {
    case .doubleStruck, .script, .fraktur, .bold, .boldItalic, .boldScript, .sans, .monospace:
      alphabet.character(scalar) ?? scalar
    default: scalar
    }
  }

  /// A script in small characters where Unicode has them all, in brackets otherwise.
  private func script(
    _ nodes: [Node], _ sign: String, _ small: [Character: Character], _ alphabet: MathAlphabet
  ) -> String {
    // Written once: a script may hold others, as deep as a tree is.
    Self.script(list(nodes, alphabet).trimmed, sign, small)
  }

  private static func script(
    _ full: String, _ sign: String, _ small: [Character: Character]
  ) -> String {
    let text = full.filter { $0 != " " }
    if text == "∘", sign == "^" { return "°" }
    if !text.isEmpty, text.allSatisfy({ small[$0] != nil }) {
      return String(text.compactMap { small[$0] })
    }
    return full.count == 1 ? sign + full : sign + "(" + full + ")"
  }

  private func construct(
    _ command: Command, _ arguments: [Argument], _ alphabet: MathAlphabet
  ) -> String {
    func argument(_ index: Int) -> String {
      index < arguments.count ? list(arguments[index].nodes, alphabet).trimmed : ""
    }
    func factor(_ index: Int) -> String {
      let text = argument(index)
      return Self.isSimple(text) ? text : "(" + text + ")"
    }
    if let (_, combining, _) = Glyphs.accents[command.name] {
      let text = argument(arguments.count - 1)
      return text.count == 1 && !combining.isEmpty ? text + combining : text
    }
    if let (_, combining) = Glyphs.underAccents[command.name] {
      let text = argument(arguments.count - 1)
      return text.count == 1 && !combining.isEmpty ? text + combining : text
    }
    if let arrow = Glyphs.arrows[command.name] {
      let above = argument(1)
      let text = above.isEmpty ? arrow : "—" + above + arrow
      guard case .math(let below) = arguments[0], !below.isEmpty else { return text }
      return text + script(below, "_", Self.subscripts, alphabet)
    }
    if Glyphs.sizes[command.name] != nil, case .delimiter(let node)? = arguments.last {
      return Glyphs.delimiter(node)
    }
    if command.roles.contains(.space) { return " " }
    switch command.name {
    case "frac", "dfrac", "tfrac": return factor(0) + "/" + factor(1)
    case "cfrac": return factor(1) + "/" + factor(2)
    case "binom", "dbinom", "tbinom": return "C(" + argument(0) + ", " + argument(1) + ")"
    case "genfrac":
      func delimiter(_ argument: Argument) -> String {
        if case .delimiter(let node) = argument { Glyphs.delimiter(node) } else { "" }
      }
      guard arguments.count == 6 else { return "" }
      return delimiter(arguments[0]) + factor(4) + "/" + factor(5) + delimiter(arguments[1])
    case "sqrt", "root":
      let signs: [String: String] = ["": "√", "2": "√", "3": "∛", "4": "∜"]
      // Written once, as scripts are.
      let index = argument(0)
      return (signs[index] ?? Self.script(index, "^", Self.superscripts) + "√") + factor(1)
    case "overset", "stackrel": return argument(1) + "^(" + argument(0) + ")"
    case "overunderset": return argument(2) + "^(" + argument(0) + ")_(" + argument(1) + ")"
    case "underset": return argument(1) + "_(" + argument(0) + ")"
    case "substack":
      guard case .rows(let rows)? = arguments.first else { return "" }
      return rows.map { $0.cells.map { list($0, alphabet) }.joined() }.joined(separator: ", ")
    case "not":
      let text = argument(0)
      return Glyphs.negated[text] ?? text + "\u{0338}"
    case "prescript":
      return script(arguments[0].nodes, "^", Self.superscripts, alphabet)
        + script(arguments[1].nodes, "_", Self.subscripts, alphabet) + argument(2)
    case "pmod": return " (mod " + argument(0) + ")"
    case "pod": return " (" + argument(0) + ")"
    case "mod": return " mod " + argument(0)
    case "operatorname": return " " + argument(1) + " "
    case "phantom", "hphantom", "vphantom", "label", "cline", "rule", "color": return ""
    case "tag":
      return arguments.first == .raw("*") ? "  " + argument(1) : "  (" + argument(1) + ")"
    case "hdotsfor": return "…"
    case "textcolor", "multicolumn": return argument(2)
    case "cancel", "bcancel", "xcancel": return Self.struck(argument(0))
    case "cancelto": return Self.struck(argument(1)) + "→" + factor(0)
    case "smash", "raisebox": return argument(1)
    default: break
    }
    if command.slots == [.math], let inner = MathAlphabet(command: command.name) {
      return list(arguments[0].nodes, inner.inside(alphabet))
    }
    if let last = arguments.last, case .text(let nodes) = last {
      let text = nodes.map { Glyphs.text($0) ?? write($0, .normal) }.joined()
      if !command.roles.contains(.mathematical) {
        return Glyphs.accented(command.name, text) ?? text
      }
      return text
    }
    return arguments.map { list($0.nodes, alphabet) }.joined()
  }

  /// Each character with a stroke through it.
  private static func struck(_ text: String) -> String {
    String(text.flatMap { $0 == " " ? [$0] : Array("\($0)\u{0338}") })
  }

  private static func isSimple(_ text: String) -> Bool {
    text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "." || $0 == "′" || small.contains($0) }
      && (text.count <= 1 || text.allSatisfy(\.isNumber)
        || text.dropFirst().allSatisfy { small.contains($0) || $0 == "′" })
  }

  /// What amsmath draws as a word with a line or an arrow.
  private static let limits = [
    "varlimsup": "lim sup", "varliminf": "lim inf", "varinjlim": "inj lim",
    "varprojlim": "proj lim",
  ]

  private static let small: Set<Character> = Set(subscripts.values).union(superscripts.values)

  private static let superscripts: [Character: Character] = [
    "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸",
    "9": "⁹", "+": "⁺", "−": "⁻", "=": "⁼", "(": "⁽", ")": "⁾", "n": "ⁿ", "i": "ⁱ", "a": "ᵃ",
    "b": "ᵇ", "c": "ᶜ", "d": "ᵈ", "e": "ᵉ", "f": "ᶠ", "g": "ᵍ", "h": "ʰ", "j": "ʲ", "k": "ᵏ",
    "l": "ˡ", "m": "ᵐ", "o": "ᵒ", "p": "ᵖ", "r": "ʳ", "s": "ˢ", "t": "ᵗ", "u": "ᵘ", "v": "ᵛ",
    "w": "ʷ", "x": "ˣ", "y": "ʸ", "z": "ᶻ", "T": "ᵀ",
  ]

  private static let subscripts: [Character: Character] = [
    "0": "₀", "1": "₁", "2": "₂", "3": "₃", "4": "₄", "5": "₅", "6": "₆", "7": "₇", "8": "₈",
    "9": "₉", "+": "₊", "−": "₋", "=": "₌", "(": "₍", ")": "₎", "a": "ₐ", "e": "ₑ", "h": "ₕ",
    "i": "ᵢ", "j": "ⱼ", "k": "ₖ", "l": "ₗ", "m": "ₘ", "n": "ₙ", "o": "ₒ", "p": "ₚ", "r": "ᵣ",
    "s": "ₛ", "t": "ₜ", "u": "ᵤ", "v": "ᵥ", "x": "ₓ",
  ]
}

extension String {
  /// Without blanks at its ends.
  fileprivate var trimmed: String {
    var text = Substring(self)
    while text.first == " " { text = text.dropFirst() }
    while text.last == " " { text = text.dropLast() }
    return String(text)
  }
}
