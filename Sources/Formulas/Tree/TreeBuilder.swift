/// Makes a tree of the grammar's events.
struct TreeBuilder {
  /// A frame whose parts come in.
  struct Item {
    var frame: Frame
    /// Where it began, and where its content did.
    var start: Int
    var contentStart: Int
    var nodes: [Node] = []
    var arguments: [Argument] = []
    var rows: [Row] = []
    var cells: [[Node]] = []
    var raw = ""
    /// `\over` and what stood before it.
    var infix: (id: CommandID, argument: String?, above: [Node], range: Range<Int>)?
    /// The rows, or the parts between `\middle`, that have ended; `nodes` holds the one that comes in.
    var endedRows: [Node] = []
    var left: Node?
    var right: Node?
    var awaitsRight = false
    var awaitsMiddle = false
    var spacing: String?
    /// The rows that its content turned out to have, though it is no environment.
    var bareRows: BareRows?
  }

  /// Rows found where no environment is.
  struct BareRows {
    var hasAlignment = false
  }

  private(set) var items: [Item]
  /// Lists that need an environment around their content: where it begins and ends.
  private(set) var wraps: [(range: Range<Int>, rows: BareRows, isTop: Bool)] = []
  private let table = CommandTable.shared
  private var rowEnd: Range<Int>?

  init() { items = [Item(frame: Frame(.top), start: 0, contentStart: 0)] }

  /// The list of the whole formula.
  var root: [Node] { Self.list(items[0]) }

  mutating func handle(_ event: Event, range: Range<Int>, name: () -> String) {
    Work.add(1)
    switch event {
    case .leaf(let lexeme): leaf(lexeme, range, name)
    case .open(let frame):
      items.append(Item(frame: frame, start: range.lowerBound, contentStart: range.upperBound))
    case .close(let frame): close(frame, range)
    case .cell:
      if items[top].frame.kind == .top {
        foldRow()
        items[top].endedRows.append(Node(kind: .alignment, range: range))
      } else {
        endCell()
      }
    case .row: endRow(range)
    }
  }

  var top: Int { items.count - 1 }

  /// Marks a frame as one whose content has rows; `level` counts frames as the grammar's stack does,
  /// without names of environments.
  mutating func markRows(hasAlignment: Bool) {
    var level = top
    while level > 0, !items[level].frame.kind.isMathList { level -= 1 }
    var rows = items[level].bareRows ?? BareRows()
    rows.hasAlignment = rows.hasAlignment || hasAlignment
    items[level].bareRows = rows
  }

  mutating func addUnknown(_ name: String, _ range: Range<Int>) {
    deliver(Node(kind: .unknown(name), range: range))
  }

  /// Whether the innermost list has just ended a row.
  var isBehindRow: Bool {
    items[top].frame.kind == .top
      ? items[top].nodes.isEmpty && items[top].endedRows.last?.kind == .newline
      : !items[top].rows.isEmpty && items[top].cells.isEmpty && items[top].nodes.isEmpty
  }

  /// The delimiter that the innermost `\left` has.
  var leftDelimiter: Node? { items[top].left }

  /// Makes the displayed environment that was read one that stands inside, or its content alone.
  mutating func unseal(as id: UInt16?) {
    guard let last = items[0].nodes.last, case .environment(_, let arguments, let rows) = last.kind
    else { return }
    items[0].nodes.removeLast()
    if let id {
      items[0].nodes.append(Node(kind: .environment(id, arguments, rows), range: last.range))
    } else {
      items[0].nodes += rows.flatMap { $0.cells.flatMap { $0 } }
    }
  }

  /// Ends the top list, whose content reaches to `end`.
  mutating func finish(at end: Int) {
    if let rows = items[0].bareRows { wraps.append((0..<end, rows, true)) }
  }

  // MARK: Leaves

  /// Whether the innermost frame holds text, where the canonical spelling of a symbol may not stand.
  private var isInText: Bool {
    let frame = items[top].frame
    return frame.kind == .text || frame.kind == .command && slots(of: frame).contains(.text)
  }

  private mutating func leaf(_ lexeme: Lexeme, _ range: Range<Int>, _ name: () -> String) {
    let kind: Node.Kind
    switch lexeme {
    case .character(let scalar): kind = .character(scalar)
    case .command(let id): kind = .command(isInText ? id : table[id].canonical ?? id)
    case .space: kind = .space
    case .paragraph, .unknown: return
    }
    let node = Node(kind: kind, range: range)
    switch items[top].frame.kind {
    case .raw, .gap:
      if items[top].frame.id == UInt16(Slot.bracedDelimiter.rawValue) { items[top].left = node }
      items[top].raw += rawText(lexeme)
    case .text:
      if node.kind != .space || items[top].nodes.last?.kind != .space {
        items[top].nodes.append(node)
      }
    case .command: argumentLeaf(node)
    default: mathLeaf(node)
    }
  }

