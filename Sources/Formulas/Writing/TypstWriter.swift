/// Writes a tree as a formula of Typst, without the dollar signs.
///
/// Signs are written as characters of Unicode, which Typst takes as they are; letters stand apart, since
/// Typst reads several as a name.
struct TypstWriter {
  let table = CommandTable.shared

  static func write(_ nodes: [Node]) -> String {
    var nodes = nodes
    // Aligned rows of a whole formula are Typst's own rows.
    if nodes.count == 1, case .environment(let id, _, let rows) = nodes[0].kind,
      EnvironmentTable.shared[id].kind != .grid
    {
      let writer = TypstWriter()
      return rows.map { row in
        row.cells.map { writer.list($0) }.joined(separator: " & ")
      }.joined(separator: " \\\n")
    }
    if nodes.isEmpty { nodes = [] }
    return TypstWriter().list(nodes)
  }

  /// A list; inside of a call's arguments, commas and brackets that do not match are escaped.
  func list(_ nodes: [Node], inCall: Bool = false) -> String {
    let escapesParentheses = inCall && !Self.isBalanced(nodes)
    var pieces: [String] = []
    var index = 0
    while index < nodes.count {
      let node = nodes[index]
      if let (text, end) = number(nodes, index) {
        pieces.append(text)
        index = end
        continue
      }
      index += 1
      if index < nodes.count, let text = sideset(node, before: nodes[index]) {
        pieces.append(text)
        index += 1
        continue
      }
      if let wrapped = switched(node, nodes[index...]) {
        pieces.append(wrapped)
        break
      }
      let text = write(node, inCall: inCall, escapesParentheses: escapesParentheses)
      if !text.isEmpty { pieces.append(text) }
    }
    return pieces.joined(separator: " ")
  }

  private func number(_ nodes: [Node], _ start: Int) -> (String, Int)? {
    var text = ""
    var index = start
    while index < nodes.count, case .character(let scalar) = nodes[index].kind {
      if ("0"..."9").contains(scalar) {
        text.unicodeScalars.append(scalar)
      } else if scalar == ".", !text.isEmpty, !text.contains("."), index + 1 < nodes.count,
        case .character(let next) = nodes[index + 1].kind, ("0"..."9").contains(next)
      {
        text += "."
      } else {
        break
      }
      index += 1
    }
    return text.isEmpty ? nil : (text, index)
  }

  /// A font for the rest of a list.
  private func switched(_ node: Node, _ rest: ArraySlice<Node>) -> String? {
    guard case .command(let id) = node.kind, table[id].roles.contains(.font),
      let alphabet = MathAlphabet(command: table[id].name), !rest.isEmpty
    else { return nil }
    return styled(Array(rest), alphabet)
  }

  private func styled(_ nodes: [Node], _ alphabet: MathAlphabet) -> String {
    let content = list(nodes, inCall: true)
    return switch alphabet {
    case .upright: "upright(\(content))"
    case .bold: "upright(bold(\(content)))"
    case .boldItalic: "bold(\(content))"
    case .italic: "italic(\(content))"
    case .script: "cal(\(content))"
    case .boldScript: "bold(cal(\(content)))"
    case .fraktur: "frak(\(content))"
    case .doubleStruck: "bb(\(content))"
    case .sans: "sans(\(content))"
    case .monospace: "mono(\(content))"
    case .normal: content
    }
  }

  /// Whether round brackets in a list match, and nothing else brackets.
  private static func isBalanced(_ nodes: [Node]) -> Bool {
    var depth = 0
    for node in nodes {
      var inner = node
      if case .scripts(let base?, _, _, _) = node.kind { inner = base }
      switch inner.kind {
      case .character("("): depth += 1
      case .character(")"):
        depth -= 1
        if depth < 0 { return false }
      default: break
      }
    }
    return depth == 0
  }

