/// Writes a tree as canonical LaTeX: one spelling of each command, braces around each argument and each
/// script, no blanks but those that are needed. Reading it again gives the same tree.
package struct LaTeXWriter {
  /// The LaTeX, and for each symbol the bytes of it and of the source that it was read from.
  package struct Result: Sendable {
    package var text = ""
    package var spans: [(output: Range<Int>, source: Range<Int>)] = []

    /// Where what stood at `source` stands in the text; nil if nothing of it does.
    package func range(ofSource source: Range<Int>) -> Range<Int>? {
      let parts = spans.filter { $0.source.overlaps(source) }.map(\.output)
      guard let low = parts.map(\.lowerBound).min(), let high = parts.map(\.upperBound).max() else {
        return nil
      }
      return low..<high
    }
  }

  private var result = Result()
  private var count = 0
  /// Whether a letter would become part of the last command's name.
  private var endsInWord = false
  private let table = CommandTable.shared

  package static func write(_ nodes: [Node]) -> Result {
    var writer = LaTeXWriter()
    writer.list(nodes)
    return writer.result
  }

  private mutating func put(_ text: some StringProtocol) {
    guard let first = text.utf8.first else { return }
    if endsInWord, CommandTable.isLetter(first) {
      result.text += " "
      count += 1
    }
    result.text += text
    count += text.utf8.count
    endsInWord = false
  }

  private mutating func command(_ name: String) {
    put("\\" + name)
    endsInWord = name.utf8.last.map(CommandTable.isLetter) ?? false
  }

  private mutating func span(_ source: Range<Int>, _ body: (inout LaTeXWriter) -> Void) {
    let start = count
    body(&self)
    result.spans.append((start..<count, source))
  }

  private mutating func list(_ nodes: [Node]) {
    for node in nodes { write(node) }
  }

  private mutating func braced(_ nodes: [Node]) {
    put("{")
    list(nodes)
    put("}")
  }

  private mutating func write(_ node: Node) {
    switch node.kind {
    case .character(let scalar): span(node.range) { $0.put(String(Character(scalar))) }
    case .command(let id): span(node.range) { $0.command($0.table[id].name) }
    case .unknown(let name): span(node.range) { $0.command(name) }
    case .construct(let id, let arguments): construct(node, id, arguments)
    case .group(let nodes): braced(nodes)
    case .scripts(let base, let sub, let sup, let primes):
      if let base { write(base) }
      if let sub {
        put("_")
        braced(sub)
      }
      if primes > 0 { put(String(repeating: "'", count: primes)) }
      if let sup {
        put("^")
        braced(sup)
      }
    case .limited(let base, let id):
      write(base)
      command(table[id].name)
    case .fenced(let left, let nodes, let right):
      command("left")
      write(left)
      list(nodes)
      command("right")
      write(right)
    case .middle(let delimiter):
      command("middle")
      write(delimiter)
    case .environment(let id, let arguments, let rows): environment(id, arguments, rows)
    case .space: put(" ")
    case .formula(let nodes):
      put("$")
      list(nodes)
      put("$")
    case .newline: put("\\\\ ")
    case .alignment: put("&")
    }
  }

  private mutating func construct(_ node: Node, _ id: CommandID, _ arguments: [Argument]) {
    let own = table[id]
    span(
      node.range
        .lowerBound..<min(node.range.upperBound, node.range.lowerBound + own.name.utf8.count + 1)
    ) {
      $0.command(own.name)
    }
    // In braces the sign would be an ordinary one, with other spaces than the stroke is made for.
    if own.name == "not", case .math(let nodes)? = arguments.first, nodes.count == 1,
      isSymbol(nodes[0])
    {
      write(nodes[0])
      return
    }
    write(arguments, own.slots)
  }

  private func isSymbol(_ node: Node) -> Bool {
    switch node.kind {
    case .character: true
    case .command(let id): table[id].roles.contains([.symbol, .mathematical])
    default: false
    }
  }

  private mutating func write(_ arguments: [Argument], _ slots: [Slot]) {
    for (argument, slot) in zip(arguments, slots) {
      switch argument {
      case .absent:
        if slot == .bracedDelimiter { put("{}") }
      case .math(let nodes):
        if slot == .optionalMath {
          put("[")
          list(nodes)
          put("]")
        } else {
          braced(nodes)
        }
      case .text(let nodes): braced(nodes)
      case .delimiter(let node):
        if slot == .bracedDelimiter {
          braced([node])
        } else {
          write(node)
        }
      case .rows(let rows):
        put("{")
        self.rows(rows)
        put("}")
      case .raw(let text):
        switch slot {
        case .star, .bareDimension, .bareMuDimension: put(text)
        case .optionalDimension, .optionalRaw, .optionalPlace: put("[\(text)]")
        default: put("{\(text)}")
        }
      }
    }
  }

  private mutating func environment(_ id: UInt16, _ arguments: [Argument], _ rows: [Row]) {
    let environment = EnvironmentTable.shared[id]
    put("\\begin{\(environment.name)}")
    write(arguments, environment.slots)
    self.rows(rows)
    put("\\end{\(environment.name)}")
  }

  private mutating func rows(_ rows: [Row]) {
    for (index, row) in rows.enumerated() {
      for (column, cell) in row.cells.enumerated() {
        if column > 0 { put("&") }
        list(cell)
      }
      let isLast = index == rows.count - 1
      // An empty last row would be taken for none.
      let wouldVanish = isLast && rows.count > 1 && row.cells.count == 1 && row.isEmpty
      guard !isLast || row.spacing != nil || wouldVanish else { continue }
      put("\\\\")
      put(row.spacing.map { "[\($0)]" } ?? " ")
    }
  }
}

extension Formula {
  /// The formula as canonical LaTeX: reading it again gives the same tree.
  package var canonicalLaTeX: String { LaTeXWriter.write(nodes).text }
}