  private func rawText(_ lexeme: Lexeme) -> String {
    switch lexeme {
    case .character(let scalar): String(Character(scalar))
    case .command(let id):
      "\\" + table[id].name
        + (table[id].name.utf8.first.map(CommandTable.isLetter) == true ? " " : "")
    default: " "
    }
  }

  private mutating func argumentLeaf(_ node: Node) {
    let slots = slots(of: items[top].frame)
    let next = slots[min(items[top].arguments.count, slots.count - 1)...].first { !$0.isOptional }
    if node.kind == .character("*"),
      slots[min(items[top].arguments.count, slots.count - 1)] == .star
    {
      append(.raw("*"), for: .star)
    } else if next == .delimiter || next == .bracedDelimiter {
      append(.delimiter(node), for: next ?? .delimiter)
    } else if next == .text {
      append(.text([node]), for: .text)
    } else {
      append(.math([node]), for: .math)
    }
  }

  private mutating func mathLeaf(_ node: Node) {
    if items[top].frame.kind == .script {
      items[top].nodes = [node]
      return
    }
    if items[top].frame.kind == .fenced, takeDelimiter(node) { return }
    switch node.kind {
    case .character("'"):
      script(at: node.range) { $0.primes += 1 }
    case .command(let id):
      let roles = table[id].roles
      if roles.contains(.infix) {
        items[top].infix = (id, nil, items[top].nodes, node.range)
        items[top].nodes = []
      } else if roles.contains(.limits), let last = items[top].nodes.popLast() {
        items[top].nodes.append(Self.limited(last, id, node.range))
      } else {
        items[top].nodes.append(node)
      }
    default: items[top].nodes.append(node)
    }
  }

  private static func limited(_ node: Node, _ id: CommandID, _ range: Range<Int>) -> Node {
    let all = node.range.lowerBound..<max(node.range.upperBound, range.upperBound)
    if case .scripts(let base?, let sub, let sup, let primes) = node.kind {
      let inner = limited(base, id, base.range)
      return Node(kind: .scripts(base: inner, sub: sub, sup: sup, primes: primes), range: all)
    }
    if case .limited(let inner, _) = node.kind {
      return Node(kind: .limited(inner, id), range: all)
    }
    return Node(kind: .limited(node, id), range: all)
  }

  /// Whether the node is a delimiter of `\left…\right`, or the command before one.
  private mutating func takeDelimiter(_ node: Node) -> Bool {
    if items[top].left == nil {
      items[top].left = node
      items[top].contentStart = node.range.upperBound
      return true
    }
    if items[top].awaitsRight {
      items[top].right = node
      return true
    }
    if items[top].awaitsMiddle {
      items[top].awaitsMiddle = false
      items[top].endedRows.append(Node(kind: .middle(node), range: node.range))
      return true
    }
    guard case .command(let id) = node.kind else { return false }
    if table[id].roles.contains(.right) {
      items[top].awaitsRight = true
      wrapIfNeeded(items[top], end: node.range.lowerBound)
      return true
    }
    if table[id].roles.contains(.middle) {
      foldRow()
      items[top].awaitsMiddle = true
      return true
    }
    return false
  }

  // MARK: Frames

  private func slots(of frame: Frame) -> [Slot] {
    frame.flags.contains(.environment)
      ? EnvironmentTable.shared[frame.id].slots
      : table[CommandID(index: frame.id)].slots
  }

  /// Adds an argument; optional ones before it are absent.
  private mutating func append(_ argument: Argument, for slot: Slot) {
    let slots = slots(of: items[top].frame)
    while items[top].arguments.count < slots.count {
      let next = slots[items[top].arguments.count]
      if next == slot || !next.isOptional { break }
      items[top].arguments.append(.absent)
    }
    items[top].arguments.append(argument)
  }

  /// Gives an atom to the innermost frame.
  private mutating func deliver(_ node: Node) {
    switch items[top].frame.kind {
    case .command: append(.math([node]), for: .math)
    case .script: items[top].nodes = [node]
    default: items[top].nodes.append(node)
    }
  }

