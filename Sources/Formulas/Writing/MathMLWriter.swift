/// Writes a tree as presentation MathML of the Core, which browsers and word processors read.
///
/// Letters of special alphabets are characters of Unicode, since the Core has no alphabets but one.
struct MathMLWriter {
  struct Style {
    var alphabet = MathAlphabet.normal
    var isDisplay: Bool
  }

  let table = CommandTable.shared

  /// A whole `math` element.
  static func write(_ nodes: [Node], latex: String, display: Bool) -> String {
    let writer = MathMLWriter()
    let content = writer.list(nodes, Style(isDisplay: display))
    let row = XML.element("mrow", content.map(\.text).joined())
    let annotation = XML.element(
      "annotation", "encoding=\"application/x-tex\"", XML.escaped(latex))
    return XML.element(
      "math",
      "xmlns=\"http://www.w3.org/1998/Math/MathML\" display=\"\(display ? "block" : "inline")\"",
      XML.element("semantics", row + annotation))
  }

  // MARK: Lists

  func row(_ nodes: [Node], _ style: Style) -> String { XML.row(list(nodes, style)) }

  func list(_ nodes: [Node], _ style: Style) -> [XML] {
    var style = style
    var result: [XML] = []
    var index = 0
    while index < nodes.count {
      let node = nodes[index]
      if let end = numberEnd(nodes, index) {
        result.append(number(nodes[index..<end], style))
        index = end
        continue
      }
      index += 1
      if let rest = switched(node, nodes[index...], &style) {
        result.append(rest)
        return result
      }
      if case .construct(let id, let arguments) = node.kind, table[id].name == "sideset",
        index < nodes.count, let part = sideset(arguments, before: nodes[index], style)
      {
        result.append(part)
        index += 1
        continue
      }
      let part = write(node, style)
      guard part.kind != .empty else { continue }
      result.append(part)
      if isFunction(node), index < nodes.count, followsFunction(nodes[index]) {
        result.append(XML(text: "<mo>&#x2061;</mo>", kind: .operators))
      }
    }
    return result
  }

  /// Where a run of digits ends that begins at `start`, with a point inside; nil where none begins.
  private func numberEnd(_ nodes: [Node], _ start: Int) -> Int? {
    var end = start
    var hasDigit = false
    while end < nodes.count, case .character(let scalar) = nodes[end].kind {
      if ("0"..."9").contains(scalar) {
        hasDigit = true
      } else if scalar == ".", end + 1 < nodes.count,
        case .character(let next) = nodes[end + 1].kind,
        ("0"..."9").contains(next), hasDigit || end == start
      {
      } else {
        break
      }
      end += 1
    }
    guard hasDigit else { return nil }
    return end
  }

  private func number(_ nodes: ArraySlice<Node>, _ style: Style) -> XML {
    let text = nodes.map { node -> String in
      guard case .character(let scalar) = node.kind else { return "" }
      return String(Character(style.alphabet.character(scalar) ?? scalar))
    }
    return XML(text: XML.element("mn", text.joined()), kind: .number)
  }

  /// A font, a style or a colour, which holds for the rest of the list; the rest as one element where
  /// one is needed.
  private func switched(_ node: Node, _ rest: ArraySlice<Node>, _ style: inout Style) -> XML? {
    let id: CommandID
    var arguments: [Argument] = []
    switch node.kind {
    case .command(let command): id = command
    case .construct(let command, let all): (id, arguments) = (command, all)
    default: return nil
    }
    let command = table[id]
    let levels = ["displaystyle": 0, "textstyle": 0, "scriptstyle": 1, "scriptscriptstyle": 2]
    if let level = levels[command.name] {
      let isDisplay = command.name == "displaystyle"
      var inner = style
      inner.isDisplay = isDisplay
      let content = list(Array(rest), inner).map(\.text).joined()
      return XML(
        text: XML.element(
          "mstyle", "displaystyle=\"\(isDisplay)\" scriptlevel=\"\(level)\"", content))
    }
    guard command.roles.contains(.font) else { return nil }
    if command.name == "color" {
      guard arguments.count == 2, let color = Glyphs.color(model: arguments[0], arguments[1]) else {
        return nil
      }
      let content = list(Array(rest), style).map(\.text).joined()
      return XML(text: XML.element("mstyle", "mathcolor=\"\(color)\"", content))
    }
    if let alphabet = MathAlphabet(command: command.name) { style.alphabet = alphabet }
    return nil
  }

