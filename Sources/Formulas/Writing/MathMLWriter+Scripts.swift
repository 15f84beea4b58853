extension MathMLWriter {
  /// How scripts stand at an atom.
  private enum Placement {
    case side
    /// Below and above in displays, at the side in lines of text.
    case movable
    case limits
  }

  private func placement(_ node: Node?, _ style: Style) -> Placement {
    switch node?.kind {
    case .limited(_, let id):
      switch table[id].name {
      case "limits": return .limits
      case "nolimits": return .side
      default: return .movable
      }
    case .command(let id):
      let command = table[id]
      if command.atom == .function { return command.takesLimits ? .movable : .side }
      guard command.atom == .operators else { return .side }
      return command.name.contains("int") ? .side : .movable
    case .construct(let id, let arguments):
      let command = table[id]
      switch command.name {
      case "operatorname": return arguments.first == .raw("*") ? .movable : .side
      case "operatornamewithlimits", "mathop", "substack": return .movable
      default: return command.atom == .operators ? .limits : .side
      }
    default: return .side
    }
  }

  func scripts(
    _ base: Node?, _ sub: [Node]?, _ sup: [Node]?, _ primes: Int, _ style: Style
  ) -> XML {
    var kind = XML.Kind.element
    let nucleus: String
    if let base {
      let part = write(base, style)
      kind = part.kind == .operators ? .operators : .element
      nucleus = part.kind == .empty ? "<mrow></mrow>" : part.text
    } else {
      nucleus = "<mrow></mrow>"
    }
    let below = sub.map { row($0, style) }
    var above = sup.map { row($0, style) }
    if primes > 0 {
      let sign =
        primes <= 4
        ? ["′", "″", "‴", "⁗"][primes - 1] : String(repeating: "′", count: min(primes, 100))
      let mark = XML.element("mo", sign)
      above = above.map { XML.element("mrow", mark + $0) } ?? mark
    }
    let names: (String, String, String)
    switch placement(base, style) {
    case .side: names = ("msub", "msup", "msubsup")
    case .movable:
      // Characters and functions have movable limits by themselves; for others the place decides.
      names =
        movesByItself(base) || style.isDisplay
        ? ("munder", "mover", "munderover") : ("msub", "msup", "msubsup")
    case .limits: names = ("munder", "mover", "munderover")
    }
    let content = forcingLimits(nucleus, base)
    switch (below, above) {
    case (let below?, let above?):
      return XML(text: XML.element(names.2, content + below + above), kind: kind)
    case (let below?, nil): return XML(text: XML.element(names.0, content + below), kind: kind)
    case (nil, let above?): return XML(text: XML.element(names.1, content + above), kind: kind)
    default: return XML(text: content, kind: kind)
    }
  }

  private func movesByItself(_ base: Node?) -> Bool {
    switch base?.kind {
    case .command: true
    case .construct(let id, let arguments):
      table[id].name == "operatorname" && arguments.first == .raw("*")
    default: false
    }
  }

  /// `\limits` keeps the limits below and above in lines of text, too.
  private func forcingLimits(_ nucleus: String, _ base: Node?) -> String {
    guard case .limited(_, let id)? = base?.kind, table[id].name == "limits" else { return nucleus }
    if nucleus.hasPrefix("<mo movablelimits=\"true\">") {
      return "<mo movablelimits=\"false\">" + nucleus.dropFirst("<mo movablelimits=\"true\">".count)
    }
    return nucleus.hasPrefix("<mo>")
      ? "<mo movablelimits=\"false\">" + nucleus.dropFirst("<mo>".count) : nucleus
  }

  /// `\sideset{_a^b}{_c^d}\sum`: scripts at the corners of the operator that follows.
  func sideset(_ arguments: [Argument], before next: Node, _ style: Style) -> XML? {
    guard arguments.count == 2 else { return nil }
    var small = style
    small.isDisplay = false
    let left = corners(arguments[0].nodes, small)
    let right = corners(arguments[1].nodes, small)
    func corner(_ base: Node) -> String {
      XML.element(
        "mmultiscripts",
        write(base, style).text + right.below + right.above + "<mprescripts/>" + left.below
          + left.above)
    }
    guard case .scripts(let base?, let sub, let sup, _) = next.kind else {
      return XML(text: corner(next))
    }
    let below = sub.map { row($0, small) }
    let above = sup.map { row($0, small) }
    switch (below, above) {
    case (let below?, let above?):
      return XML(text: XML.element("munderover", corner(base) + below + above))
    case (let below?, nil): return XML(text: XML.element("munder", corner(base) + below))
    case (nil, let above?): return XML(text: XML.element("mover", corner(base) + above))
    default: return XML(text: corner(base))
    }
  }

  /// Scripts at the corners of one side.
  func corners(_ nodes: [Node], _ style: Style) -> (below: String, above: String) {
    let corners = Corners(nodes)
    let marks =
      corners.primes > 0
      ? XML.element("mo", String(repeating: "′", count: min(corners.primes, 4))) : nil
    return (
      corners.below.map { row($0, style) } ?? "<mrow></mrow>",
      corners.above.map { row($0, style) } ?? marks ?? "<mrow></mrow>"
    )
  }
}
