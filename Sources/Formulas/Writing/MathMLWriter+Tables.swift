extension MathMLWriter {
  func environment(
    _ environment: Environment, _ arguments: [Argument], _ rows: [Row], _ style: Style
  ) -> String {
    if environment.kind == .wrapper {
      return XML.row(rows.flatMap { $0.cells.flatMap { list($0, style) } })
    }
    var inner = style
    let isDisplayed =
      environment.kind == .rows || environment.kind == .display || environment.name.hasPrefix("d")
    inner.isDisplay = isDisplayed
    var alignment = environment.alignment
    var rules: Set<Int> = []
    if case .raw(let letters)? = arguments.last, environment.slots.last == .columns {
      alignment = Tidying.columnLetters(letters)
      rules = Self.rules(letters)
    } else if environment.slots == [.optionalRaw], case .raw(let letter)? = arguments.last,
      let first = letter.utf8.first
    {
      alignment = [first]
    }
    var content = table(
      rows, alignment, inner, rules: rules, spacing: !isDisplayed,
      isDisplayed: isDisplayed, isAligned: environment.alignment == Array("rl".utf8))
    if environment.name.hasSuffix("smallmatrix") {
      content = XML.element("mstyle", "scriptlevel=\"1\"", content)
    }
    let (left, right) = environment.fences
    if left.isEmpty && right.isEmpty { return content }
    func fence(_ sign: String, _ form: String) -> String {
      sign.isEmpty
        ? "" : XML.element("mo", "form=\"\(form)\" fence=\"true\" stretchy=\"true\"", sign)
    }
    return XML.element("mrow", fence(left, "prefix") + content + fence(right, "postfix"))
  }

  /// The columns that a vertical rule stands before.
  private static func rules(_ letters: String) -> Set<Int> {
    var rules: Set<Int> = []
    var column = 0
    for character in letters {
      switch character {
      case "|": rules.insert(column)
      case "l", "c", "r": column += 1
      default: break
      }
    }
    return rules
  }

  /// A table; `alignment` is repeated where there are more columns.
  func table(
    _ rows: [Row], _ alignment: [UInt8], _ style: Style, rules: Set<Int> = [], spacing: Bool,
    isDisplayed: Bool = false, isAligned: Bool = false
  ) -> String {
    var content = ""
    var hasRuleAbove = false
    for (number, row) in rows.enumerated() {
      var cells = ""
      var column = 0
      let isLast = number == rows.count - 1
      let (hasRule, first) = withoutRules(row.cells.first ?? [])
      hasRuleAbove = hasRule
      if isLast, row.cells.count == 1, first.isEmpty, hasRule, number > 0 {
        // A rule below everything.
        content = Self.addingRuleBelow(content)
        continue
      }
      for (index, cell) in row.cells.enumerated() {
        var nodes = index == 0 ? first : cell
        var span = 1
        var letter = alignment.isEmpty ? UInt8(ascii: "c") : alignment[column % alignment.count]
        if nodes.count == 1, case .construct(let id, let arguments)? = nodes.first?.kind,
          self.table[id].roles.contains(.cellStart)
        {
          if case .raw(let count)? = arguments.first { span = min(max(1, Int(count) ?? 1), 1000) }
          if arguments.count == 3 {
            nodes = arguments[2].nodes
            if case .raw(let letters) = arguments[1] {
              letter = Tidying.columnLetters(letters).first ?? letter
            }
          }
        }
        var parts = list(nodes, style)
        if isAligned, column % 2 == 1, parts.first?.kind == .operators {
          // A relation at the start of a cell keeps its space on both sides.
          parts.insert(XML(text: "<mrow></mrow>"), at: 0)
        }
        cells += self.cell(
          parts, letter, span: span, column: column, rules: rules, ruleAbove: hasRuleAbove,
          isAligned: isAligned)
        column += span
      }
      content += XML.element("mtr", cells)
    }
    let attributes = isDisplayed ? "displaystyle=\"true\"" : ""
    return XML.element("mtable", attributes, content)
  }

  private func cell(
    _ parts: [XML], _ letter: UInt8, span: Int, column: Int, rules: Set<Int>, ruleAbove: Bool,
    isAligned: Bool
  ) -> String {
    let names: [UInt8: String] = [
      UInt8(ascii: "l"): "left", UInt8(ascii: "r"): "right", UInt8(ascii: "c"): "center",
    ]
    let name = names[letter] ?? "center"
    var styles: [String] = name == "center" ? [] : ["text-align: \(name)"]
    if isAligned { styles.append(column % 2 == 0 ? "padding-right: 0" : "padding-left: 0") }
    if rules.contains(column) { styles.append("border-left: 1px solid") }
    if rules.contains(column + span) { styles.append("border-right: 1px solid") }
    if ruleAbove { styles.append("border-top: 1px solid") }
    var attributes = span > 1 ? ["columnspan=\"\(span)\""] : []
    if name != "center" { attributes.append("columnalign=\"\(name)\"") }
    if !styles.isEmpty { attributes.append("style=\"\(styles.joined(separator: "; "))\"") }
    return XML.element("mtd", attributes.joined(separator: " "), parts.map(\.text).joined())
  }

  /// A first cell without the rules before it, and whether there were any.
  private func withoutRules(_ nodes: [Node]) -> (Bool, [Node]) {
    var hasRule = false
    let rest = nodes.filter { node in
      let id: CommandID
      switch node.kind {
      case .command(let command): id = command
      case .construct(let command, _): id = command
      default: return true
      }
      let isRule = table[id].roles.contains(.rowStart)
      hasRule = hasRule || isRule
      return !isRule
    }
    return (hasRule, rest)
  }

  /// The last row of a table with a rule below it.
  private static func addingRuleBelow(_ content: String) -> String {
    guard let row = content.range(ofLast: "<mtr>") else { return content }
    let head = content[..<row]
    let last = content[row...].dropFirst("<mtr>".count)
    return head + "<mtr style=\"border-bottom: 1px solid\">" + last
  }
}

extension String {
  /// Where the last occurrence of a piece begins.
  fileprivate func range(ofLast piece: String) -> String.Index? {
    let bytes = Array(utf8)
    let wanted = Array(piece.utf8)
    guard bytes.count >= wanted.count else { return nil }
    for start in stride(from: bytes.count - wanted.count, through: 0, by: -1)
    where bytes[start] == wanted[0] && Array(bytes[start..<start + wanted.count]) == wanted {
      return utf8.index(startIndex, offsetBy: start)
    }
    return nil
  }
}