  private func isFunction(_ node: Node) -> Bool {
    switch node.kind {
    case .command(let id): table[id].atom == .function
    case .construct(let id, _): table[id].name == "operatorname"
    case .scripts(let base?, _, _, _): isFunction(base)
    case .limited(let base, _): isFunction(base)
    default: false
    }
  }

  private func followsFunction(_ node: Node) -> Bool {
    switch node.kind {
    case .character(let scalar): scalar.properties.isAlphabetic || scalar == "("
    case .command(let id): table[id].atom == .ordinary && table[id].roles.contains(.symbol)
    case .group, .fenced, .construct: true
    case .scripts(let base?, _, _, _): followsFunction(base)
    default: false
    }
  }

  // MARK: One node

  func write(_ node: Node, _ style: Style) -> XML {
    switch node.kind {
    case .character(let scalar): return character(scalar, style)
    case .command(let id): return command(table[id], style)
    case .unknown(let name):
      return XML(text: XML.element("mtext", XML.escaped("\\" + name)))
    case .group(let nodes):
      // Braces make an ordinary atom of what is in them, even of an operator.
      return XML(text: XML.element("mrow", list(nodes, style).map(\.text).joined()))
    case .scripts(let base, let sub, let sup, let primes):
      return scripts(base, sub, sup, primes, style)
    case .limited(let base, _): return write(base, style)
    case .fenced(let left, let nodes, let right):
      let content =
        fence(left, "prefix") + list(nodes, style).map(\.text).joined() + fence(right, "postfix")
      return XML(text: XML.element("mrow", content))
    case .middle(let delimiter):
      let sign = Glyphs.delimiter(delimiter)
      return sign.isEmpty
        ? XML(text: "", kind: .empty)
        : XML(
          text: XML.element(
            "mo", "fence=\"true\" stretchy=\"true\" lspace=\"0.05em\" rspace=\"0.05em\"",
            XML.escaped(sign)))
    case .environment(let id, let arguments, let rows):
      return XML(text: environment(EnvironmentTable.shared[id], arguments, rows, style))
    case .space: return XML(text: "<mspace width=\"0.3333em\"/>", kind: .space)
    case .formula(let nodes): return XML(text: row(nodes, style))
    case .construct(let id, let arguments):
      return construct(table[id], arguments, style)
    case .newline: return XML(text: "<mspace linebreak=\"newline\"/>", kind: .space)
    case .alignment: return XML(text: "", kind: .empty)
    }
  }

  private func fence(_ node: Node, _ form: String) -> String {
    let sign = Glyphs.delimiter(node)
    if sign.isEmpty { return "" }
    return XML.element("mo", "form=\"\(form)\" fence=\"true\" stretchy=\"true\"", XML.escaped(sign))
  }

  private func character(_ scalar: Unicode.Scalar, _ style: Style) -> XML {
    let text = XML.escaped(String(Character(scalar)))
    switch scalar {
    case "a"..."z", "A"..."Z": return identifier(scalar, style)
    case "-": return operators("−")
    case "*": return operators("∗")
    case "'": return operators("′")
    case "`": return operators("‘")
    case "~": return XML(text: "<mspace width=\"0.3333em\"/>", kind: .space)
    case "(", "[": return operators(text, "stretchy=\"false\" form=\"prefix\"")
    case ")", "]": return operators(text, "stretchy=\"false\" form=\"postfix\"")
    case "|": return operators(text, "stretchy=\"false\" form=\"prefix\"")
    case "/": return operators(text, "form=\"infix\" stretchy=\"false\"")
    case "\"", "?", "@", ".": return operators(text)
    default:
      return scalar.properties.isAlphabetic ? identifier(scalar, style) : operators(text)
    }
  }

  private func operators(_ text: String, _ attributes: String = "") -> XML {
    XML(text: XML.element("mo", attributes, text), kind: .operators)
  }

