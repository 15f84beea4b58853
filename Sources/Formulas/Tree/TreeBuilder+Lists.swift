/// Lists of nodes: cells, rows, scripts.
extension TreeBuilder {
  mutating func endCell() {
    items[top].cells.append(Self.list(items[top]))
    items[top].nodes = []
    items[top].infix = nil
  }

  mutating func endRow(_ next: Range<Int>) {
    // A row ends with its `\\`, though that is known only when the next lexeme comes.
    let range = rowEnd ?? next
    rowEnd = nil
    if items[top].frame.kind == .top {
      foldRow()
      items[top].endedRows.append(Node(kind: .newline, range: range))
      return
    }
    endCell()
    items[top].rows.append(Row(cells: items[top].cells, spacing: items[top].spacing, end: range))
    items[top].cells = []
    items[top].spacing = nil
  }

  /// Ends a row of the top list, or a part of `\left…\middle…\right`: its `\\over` reaches to the row's ends.
  mutating func foldRow() {
    items[top].endedRows += Self.folded(items[top])
    items[top].nodes = []
    items[top].infix = nil
  }

  mutating func wrapIfNeeded(_ item: Item, end: Int) {
    guard let rows = item.bareRows else { return }
    wraps.append((item.contentStart..<max(item.contentStart, end), rows, false))
  }

  /// The whole list of an item.
  static func list(_ item: Item) -> [Node] {
    item.endedRows.isEmpty ? folded(item) : item.endedRows + folded(item)
  }

  /// The row of an item that comes in, with `\over` and its like as the fraction that they make.
  static func folded(_ item: Item) -> [Node] {
    guard var infix = item.infix else { return item.nodes }
    Work.add(infix.above.count + item.nodes.count)
    // What belongs to the row and not to the fraction stays outside.
    let row = infix.above + item.nodes
    let before = row.filter { hasRole($0, [.rowStart, .cellStart, .rowText]) }
    let behind = row.filter { hasRole($0, .tag) }
    let outside: CommandRole = [.rowStart, .cellStart, .rowText, .tag]
    infix.above = without(outside, infix.above)
    var item = item
    item.nodes = without(outside, item.nodes)
    let start = infix.above.first?.range.lowerBound ?? infix.range.lowerBound
    let end = item.nodes.last?.range.upperBound ?? infix.range.upperBound
    let range = start..<max(infix.range.upperBound, end)
    let table = CommandTable.shared
    let name = table[infix.id].name
    let parts: [Argument] = [.math(infix.above), .math(item.nodes)]
    func construct(_ name: String, _ arguments: [Argument]) -> [Node] {
      guard let id = table.command(named: name) else {
        return before + infix.above + item.nodes + behind
      }
      return before + [Node(kind: .construct(id, arguments), range: range)] + behind
    }
    func delimiter(_ name: String) -> Argument {
      let kind: Node.Kind =
        name.count == 1 && name != "{" && name != "}"
        ? .character(name.unicodeScalars.first ?? ".")
        : table.command(named: name).map(Node.Kind.command) ?? .character(".")
      return .delimiter(Node(kind: kind, range: infix.range))
    }
    switch name {
    case "over": return construct("frac", parts)
    case "choose": return construct("binom", parts)
    case "above":
      return construct("genfrac", [.absent, .absent, .raw(infix.argument ?? ""), .raw("")] + parts)
    case "brace":
      return construct("genfrac", [delimiter("{"), delimiter("}"), .raw("0pt"), .raw("")] + parts)
    case "brack":
      return construct("genfrac", [delimiter("["), delimiter("]"), .raw("0pt"), .raw("")] + parts)
    default: return construct("genfrac", [.absent, .absent, .raw("0pt"), .raw("")] + parts)
    }
  }

  /// A list without commands of some roles. A script that stood behind one has no atom, and gets none.
  static func without(_ roles: CommandRole, _ nodes: [Node]) -> [Node] {
    var result: [Node] = []
    var isBehind = false
    for node in nodes {
      if hasRole(node, roles) {
        isBehind = true
        continue
      }
      if isBehind, case .scripts(nil, let sub, let sup, let primes) = node.kind {
        let base = Node(kind: .group([]), range: node.range.lowerBound..<node.range.lowerBound)
        let kind = Node.Kind.scripts(base: base, sub: sub, sup: sup, primes: primes)
        result.append(Node(kind: kind, range: node.range))
      } else {
        result.append(node)
      }
      isBehind = false
    }
    return result
  }

  static func hasRole(_ node: Node, _ roles: CommandRole) -> Bool {
    switch node.kind {
    case .command(let id), .construct(let id, _):
      !CommandTable.shared[id].roles.isDisjoint(with: roles)
    default: false
    }
  }

  struct Scripts {
    var base: Node?
    var sub: [Node]?
    var sup: [Node]?
    var primes = 0
  }

  /// Changes the scripts of the last atom.
  mutating func script(at range: Range<Int>, _ change: (inout Scripts) -> Void) {
    var scripts = Scripts()
    var start = range.lowerBound
    if let last = items[top].nodes.last {
      switch last.kind {
      case .scripts(let base, let sub, let sup, let primes):
        var next = Scripts(base: base, sub: sub, sup: sup, primes: primes)
        let before = next
        change(&next)
        // A part that is there already belongs to another atom: an empty one.
        let isTaken =
          (before.sub != nil && next.sub != before.sub)
          || (before.sup != nil && next.sup != before.sup)
          || (before.sup != nil && next.primes != before.primes)
        if !isTaken {
          items[top].nodes.removeLast()
          scripts = next
          start = last.range.lowerBound
          append(scripts, start..<max(start, range.upperBound))
          return
        }
      case .command(let id):
        if !table[id].roles.isDisjoint(with: [.symbol]) {
          items[top].nodes.removeLast()
          scripts.base = last
          start = last.range.lowerBound
        }
      case .character("~"), .space, .newline, .alignment, .middle: break
      case .construct(let id, _):
        if table[id].roles.contains(.construct) {
          items[top].nodes.removeLast()
          scripts.base = last
          start = last.range.lowerBound
        }
      default:
        items[top].nodes.removeLast()
        scripts.base = last
        start = last.range.lowerBound
      }
    }
    change(&scripts)
    append(scripts, start..<max(start, range.upperBound))
  }

  mutating func append(_ scripts: Scripts, _ range: Range<Int>) {
    items[top].nodes.append(
      Node(
        kind: .scripts(
          base: scripts.base, sub: scripts.sub, sup: scripts.sup, primes: scripts.primes),
        range: range))
  }
}