  func write(_ node: Node, inCall: Bool, escapesParentheses: Bool = false) -> String {
    switch node.kind {
    case .character(let scalar): return character(scalar, inCall, escapesParentheses)
    case .command(let id): return command(table[id], inCall)
    case .unknown(let name): return Self.quoted("\\" + name)
    case .construct(let id, let arguments): return construct(table[id], arguments)
    case .group(let nodes):
      // Braces keep what is in them together; a group of one is the one.
      return nodes.isEmpty ? "\"\"" : list(nodes, inCall: inCall)
    case .scripts(let base, let sub, let sup, let primes):
      return scripts(base, sub, sup, primes, inCall, escapesParentheses)
    case .limited(let base, let id):
      let inner = write(base, inCall: true)
      return table[id].name == "nolimits" ? "scripts(\(inner))" : "limits(\(inner))"
    case .fenced(let left, let nodes, let right):
      return "lr(" + delimiter(left) + " " + list(nodes, inCall: true) + " " + delimiter(right)
        + ")"
    case .middle(let node): return "mid(" + delimiter(node) + ")"
    case .environment(let id, let arguments, let rows):
      return environment(EnvironmentTable.shared[id], arguments, rows)
    case .space: return "space"
    case .formula(let nodes): return list(nodes, inCall: inCall)
    case .newline: return inCall ? "" : "\\\n"
    case .alignment: return inCall ? "" : "&"
    }
  }

  private func delimiter(_ node: Node) -> String {
    let sign = Glyphs.delimiter(node)
    switch sign {
    case "": return ""
    case "(", ")", "[", "]", "{", "}", "/", "\\": return "\\" + sign
    default: return sign
    }
  }

  private func character(
    _ scalar: Unicode.Scalar, _ inCall: Bool, _ escapesParentheses: Bool
  ) -> String {
    let text = String(Character(scalar))
    switch scalar {
    case "#", "$", "\"", "\\", "_", "^", "&", "@", "`", "/", "<", ">", "[", "]", "{", "}", ":", "|":
      return "\\" + text
    case "~": return "space.nobreak"
    case "(", ")": return escapesParentheses ? "\\" + text : text
    case ",", ";": return inCall ? "\\" + text : text
    case "'": return "prime"
    default: return text
    }
  }

  private func command(_ command: Command, _ inCall: Bool) -> String {
    if command.roles.contains(.space) { return space(Glyphs.spaces[command.name] ?? 0) }
    guard command.roles.contains(.symbol) else { return "" }
    if command.name == "bmod" { return "mod" }
    if command.atom == .function { return function(command) }
    let scalars = command.glyph.unicodeScalars
    if scalars.count == 1, let scalar = scalars.first, scalar.isASCII {
      return "\\" + command.glyph
    }
    if command.glyph == "‖" { return "‖" }
    return scalars.map { String(Character($0)) }.joined(separator: " ")
  }

  private static let functions: Set<String> = [
    "arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "coth", "csc", "deg", "det", "dim",
    "exp", "gcd", "hom", "inf", "ker", "lg", "lim", "liminf", "limsup", "ln", "log", "max", "min",
    "sec", "sin", "sinh", "sup", "tan", "tanh", "Pr",
  ]

  private func function(_ command: Command) -> String {
    if Self.functions.contains(command.name) { return command.name }
    if let content = Self.drawnLimits[command.name] { return "op(\(content), limits: #true)" }
    return "op(\(Self.quoted(command.glyph))\(command.takesLimits ? ", limits: #true" : ""))"
  }

  /// Limits with a line or an arrow at the word.
  private static let drawnLimits = [
    "varlimsup": "overline(lim)", "varliminf": "underline(lim)",
    "varinjlim": "limits(lim)_(→)", "varprojlim": "limits(lim)_(←)",
  ]