  private func identifier(_ scalar: Unicode.Scalar, _ style: Style) -> XML {
    let isGreekCapital = (0x391...0x3A9).contains(scalar.value)
    var alphabet = style.alphabet
    // Greek capitals stand upright, and with \boldsymbol bold and upright.
    if isGreekCapital, alphabet == .boldItalic { alphabet = .bold }
    if alphabet == .normal { alphabet = isGreekCapital ? .upright : .normal }
    if let letter = alphabet.character(scalar) {
      return XML(text: XML.element("mi", String(Character(letter))))
    }
    let isUpright = alphabet == .upright || (alphabet == .normal && isGreekCapital)
    return XML(
      text: XML.element(
        "mi", isUpright ? "mathvariant=\"normal\"" : "", XML.escaped(String(Character(scalar)))))
  }

  private func command(_ command: Command, _ style: Style) -> XML {
    if command.roles.contains(.space) { return space(Glyphs.spaces[command.name] ?? 0) }
    guard command.roles.contains(.symbol) else { return XML(text: "", kind: .empty) }
    let glyph = XML.escaped(command.glyph)
    if command.name == "bmod" {
      return operators("mod", "lspace=\"0.2222em\" rspace=\"0.2222em\"")
    }
    switch command.atom {
    case .function: return XML(text: function(command))
    case .operators: return operators(glyph)
    case .binary, .punctuation: return operators(glyph)
    case .relation:
      return operators(glyph, Self.arrows.contains(command.glyph) ? "stretchy=\"false\"" : "")
    case .opening: return operators(glyph, "stretchy=\"false\" form=\"prefix\"")
    case .closing: return operators(glyph, "stretchy=\"false\" form=\"postfix\"")
    case .fence: return operators(glyph, "stretchy=\"false\" form=\"prefix\"")
    case .inner:
      return ["⋮", "⋱", "⋰"].contains(command.glyph)
        ? operators(glyph) : XML(text: XML.element("mo", "", glyph), kind: .operators)
    case .ordinary:
      let scalars = command.glyph.unicodeScalars
      if scalars.count == 1, let scalar = scalars.first {
        if scalar.value >= 0x370 && scalar.value <= 0x3FF || scalar == "∂" || scalar == "∇"
          || scalar.properties.isAlphabetic
        {
          return identifier(scalar, style)
        }
        if Self.ordinarySigns.contains(scalar) { return operators(glyph) }
      }
      return XML(text: XML.element("mi", "mathvariant=\"normal\"", glyph))
    }
  }

  private static let arrows: Set<String> = [
    "→", "←", "↔", "⇒", "⇐", "⇔", "↦", "↑", "↓", "⟶", "⟵", "⟷", "⟹", "⟸", "⟺", "⟼", "↪", "↩", "⇀",
    "⇁", "↼", "↽", "⇌", "⇋",
  ]

  private static let ordinarySigns: Set<Unicode.Scalar> = [
    "∀", "∃", "∄", "¬", "′", "‵", "√", "%", "&", "#", "$", "_", "∖", "\\",
  ]

  private func function(_ command: Command) -> String {
    let limits = command.takesLimits ? "movablelimits=\"true\"" : ""
    let name = XML.escaped(command.glyph.split(separator: " ").joined(separator: "\u{2009}"))
    switch command.name {
    case "varlimsup": return "<mover><mo \(limits)>lim</mo><mo stretchy=\"true\">¯</mo></mover>"
    case "varliminf": return "<munder><mo \(limits)>lim</mo><mo stretchy=\"true\">_</mo></munder>"
    case "varinjlim": return "<munder><mo \(limits)>lim</mo><mo stretchy=\"true\">→</mo></munder>"
    case "varprojlim": return "<munder><mo \(limits)>lim</mo><mo stretchy=\"true\">←</mo></munder>"
    default: return command.takesLimits ? XML.element("mo", limits, name) : XML.element("mi", name)
    }
  }

  func space(_ em: Double) -> XML {
    em == 0
      ? XML(text: "", kind: .empty)
      : XML(text: "<mspace width=\"\(Glyphs.decimal(em))em\"/>", kind: .space)
  }
}