  private mutating func close(_ frame: Frame, _ range: Range<Int>) {
    var item = items.removeLast()
    item.frame = frame
    let whole = item.start..<max(item.start, range.upperBound)
    switch frame.kind {
    case .group:
      wrapIfNeeded(item, end: range.lowerBound)
      let nodes = Self.list(item)
      if frame.flags.contains(.argument) {
        if items[top].frame.kind == .script {
          items[top].nodes = nodes
        } else {
          append(.math(nodes), for: .math)
        }
      } else {
        deliver(Node(kind: .group(nodes), range: whole))
      }
    case .bracket: append(.math(Self.list(item)), for: .optionalMath)
    case .rows:
      item.cells.append(Self.list(item))
      item.rows.append(
        Row(cells: item.cells, spacing: nil, end: range.lowerBound..<range.lowerBound))
      append(.rows(Self.trimmed(item.rows)), for: .rows)
    case .text:
      if frame.flags.contains(.argument) {
        let slots = slots(of: items[top].frame)
        let next = slots[min(items[top].arguments.count, slots.count - 1)...].first {
          !$0.isOptional
        }
        append(.text(item.nodes), for: next ?? .text)
      } else {
        items[top].nodes.append(Node(kind: .group(item.nodes), range: whole))
      }
    case .inlineMath:
      wrapIfNeeded(item, end: range.lowerBound)
      items[top].nodes.append(Node(kind: .formula(Self.list(item)), range: whole))
    case .raw, .gap:
      let slot = Slot(rawValue: UInt8(frame.id)) ?? .raw
      if slot == .bracedDelimiter {
        append(item.left.map(Argument.delimiter) ?? .absent, for: slot)
      } else {
        append(.raw(item.raw), for: slot)
      }
    case .fenced:
      let dot = Node(kind: .character("."), range: range)
      deliver(
        Node(
          kind: .fenced(left: item.left ?? dot, Self.list(item), right: item.right ?? dot),
          range: whole))
    case .cells: closeCells(&item, whole, range)
    case .script:
      let nodes = item.nodes
      script(at: whole) { scripts in
        if frame.id == 0 { scripts.sub = nodes } else { scripts.sup = nodes }
      }
    case .command: closeCommand(item, whole)
    case .top, .beginName, .endName: break
    }
  }

  private mutating func closeCells(_ item: inout Item, _ whole: Range<Int>, _ range: Range<Int>) {
    item.cells.append(Self.list(item))
    item.rows.append(Row(cells: item.cells, spacing: nil, end: whole.upperBound..<whole.upperBound))
    deliver(
      Node(
        kind: .environment(item.frame.id, item.arguments, Self.trimmed(item.rows)), range: whole))
  }

  /// Without the empty row that stands behind the last `\\`.
  private static func trimmed(_ rows: [Row]) -> [Row] {
    guard rows.count > 1, let last = rows.last, last.cells.count == 1, last.isEmpty else {
      return rows
    }
    return Array(rows.dropLast())
  }

  private mutating func closeCommand(_ item: Item, _ whole: Range<Int>) {
    if item.frame.flags.contains(.environment) {
      var arguments = item.arguments
      while arguments.count < slots(of: item.frame).count { arguments.append(.absent) }
      items[top].arguments = arguments
      return
    }
    let id = CommandID(index: item.frame.id)
    let command = table[id]
    var arguments = item.arguments
    while arguments.count < command.slots.count { arguments.append(.absent) }
    if command.roles.contains(.newline) {
      rowEnd = item.start..<min(item.start + 2, max(item.start, whole.upperBound))
      if case .raw(let text)? = arguments.last { items[top].spacing = text }
    } else if command.roles.contains(.infix) {
      var length: String?
      if case .raw(let text)? = arguments.last { length = text }
      items[top].infix = (id, length, items[top].nodes, whole)
      items[top].nodes = []
    } else {
      deliver(Node(kind: .construct(id, arguments), range: whole))
    }
  }

  // MARK: Lists

  private mutating func endCell() {
    items[top].cells.append(Self.list(items[top]))
    items[top].nodes = []
    items[top].infix = nil
  }

  private mutating func endRow(_ next: Range<Int>) {
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
  private mutating func foldRow() {
    items[top].endedRows += Self.folded(items[top])
    items[top].nodes = []
    items[top].infix = nil
  }

  private mutating func wrapIfNeeded(_ item: Item, end: Int) {
    guard let rows = item.bareRows else { return }
    wraps.append((item.contentStart..<max(item.contentStart, end), rows, false))
  }

  /// The whole list of an item.
  private static func list(_ item: Item) -> [Node] {
    item.endedRows.isEmpty ? folded(item) : item.endedRows + folded(item)
  }

  /// The row of an item that comes in, with `\over` and its like as the fraction that they make.
  private static func folded(_ item: Item) -> [Node] {
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
  private static func without(_ roles: CommandRole, _ nodes: [Node]) -> [Node] {
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

  private static func hasRole(_ node: Node, _ roles: CommandRole) -> Bool {
    switch node.kind {
    case .command(let id), .construct(let id, _):
      !CommandTable.shared[id].roles.isDisjoint(with: roles)
    default: false
    }
  }

  private struct Scripts {
    var base: Node?
    var sub: [Node]?
    var sup: [Node]?
    var primes = 0
  }

  /// Changes the scripts of the last atom.
  private mutating func script(at range: Range<Int>, _ change: (inout Scripts) -> Void) {
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

  private mutating func append(_ scripts: Scripts, _ range: Range<Int>) {
    items[top].nodes.append(
      Node(
        kind: .scripts(
          base: scripts.base, sub: scripts.sub, sup: scripts.sup, primes: scripts.primes),
        range: range))
  }
}
