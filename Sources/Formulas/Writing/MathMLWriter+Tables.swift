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
    // A last row of lines alone is below everything.
    var rows = rows
    var linesBelow = Lines()
    if rows.count > 1, let last = rows.last, last.cells.count == 1 {
      let (lines, rest) = withoutLines(last.cells[0])
      if rest.isEmpty, !lines.isEmpty {
        linesBelow = lines
        rows.removeLast()
      }
    }
    var content = ""
    for (number, row) in rows.enumerated() {
      var cells = ""
      var column = 0
      let (linesAbove, first) = withoutLines(row.cells.first ?? [])
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
        let columns = column..<column + span
        cells += self.cell(
          parts, letter, columns, rules: rules, isAligned: isAligned,
          lineAbove: linesAbove.cross(columns),
          lineBelow: number == rows.count - 1 && linesBelow.cross(columns))
        column += span
      }
      content += XML.element("mtr", cells)
    }
    let attributes = isDisplayed ? "displaystyle=\"true\"" : ""
    return XML.element("mtable", attributes, content)
  }

  private func cell(
    _ parts: [XML], _ letter: UInt8, _ columns: Range<Int>, rules: Set<Int>, isAligned: Bool,
    lineAbove: Bool, lineBelow: Bool
  ) -> String {
    let names: [UInt8: String] = [
      UInt8(ascii: "l"): "left", UInt8(ascii: "r"): "right", UInt8(ascii: "c"): "center",
    ]
    let name = names[letter] ?? "center"
    var styles: [String] = name == "center" ? [] : ["text-align: \(name)"]
    if isAligned {
      styles.append(columns.lowerBound % 2 == 0 ? "padding-right: 0" : "padding-left: 0")
    }
    if rules.contains(columns.lowerBound) { styles.append("border-left: 1px solid") }
    if rules.contains(columns.upperBound) { styles.append("border-right: 1px solid") }
    // Browsers draw no borders of rows.
    if lineAbove { styles.append("border-top: 1px solid") }
    if lineBelow { styles.append("border-bottom: 1px solid") }
    var attributes = columns.count > 1 ? ["columnspan=\"\(columns.count)\""] : []
    if name != "center" { attributes.append("columnalign=\"\(name)\"") }
    if !styles.isEmpty { attributes.append("style=\"\(styles.joined(separator: "; "))\"") }
    return XML.element("mtd", attributes.joined(separator: " "), parts.map(\.text).joined())
  }

  /// Horizontal lines between two rows: through all columns, or through some.
  private struct Lines {
    var isWhole = false
    var parts: [Range<Int>] = []

    var isEmpty: Bool { !isWhole && parts.isEmpty }

    func cross(_ columns: Range<Int>) -> Bool {
      isWhole || parts.contains { $0.overlaps(columns) }
    }
  }

  /// A first cell without the lines before it, and these.
  private func withoutLines(_ nodes: [Node]) -> (Lines, [Node]) {
    var lines = Lines()
    let rest = nodes.filter { node in
      switch node.kind {
      case .command(let id) where table[id].roles.contains(.rowStart): lines.isWhole = true
      case .construct(let id, let arguments) where table[id].roles.contains(.rowStart):
        if case .raw(let text)? = arguments.first, let columns = Self.columns(text) {
          lines.parts.append(columns)
        } else {
          lines.isWhole = true
        }
      default: return true
      }
      return false
    }
    return (lines, rest)
  }

  /// The columns of `\cline{2-3}`, from 0.
  private static func columns(_ text: String) -> Range<Int>? {
    let ends = text.split(separator: "-").compactMap { Int($0.filter { $0 != " " }) }
    guard ends.count == 2, 1 <= ends[0], ends[0] <= ends[1], ends[1] <= Environment.mostColumns
    else { return nil }
    return ends[0] - 1..<ends[1]
  }
}
