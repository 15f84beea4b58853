extension MathMLWriter {
  func construct(_ command: Command, _ arguments: [Argument], _ style: Style) -> XML {
    func argument(_ index: Int) -> [Node] { index < arguments.count ? arguments[index].nodes : [] }
    func math(_ index: Int, _ style: Style) -> String { row(argument(index), style) }
    var small = style
    small.isDisplay = false
    if let element = accent(command, arguments, style) { return XML(text: element) }
    if let arrow = Glyphs.arrows[command.name] {
      let sign = XML.element("mo", "stretchy=\"true\"", arrow)
      // MathML Core knows no widths that add to others.
      let space = "<mspace width=\"0.3em\"/>"
      let above = XML.element("mrow", space + math(1, small) + space)
      guard case .math(let nodes) = arguments[0] else {
        return XML(text: XML.element("mover", sign + above))
      }
      let below = XML.element("mrow", space + row(nodes, small) + space)
      return XML(text: XML.element("munderover", sign + below + above))
    }
    if command.roles.contains(.space) {
      let length: String? = arguments.compactMap {
        if case .raw(let text) = $0, text != "*" { text } else { nil }
      }.last
      return command.name == "vspace" ? space(0) : space(length.flatMap(Glyphs.em) ?? 0)
    }
    if let size = Glyphs.sizes[command.name], case .delimiter(let node)? = arguments.last {
      let sign = Glyphs.delimiter(node)
      if sign.isEmpty { return XML(text: "", kind: .empty) }
      let em = Glyphs.decimal(size)
      let form =
        command.name.hasSuffix("l")
        ? "form=\"prefix\" " : command.name.hasSuffix("r") ? "form=\"postfix\" " : ""
      return XML(
        text: XML.element(
          "mo", "\(form)stretchy=\"true\" minsize=\"\(em)em\" maxsize=\"\(em)em\"",
          XML.escaped(sign)), kind: .operators)
    }
    switch command.name {
    case "frac": return XML(text: XML.element("mfrac", math(0, small) + math(1, small)))
    case "dfrac": return sized(XML.element("mfrac", math(0, small) + math(1, small)), display: true)
    case "tfrac":
      return sized(XML.element("mfrac", math(0, small) + math(1, small)), display: false)
    case "cfrac":
      var inner = style
      inner.isDisplay = true
      let numerator = sized(math(1, inner), display: true).text
      let denominator = sized(math(2, inner), display: true).text
      return XML(text: XML.element("mfrac", numerator + denominator))
    case "binom": return XML(text: binomial(math(0, small), math(1, small)))
    case "dbinom": return sized(binomial(math(0, small), math(1, small)), display: true)
    case "tbinom": return sized(binomial(math(0, small), math(1, small)), display: false)
    case "genfrac": return generalFraction(arguments, style)
    case "sqrt", "root":
      guard case .math(let index) = arguments[0] else {
        let content = list(argument(1), style).map(\.text).joined()
        return XML(text: XML.element("msqrt", content))
      }
      return XML(text: XML.element("mroot", math(1, style) + row(index, small)))
    case "overset", "stackrel":
      return XML(text: XML.element("mover", math(1, style) + math(0, small)))
    case "underset": return XML(text: XML.element("munder", math(1, style) + math(0, small)))
    case "overunderset":
      return XML(text: XML.element("munderover", math(2, style) + math(1, small) + math(0, small)))
    case "sideset":
      let left = corners(argument(0), small)
      let right = corners(argument(1), small)
      return XML(
        text: XML.element(
          "mmultiscripts",
          "<mrow></mrow>" + right.below + right.above + "<mprescripts/>" + left.below + left.above))
    case "prescript":
      return XML(
        text: XML.element(
          "mmultiscripts", math(2, style) + "<mprescripts/>" + math(1, small) + math(0, small)))
    case "substack":
      guard case .rows(let rows)? = arguments.first else { return XML(text: "", kind: .empty) }
      return XML(text: table(rows, [UInt8(ascii: "c")], small, spacing: false))
    case "not": return negated(argument(0), style)
    case "operatorname", "operatornamewithlimits": return operatorName(command, arguments)
    case "mathop", "mathbin", "mathrel", "mathopen", "mathclose", "mathpunct":
      return ofClass(command, argument(0), style)
    case "mathord", "mathinner", "ensuremath", "mathclap", "mathllap", "mathrlap", "mathstrut":
      return XML(text: math(0, style))
    case "pmod":
      return XML(
        text: XML.element(
          "mrow",
          "<mspace width=\"1em\"/><mo stretchy=\"false\" form=\"prefix\">(</mo><mi>mod</mi><mspace width=\"0.3333em\"/>"
            + math(0, style) + "<mo stretchy=\"false\" form=\"postfix\">)</mo>"))
    case "pod":
      return XML(
        text: XML.element(
          "mrow",
          "<mspace width=\"1em\"/><mo stretchy=\"false\" form=\"prefix\">(</mo>" + math(0, style)
            + "<mo stretchy=\"false\" form=\"postfix\">)</mo>"))
    case "mod":
      return XML(
        text: XML.element(
          "mrow", "<mspace width=\"1em\"/><mi>mod</mi><mspace width=\"0.3333em\"/>" + math(0, style)
        ))
    case "phantom", "hphantom", "vphantom":
      let content = XML.element("mphantom", math(0, style))
      switch command.name {
      case "hphantom":
        return XML(text: XML.element("mpadded", "height=\"0\" depth=\"0\"", content))
      case "vphantom": return XML(text: XML.element("mpadded", "width=\"0\"", content))
      default: return XML(text: content)
      }
    case "smash":
      return XML(text: XML.element("mpadded", "height=\"0\" depth=\"0\"", math(1, style)))
    case "boxed", "fbox":
      let content = command.name == "boxed" ? math(0, style) : text(argument(0), style)
      return XML(text: XML.element("mrow", "style=\"border: 1px solid; padding: 3px\"", content))
    case "cancel", "bcancel", "xcancel", "cancelto":
      let struck = Self.struck(
        math(command.name == "cancelto" ? 1 : 0, style), up: command.name != "bcancel",
        down: command.name == "bcancel" || command.name == "xcancel")
      return XML(
        text: command.name == "cancelto" ? XML.element("msup", struck + math(0, small)) : struck)
    case "textcolor":
      let content = math(2, style)
      guard let color = Glyphs.color(model: arguments[0], arguments[1]) else {
        return XML(text: content)
      }
      return XML(text: XML.element("mstyle", "mathcolor=\"\(color)\"", content))
    case "colorbox", "fcolorbox":
      return XML(text: text(arguments.last?.nodes ?? [], style))
    case "raisebox": return XML(text: text(argument(1), style))
    case "rule": return XML(text: "<mspace width=\"0.5em\"/>", kind: .space)
    case "tag": return XML(text: tag(arguments))
    case "multicolumn": return XML(text: math(2, style))
    case "hdotsfor": return XML(text: XML.element("mo", "…"), kind: .operators)
    case "intertext", "shortintertext": return XML(text: text(argument(0), style))
    case "label", "cline": return XML(text: "", kind: .empty)
    default: break
    }
    if let alphabet = MathAlphabet(command: command.name), command.slots == [.math] {
      var inner = style
      inner.alphabet = alphabet.inside(style.alphabet)
      return XML(text: word(argument(0), alphabet) ?? row(argument(0), inner))
    }
    if command.slots == [.text] || command.slots == [.bracedText] {
      return XML(text: text(argument(0), style, MathAlphabet(command: command.name)))
    }
    return XML(text: arguments.map { row($0.nodes, style) }.joined(), kind: .element)
  }

  private func sized(_ content: String, display: Bool) -> XML {
    XML(text: XML.element("mstyle", "displaystyle=\"\(display)\" scriptlevel=\"0\"", content))
  }

  private func binomial(_ above: String, _ below: String) -> String {
    XML.element(
      "mrow",
      "<mo form=\"prefix\" fence=\"true\" stretchy=\"true\">(</mo>"
        + XML.element("mfrac", "linethickness=\"0\"", above + below)
        + "<mo form=\"postfix\" fence=\"true\" stretchy=\"true\">)</mo>")
  }

  private func generalFraction(_ arguments: [Argument], _ style: Style) -> XML {
    guard arguments.count == 6 else { return XML(text: "", kind: .empty) }
    func delimiter(_ argument: Argument, _ form: String) -> String {
      guard case .delimiter(let node) = argument else { return "" }
      let sign = Glyphs.delimiter(node)
      if sign.isEmpty { return "" }
      return XML.element(
        "mo", "form=\"\(form)\" fence=\"true\" stretchy=\"true\"", XML.escaped(sign))
    }
    var small = style
    small.isDisplay = false
    var attributes = ""
    if case .raw(let length) = arguments[2], let em = Glyphs.em(length) {
      attributes = "linethickness=\"\(em == 0 ? "0" : Glyphs.decimal(em) + "em")\""
    }
    let fraction = XML.element(
      "mfrac", attributes, row(arguments[4].nodes, small) + row(arguments[5].nodes, small))
    let content = XML.element(
      "mrow", delimiter(arguments[0], "prefix") + fraction + delimiter(arguments[1], "postfix"))
    switch arguments[3] {
    case .raw("0"): return sized(content, display: true)
    case .raw("1"), .raw("2"), .raw("3"): return sized(content, display: false)
    default: return XML(text: content)
    }
  }

  private func accent(_ command: Command, _ arguments: [Argument], _ style: Style) -> String? {
    guard command.slots.last == .math, let nodes = arguments.last?.nodes else { return nil }
    if let (sign, _, stretches) = Glyphs.accents[command.name] {
      let mark = XML.element("mo", "stretchy=\"\(stretches)\"", XML.escaped(sign))
      return XML.element("mover", "accent=\"true\"", row(nodes, style) + mark)
    }
    if let (sign, _) = Glyphs.underAccents[command.name] {
      let mark = XML.element("mo", "stretchy=\"true\"", XML.escaped(sign))
      return XML.element("munder", "accentunder=\"true\"", row(nodes, style) + mark)
    }
    return nil
  }

  private func negated(_ nodes: [Node], _ style: Style) -> XML {
    if nodes.count == 1, let node = nodes.first {
      let sign: String? =
        switch node.kind {
        case .character(let scalar): String(Character(scalar))
        case .command(let id): table[id].glyph
        default: nil
        }
      if let sign, let other = Glyphs.negated[sign] {
        return XML(text: XML.element("mo", other), kind: .operators)
      }
      if let sign, !sign.isEmpty {
        // A combining solidus behind any other sign.
        return XML(text: XML.element("mo", XML.escaped(sign) + "\u{0338}"), kind: .operators)
      }
    }
    return XML(text: Self.struck(row(nodes, style), up: true, down: false))
  }

  /// Struck out, from the lower left (`up`) or from the upper left (`down`). MathML Core has no `menclose`:
  /// browsers that lay it out as a row draw the stroke as its background.
  private static func struck(_ content: String, up: Bool, down: Bool) -> String {
    let strokes = (up ? [("up", "right")] : []) + (down ? [("down", "left")] : [])
    let notation = strokes.map { $0.0 + "diagonalstrike" }.joined(separator: " ")
    // The middle of a gradient towards one corner goes through the two beside it.
    let gradients = strokes.map {
      "linear-gradient(to bottom \($0.1),transparent calc(50% - .04em),currentcolor 0 calc(50% + .04em),"
        + "transparent 0)"
    }.joined(separator: ",")
    return XML.element(
      "menclose", "notation=\"\(notation)\" style=\"background:\(gradients)\"", content)
  }

  /// Several letters as one word: upright, as in `\mathrm{max}`.
  private func word(_ nodes: [Node], _ alphabet: MathAlphabet) -> String? {
    guard alphabet == .upright || alphabet == .italic, nodes.count > 1 else { return nil }
    var text = ""
    for node in nodes {
      guard case .character(let scalar) = node.kind, scalar.isASCII, scalar.properties.isAlphabetic
      else { return nil }
      text.unicodeScalars.append(alphabet.character(scalar) ?? scalar)
    }
    return XML.element("mi", alphabet == .upright ? "mathvariant=\"normal\"" : "", text)
  }

  private func operatorName(_ command: Command, _ arguments: [Argument]) -> XML {
    let takesLimits = arguments.first == .raw("*") || command.name == "operatornamewithlimits"
    let nodes = arguments.last?.nodes ?? []
    var name = ""
    for node in nodes {
      switch node.kind {
      case .character("-"): name += "-"
      case .character("*"): name += "*"
      case .character(let scalar): name.unicodeScalars.append(scalar)
      case .command(let id):
        let command = table[id]
        name +=
          command.roles.contains(.space)
          ? ((Glyphs.spaces[command.name] ?? 0) > 0 ? "\u{2009}" : "") : command.glyph
      case .construct, .group:
        name += PlainTextWriter.write([node])
      default:
        var style = Style(isDisplay: false)
        style.alphabet = .upright
        return XML(text: row(nodes, style))
      }
    }
    let text = XML.escaped(name)
    if takesLimits { return XML(text: XML.element("mo", "movablelimits=\"true\"", text)) }
    return XML(text: XML.element("mi", nodes.count == 1 ? "mathvariant=\"normal\"" : "", text))
  }

  private func ofClass(_ command: Command, _ nodes: [Node], _ style: Style) -> XML {
    let parts = list(nodes, style)
    let content = XML.row(parts)
    switch command.name {
    case "mathrel", "mathbin":
      let em = command.name == "mathrel" ? "0.2778em" : "0.2222em"
      return XML(
        text: XML.element(
          "mrow", "<mspace width=\"\(em)\"/>" + content + "<mspace width=\"\(em)\"/>"))
    default: return XML(text: content)
    }
  }

  private func tag(_ arguments: [Argument]) -> String {
    let content = text(arguments.last?.nodes ?? [], Style(isDisplay: false))
    if arguments.first == .raw("*") { return "<mspace width=\"2em\"/>" + content }
    return "<mspace width=\"2em\"/><mtext>(</mtext>" + content + "<mtext>)</mtext>"
  }

  // MARK: Text

  /// Text, with the formulas in it.
  func text(_ nodes: [Node], _ style: Style, _ alphabet: MathAlphabet? = nil) -> String {
    var parts: [String] = []
    var words = ""
    var alphabet = alphabet
    func flush() {
      guard !words.isEmpty else { return }
      parts.append(XML.element("mtext", XML.escaped(Self.keepingSpaces(words))))
      words = ""
    }
    for node in nodes {
      if let text = Glyphs.text(node) {
        if case .command(let id) = node.kind, table[id].roles.contains(.font) {
          alphabet = MathAlphabet(command: table[id].name) ?? alphabet
          continue
        }
        for scalar in text.unicodeScalars {
          let styled = alphabet.flatMap { $0 == .upright ? nil : $0.character(scalar) }
          words.unicodeScalars.append(styled ?? scalar)
        }
        continue
      }
      flush()
      switch node.kind {
      case .formula(let nodes):
        var inner = style
        inner.isDisplay = false
        inner.alphabet = .normal
        parts.append(row(nodes, inner))
      case .group(let nodes): parts.append(text(nodes, style, alphabet))
      case .construct(let id, let arguments):
        let command = table[id]
        if command.roles.contains(.construct),
          command.slots == [.text] || command.slots == [.bracedText]
        {
          parts.append(
            text(arguments[0].nodes, style, MathAlphabet(command: command.name) ?? alphabet))
        } else {
          parts.append(construct(command, arguments, style).text)
        }
      default: parts.append(write(node, style).text)
      }
    }
    flush()
    if parts.isEmpty { return "<mtext></mtext>" }
    return parts.count == 1 ? parts[0] : XML.element("mrow", parts.joined())
  }

  /// Spaces at the ends of an element would be lost.
  private static func keepingSpaces(_ text: String) -> String {
    var text = text
    if text.hasPrefix(" ") { text = "\u{A0}" + text.dropFirst() }
    if text.hasSuffix(" ") { text = text.dropLast() + "\u{A0}" }
    return text
  }
}
