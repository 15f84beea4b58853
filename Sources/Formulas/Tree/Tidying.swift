/// Small changes that leave a valid formula valid and its print the same: LaTeX itself or other programs
/// need them.
struct Tidying {
  private let bytes: [UInt8]
  private var edits: [Edit] = []
  private let table = CommandTable.shared

  static func edits(_ nodes: [Node], _ bytes: [UInt8]) -> [Edit] {
    var tidying = Tidying(bytes: bytes)
    // Ends of rows behind which no row comes.
    let ends = nodes.reversed().prefix { $0.kind == .newline }
    if !ends.isEmpty {
      tidying.edits += ends.reversed().map { Edit(range: $0.range, replacement: "") }
      return tidying.edits
    }
    // Rows without an environment are one line in a displayed formula.
    if nodes.contains(where: { $0.kind == .newline }) {
      let name = nodes.contains { $0.kind == .alignment } ? "aligned" : "gathered"
      tidying.put("\\begin{\(name)} ", at: 0)
      tidying.put(" \\end{\(name)}", at: bytes.count)
      return tidying.edits
    }
    tidying.list(nodes)
    return tidying.edits
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func put(_ text: String, at position: Int) {
    edits.append(Edit(range: position..<position, replacement: text))
  }

  private mutating func list(_ nodes: [Node]) {
    for node in nodes { visit(node) }
  }

  private mutating func visit(_ node: Node) {
    switch node.kind {
    case .construct(let id, let arguments):
      if spelled(node, id, arguments) { return }
      for argument in arguments {
        if case .math(let nodes) = argument { brace(nodes) }
      }
    case .scripts(_, let sub, let sup, _):
      brace(sub ?? [], inScript: true)
      brace(sup ?? [], inScript: true)
    case .environment(let id, let arguments, let rows): columns(node, id, arguments, rows)
    default: break
    }
    for nodes in node.lists { list(nodes) }
  }

  /// LaTeX takes one symbol as an argument without braces, and not every command.
  private mutating func brace(_ nodes: [Node], inScript: Bool = false) {
    guard nodes.count == 1, let node = nodes.first, case .construct(let id, _) = node.kind,
      !inScript || !Self.expandsToGroup.contains(table[id].name)
    else { return }
    var start = node.range.lowerBound
    while start > 0, Lexer.isSpace(bytes[start - 1]) { start -= 1 }
    if start > 0, bytes[start - 1] == UInt8(ascii: "{") || bytes[start - 1] == UInt8(ascii: "[") {
      return
    }
    put("{", at: node.range.lowerBound)
    put("}", at: node.range.upperBound)
  }

  /// Commands that TeX finds a group in when they are a script.
  private static let expandsToGroup: Set<String> = [
    "frac", "dfrac", "tfrac", "binom", "dbinom", "tbinom", "text", "textrm", "textbf", "textit",
    "mathrm", "mathbf", "mathit", "mathsf", "mathtt", "mathcal", "mathbb", "mathfrak",
  ]

  // MARK: Names

  /// Letters set apart: `\operatorname{s i n}` is `\sin`, `\mathrm{d x}` is `\mathrm{dx}`.
  private mutating func spelled(_ node: Node, _ id: CommandID, _ arguments: [Argument]) -> Bool {
    let name = table[id].name
    let names: Set<String> = ["operatorname", "mathrm", "mathbf", "mathit", "mathsf", "mathtt"]
    guard names.contains(name), case .math(let nodes)? = arguments.last, !nodes.isEmpty else {
      return false
    }
    var word = ""
    for node in nodes {
      guard case .character(let scalar) = node.kind, scalar.isASCII, scalar.properties.isAlphabetic
      else { return false }
      word.unicodeScalars.append(scalar)
    }
    let isApart =
      nodes.count > 1
      && zip(nodes, nodes.dropFirst()).allSatisfy { $0.range.upperBound < $1.range.lowerBound }
    if name == "operatorname", arguments.first == .absent || arguments.first == .raw("*") {
      let hasStar = arguments.first == .raw("*")
      if let function = table.command(named: word), table[function].atom == .function,
        table[function].takesLimits == hasStar, table[function].package == nil
      {
        let next = node.range.upperBound
        let needsSpace = next < bytes.count && CommandTable.isLetter(bytes[next])
        edits.append(Edit(range: node.range, replacement: "\\" + word + (needsSpace ? " " : "")))
        return true
      }
    }
    guard isApart, let first = nodes.first, let last = nodes.last else { return false }
    edits.append(
      Edit(range: first.range.lowerBound..<last.range.upperBound, replacement: word))
    return true
  }

  // MARK: Columns

  /// An environment with more columns than LaTeX gives it becomes one that has them.
  private mutating func columns(
    _ node: Node, _ id: UInt16, _ arguments: [Argument], _ rows: [Row]
  ) {
    let environment = EnvironmentTable.shared[id]
    let count = rows.map(Self.columns).max() ?? 0
    var declared = environment.columns ?? (environment.kind == .grid ? 10 : .max)
    if case .raw(let letters)? = arguments.last, environment.slots.last == .columns {
      declared = Self.declaredColumns(letters)
    }
    guard count > declared, declared < Environment.mostColumns else { return }
    // What `\multicolumn` says may be much more than there is.
    let wanted = min(count, max(200, rows.map(\.cells.count).max() ?? 0), Environment.mostColumns)
    if environment.slots.last == .columns {
      if wanted > declared { extend(node, by: wanted - declared) }
      return
    }
    let begin = "\\begin{\(environment.name)}"
    let end = "\\end{\(environment.name)}"
    let text = String(decoding: bytes[node.range.clamped(to: 0..<bytes.count)], as: UTF8.self)
    guard text.hasPrefix(begin), text.hasSuffix(end) else { return }
    let (opener, closer) = Self.replacement(environment, columns: wanted)
    var start = node.range.lowerBound + begin.utf8.count
    if environment.slots == [.optionalRaw], start < bytes.count, bytes[start] == UInt8(ascii: "["),
      let bracket = TokenReader(bytes).closer(of: start, limit: 60)
    {
      start = bracket + 1
    }
    edits.append(Edit(range: node.range.lowerBound..<start, replacement: opener))
    edits.append(
      Edit(
        range: node.range.upperBound - end.utf8.count..<node.range.upperBound, replacement: closer))
  }

  private static func replacement(
    _ environment: Environment, columns: Int
  ) -> (String, String) {
    guard environment.kind == .grid else {
      return environment.isOuter
        ? ("\\begin{align*}", "\\end{align*}") : ("\\begin{aligned}", "\\end{aligned}")
    }
    let letter = environment.alignment.first.map { String(Unicode.Scalar($0)) } ?? "c"
    let fences = environment.fences
    func delimiter(_ sign: String) -> String {
      switch sign {
      case "": "."
      case "{", "}": "\\" + sign
      case "‖": "\\|"
      default: sign
      }
    }
    let hasFences = !fences.left.isEmpty || !fences.right.isEmpty
    let letters = String(repeating: letter, count: columns)
    return (
      (hasFences ? "\\left\(delimiter(fences.left))" : "") + "\\begin{array}{\(letters)}",
      "\\end{array}" + (hasFences ? "\\right\(delimiter(fences.right))" : "")
    )
  }

  /// Adds letters at the end of an array's columns.
  private mutating func extend(_ node: Node, by count: Int) {
    let reader = TokenReader(bytes)
    guard let (_, nameEnd) = reader.environmentName(from: node.range.lowerBound + 6) else { return }
    var start = reader.skippingSpaces(from: nameEnd)
    if start < bytes.count, bytes[start] == UInt8(ascii: "["),
      let closer = reader.closer(of: start, limit: 60)
    {
      start = reader.skippingSpaces(from: closer + 1)
    }
    guard start < bytes.count, bytes[start] == UInt8(ascii: "{"),
      let closer = reader.closer(ofColumns: start)
    else { return }
    let last = bytes[start..<closer].last { "lcr".utf8.contains($0) } ?? UInt8(ascii: "c")
    put(String(repeating: String(Unicode.Scalar(last)), count: count), at: closer)
  }

  /// How many columns a row takes.
  static func columns(_ row: Row) -> Int {
    let table = CommandTable.shared
    var count = row.cells.count
    for cell in row.cells {
      for node in cell {
        if case .construct(let id, let arguments) = node.kind,
          table[id].name == "multicolumn" || table[id].name == "hdotsfor",
          case .raw(let number)? = arguments.first
        {
          count += max(0, (Int(number) ?? 1) - 1)
        }
      }
    }
    return count
  }

  /// How many columns the letters of an array's argument declare.
  static func declaredColumns(_ letters: String) -> Int { columnLetters(letters).count }

  /// The letters l, c, r of an array's argument, repetitions written out; at most `mostColumns`.
  static func columnLetters(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count, result.count < Environment.mostColumns {
      switch bytes[index] {
      case UInt8(ascii: "l"), UInt8(ascii: "c"), UInt8(ascii: "r"): result.append(bytes[index])
      case UInt8(ascii: "@"):
        while index < bytes.count, bytes[index] != UInt8(ascii: "}") { index += 1 }
      case UInt8(ascii: "*"):
        // The grammar leaves digits and braces: *12{lc}.
        var number = 0
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "}"),
          !(bytes[index] == UInt8(ascii: "{") && number > 0)
        {
          if (0x30...0x39).contains(bytes[index]) {
            number = min(100, number * 10 + Int(bytes[index] - 0x30))
          }
          index += 1
        }
        while index < bytes.count, bytes[index] != UInt8(ascii: "{") { index += 1 }
        var inner: [UInt8] = []
        while index < bytes.count, bytes[index] != UInt8(ascii: "}") {
          if "lcr".utf8.contains(bytes[index]) { inner.append(bytes[index]) }
          index += 1
        }
        for _ in 0..<max(1, number) where result.count < Environment.mostColumns { result += inner }
      default: break
      }
      index += 1
    }
    return result
  }
}