  private func space(_ em: Double) -> String { em == 0 ? "" : "#h(\(Glyphs.decimal(em))em)" }

  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars where !Grammar.isControl(scalar) {
      if scalar == "\"" || scalar == "\\" { result += "\\" }
      result.unicodeScalars.append(scalar)
    }
    return result + "\""
  }

  private static let accents: [String: String] = [
    "hat": "hat", "widehat": "hat", "check": "caron", "widecheck": "caron", "tilde": "tilde",
    "widetilde": "tilde", "acute": "acute", "grave": "grave", "dot": "dot", "ddot": "dot.double",
    "dddot": "dot.triple", "ddddot": "dot.quad", "breve": "breve", "bar": "macron",
    "vec": "arrow", "mathring": "circle", "overline": "overline", "underline": "underline",
    "underbar": "underline", "overbrace": "overbrace", "underbrace": "underbrace",
    "overbracket": "overbracket", "underbracket": "underbracket", "overparen": "overparen",
    "underparen": "underparen", "overrightarrow": "arrow", "overleftarrow": "arrow.l",
    "overleftrightarrow": "arrow.l.r", "boxed": "", "cancel": "cancel",
  ]

  private func construct(_ command: Command, _ arguments: [Argument]) -> String {
    func argument(_ index: Int) -> String {
      let text = index < arguments.count ? list(arguments[index].nodes, inCall: true) : ""
      return text.isEmpty ? "\"\"" : text
    }
    if command.name == "boxed" {
      return "#box(stroke: 0.5pt, inset: 3pt, $\(argument(0))$)"
    }
    if let name = Self.accents[command.name] { return "\(name)(\(argument(arguments.count - 1)))" }
    if Glyphs.sizes[command.name] != nil, case .delimiter(let node)? = arguments.last {
      return delimiter(node)
    }
    if let arrow = Glyphs.arrows[command.name] {
      let long =
        ["→": "⟶", "←": "⟵", "↔": "⟷", "⇒": "⟹", "⇐": "⟸", "⇔": "⟺", "↦": "⟼"][arrow] ?? arrow
      var text = "limits(\(long))^(\(argument(1)))"
      if case .math(let nodes) = arguments[0] { text += "_(" + list(nodes, inCall: true) + ")" }
      return text
    }
    if command.roles.contains(.space) {
      let length: String? = arguments.compactMap {
        if case .raw(let text) = $0, text != "*" { text } else { nil }
      }.last
      return command.name == "vspace" ? "" : space(length.flatMap(Glyphs.em) ?? 0)
    }
    switch command.name {
    case "frac": return "frac(\(argument(0)), \(argument(1)))"
    case "dfrac": return "display(frac(\(argument(0)), \(argument(1))))"
    case "tfrac": return "inline(frac(\(argument(0)), \(argument(1))))"
    case "cfrac": return "display(frac(\(argument(1)), \(argument(2))))"
    case "binom", "dbinom", "tbinom": return "binom(\(argument(0)), \(argument(1)))"
    case "genfrac": return generalFraction(arguments)
    case "sqrt", "root":
      guard case .math(let nodes) = arguments[0], !nodes.isEmpty else {
        return "sqrt(\(argument(1)))"
      }
      return "root(\(argument(0)), \(argument(1)))"
    case "overset", "stackrel": return "limits(\(argument(1)))^(\(argument(0)))"
    case "underset": return "limits(\(argument(1)))_(\(argument(0)))"
    case "overunderset": return "limits(\(argument(2)))^(\(argument(0)))_(\(argument(1)))"
    case "underrightarrow", "underleftarrow", "underleftrightarrow":
      let arrow = Glyphs.underAccents[command.name]?.sign ?? "→"
      return "limits(\(argument(0)))_(\(arrow))"
    case "substack":
      guard case .rows(let rows)? = arguments.first else { return "" }
      return "mat(delim: #none, \(cells(rows)))"
    // One before an operator is written with it.
    case "sideset": return ""
    case "not":
      let inner = arguments[0].nodes
      if inner.count == 1, let sign = sign(inner[0]), let other = Glyphs.negated[sign] {
        return other
      }
      return "cancel(\(argument(0)))"
    case "operatorname", "operatornamewithlimits":
      let limits = arguments.first == .raw("*") || command.name != "operatorname"
      let name = PlainTextWriter.write(arguments.last?.nodes ?? [])
      return "op(\(Self.quoted(name))\(limits ? ", limits: #true" : ""))"
    case "prescript": return "attach(\(argument(2)), tl: \(argument(0)), bl: \(argument(1)))"
    case "mathop": return "limits(\(argument(0)))"
    case "mathrel": return "class(\"relation\", \(argument(0)))"
    case "mathbin": return "class(\"binary\", \(argument(0)))"
    case "pmod": return "quad ( mod #h(0.3333em) \(argument(0)) )"
    case "pod": return "quad ( \(argument(0)) )"
    case "mod": return "quad mod #h(0.3333em) \(argument(0))"
    case "phantom", "hphantom", "vphantom": return "#hide($\(argument(0))$)"
    case "bcancel": return "cancel(inverted: #true, \(argument(0)))"
    case "xcancel": return "cancel(cross: #true, \(argument(0)))"
    case "cancelto": return "cancel(\(argument(1)))^(\(argument(0)))"
    case "smash": return argument(1)
    case "textcolor", "multicolumn": return argument(2)
    case "raisebox", "colorbox", "fcolorbox", "fbox": return text(arguments.last?.nodes ?? [])
    case "tag":
      let number = text(arguments.last?.nodes ?? [])
      return "quad " + (arguments.first == .raw("*") ? number : "( " + number + " )")
    case "intertext", "shortintertext": return text(arguments[0].nodes)
    case "hdotsfor": return "…"
    case "label", "cline", "rule", "color": return ""
    default: break
    }
    if command.slots == [.math], let alphabet = MathAlphabet(command: command.name) {
      return arguments[0].nodes.isEmpty ? "" : styled(arguments[0].nodes, alphabet)
    }
    if command.slots == [.text] || command.slots == [.bracedText] {
      let content = text(arguments[0].nodes)
      switch command.name {
      case "textbf": return "bold(\(content))"
      case "textit", "emph": return "italic(\(content))"
      case "texttt": return "mono(\(content))"
      case "textsf": return "sans(\(content))"
      default: return content
      }
    }
    return arguments.map { list($0.nodes, inCall: true) }.filter { !$0.isEmpty }.joined(
      separator: " ")
  }

  private func sign(_ node: Node) -> String? {
    switch node.kind {
    case .character(let scalar): String(Character(scalar))
    case .command(let id): table[id].glyph
    default: nil
    }
  }

  private func generalFraction(_ arguments: [Argument]) -> String {
    guard arguments.count == 6 else { return "" }
    func part(_ index: Int) -> String {
      let text = list(arguments[index].nodes, inCall: true)
      return text.isEmpty ? "\"\"" : text
    }
    func fence(_ argument: Argument) -> String {
      if case .delimiter(let node) = argument { delimiter(node) } else { "" }
    }
    var hasRule = true
    if case .raw(let length) = arguments[2], Glyphs.em(length) == 0 { hasRule = false }
    let fraction =
      hasRule ? "frac(\(part(4)), \(part(5)))" : "mat(delim: #none, \(part(4)); \(part(5)))"
    let left = fence(arguments[0])
    let right = fence(arguments[1])
    return left.isEmpty && right.isEmpty ? fraction : "lr(\(left) \(fraction) \(right))"
  }

  private func cells(_ rows: [Row]) -> String {
    // Typst fills shorter rows by itself.
    rows.map { row in
      let cells = row.cells.map { list($0, inCall: true) }.map { $0.isEmpty ? "\"\"" : $0 }
      return cells.isEmpty ? "\"\"" : cells.joined(separator: ", ")
    }.joined(separator: "; ")
  }

  private func environment(
    _ environment: Environment, _ arguments: [Argument], _ rows: [Row]
  ) -> String {
    if environment.kind == .wrapper {
      return rows.flatMap { $0.cells.map { list($0, inCall: true) } }.joined(separator: " ")
    }
    let (left, right) = environment.fences
    let content = cells(rows)
    if environment.name.hasSuffix("cases") {
      return left.isEmpty
        ? "lr(mat(delim: #none, \(content)) \\})" : "lr(\\{ mat(delim: #none, \(content)))"
    }
    if left.isEmpty && right.isEmpty { return "mat(delim: #none, \(content))" }
    return "mat(delim: \(Self.quoted(left)), \(content))"
  }

  /// Text as a string, with formulas in it as formulas.
  private func text(_ nodes: [Node]) -> String {
    var parts: [String] = []
    var words = ""
    for node in nodes {
      if let text = Glyphs.text(node) {
        words += text
        continue
      }
      if !words.isEmpty {
        parts.append(Self.quoted(words))
        words = ""
      }
      switch node.kind {
      case .formula(let nodes): parts.append(list(nodes, inCall: true))
      case .group(let nodes): parts.append(text(nodes))
      default: parts.append(write(node, inCall: true))
      }
    }
    if !words.isEmpty { parts.append(Self.quoted(words)) }
    let all = parts.filter { !$0.isEmpty }
    return all.isEmpty ? "\"\"" : all.joined(separator: " ")
  }
}
