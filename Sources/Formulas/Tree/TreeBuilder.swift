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

  var items: [Item]
  /// Lists that need an environment around their content: where it begins and ends.
  var wraps: [(range: Range<Int>, rows: BareRows, isTop: Bool)] = []
  let table = CommandTable.shared
  var rowEnd: Range<Int>?

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
  var isInText: Bool {
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

  func slots(of frame: Frame) -> [Slot] {
    frame.flags.contains(.environment)
      ? EnvironmentTable.shared[frame.id].slots
      : table[CommandID(index: frame.id)].slots
  }

  /// Adds an argument; optional ones before it are absent.
  mutating func append(_ argument: Argument, for slot: Slot) {
    let slots = slots(of: items[top].frame)
    while items[top].arguments.count < slots.count {
      let next = slots[items[top].arguments.count]
      if next == slot || !next.isOptional { break }
      items[top].arguments.append(.absent)
    }
    items[top].arguments.append(argument)
  }

  /// Gives an atom to the innermost frame.
  mutating func deliver(_ node: Node) {
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
}
