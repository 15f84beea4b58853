/// A formula that was read from LaTeX: its tree, and what is wrong with the text.
///
/// Reading is total: any text gives a tree. Where the text is not valid, the tree is that of `repaired`,
/// the text with as few changes as the reader could make.
package struct Formula: Sendable {
  /// The longest text that is read, in bytes; the rest is left out.
  package static let longest = 1 << 17

  package let nodes: [Node]
  /// What is wrong with the text, in the order of reading; empty for a valid formula.
  package let problems: [FormulaProblem]
  /// Valid LaTeX on one line, except for commands that nobody knows; offsets of nodes refer to it.
  package let repaired: EditedText
  /// What was closed that the text left open: "group", "\left", "environment", "bracket".
  package let closed: [String]

  /// Whether the text was a valid formula as it stood.
  package var isValid: Bool { problems.isEmpty }

  /// Commands that the table does not know, without backslash, each once.
  package var unknownCommands: [String] {
    var names: [String] = []
    var seen: Set<String> = []
    Self.visit(nodes) { node in
      Work.add(1)
      if case .unknown(let name) = node.kind, seen.insert(name).inserted { names.append(name) }
    }
    return names
  }

  /// Reads LaTeX without delimiters around it.
  package init(_ latex: String) {
    self.init(
      EditedText(Array(latex.utf8.prefix(Self.longest))), wasCut: latex.utf8.count > Self.longest)
  }

  init(_ text: EditedText, wasCut: Bool = false) {
    var text = text
    var problems: [FormulaProblem] = []
    var closed: [String] = []
    if let problem = FormulaCheck.firstProblem(text.bytes) { problems.append(problem) }
    var reading = FormulaReading(text.bytes)
    if !problems.isEmpty || !reading.problems.isEmpty {
      problems = reading.problems.isEmpty ? problems : reading.problems
    }
    if wasCut {
      let end = text.bytes.count
      problems.append(FormulaProblem(end..<end, .tooLong, in: text.bytes))
    }
    closed += reading.closed
    // What was put in may itself be found to need rows around it, and then a last reading.
    for _ in 0..<6 {
      let edits = reading.edits + reading.builder.wraps.flatMap(Self.edits(of:))
      let isSettled = edits.isEmpty
      let next = isSettled ? [] : edits
      if isSettled {
        let tidied = Tidying.edits(reading.builder.root, text.bytes)
        if tidied.isEmpty { break }
        text = text.applying(tidied)
      } else {
        text = text.applying(next)
      }
      reading = FormulaReading(text.bytes)
    }
    nodes = reading.builder.root
    self.problems = problems
    self.closed = closed
    repaired = text
  }

  /// Puts an environment around the content of a list that has rows.
  private static func edits(
    of wrap: (range: Range<Int>, rows: TreeBuilder.BareRows, isTop: Bool)
  ) -> [Edit] {
    let name = wrap.isTop ? (wrap.rows.hasAlignment ? "aligned" : "gathered") : "matrix"
    return [
      Edit(range: wrap.range.lowerBound..<wrap.range.lowerBound, replacement: "\\begin{\(name)} "),
      Edit(range: wrap.range.upperBound..<wrap.range.upperBound, replacement: " \\end{\(name)}"),
    ]
  }

  /// Visits every node, outer ones first.
  package static func visit(_ nodes: [Node], _ body: (Node) -> Void) {
    for node in nodes {
      body(node)
      for list in node.lists { visit(list, body) }
    }
  }
}

extension Node {
  /// The lists of nodes inside.
  var lists: [[Node]] {
    switch kind {
    case .construct(_, let arguments): return arguments.flatMap(\.lists)
    case .group(let nodes), .formula(let nodes), .fenced(_, let nodes, _): return [nodes]
    case .scripts(let base, let sub, let sup, _):
      return [base.map { [$0] } ?? [], sub ?? [], sup ?? []]
    case .limited(let node, _): return [[node]]
    case .environment(_, let arguments, let rows):
      return arguments.flatMap(\.lists) + rows.flatMap(\.cells)
    default: return []
    }
  }
}

extension Argument {
  var lists: [[Node]] {
    switch self {
    case .math(let nodes), .text(let nodes): [nodes]
    case .rows(let rows): rows.flatMap(\.cells)
    default: []
    }
  }
}
