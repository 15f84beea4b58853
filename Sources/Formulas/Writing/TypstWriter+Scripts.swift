extension TypstWriter {
  func scripts(
    _ base: Node?, _ sub: [Node]?, _ sup: [Node]?, _ primes: Int, _ inCall: Bool,
    _ escapesParentheses: Bool
  ) -> String {
    var text: String
    switch base?.kind {
    case nil: text = "\"\""
    case .group(let nodes)? where nodes.count != 1: text = "lr(\(list(nodes, inCall: true)))"
    case .character?, .construct?, .command?, .scripts?, .limited?, .fenced?, .environment?,
      .group?:
      text = base.map { write($0, inCall: inCall, escapesParentheses: escapesParentheses) } ?? ""
      if text.isEmpty { text = "\"\"" }
      if text.contains(" "), !text.hasSuffix(")") || text.hasPrefix("\\") { text = "lr(\(text))" }
      if text.hasPrefix("#") { text = "lr(\(text))" }
    default: text = "\"\""
    }
    if let sub { text += "_(" + list(sub, inCall: true) + ")" }
    if primes > 0 {
      text += "^(" + self.primes(primes) + (sup.map { " " + list($0, inCall: true) } ?? "") + ")"
    } else if let sup {
      text += "^(" + list(sup, inCall: true) + ")"
    }
    return text
  }

  /// `\sideset{_a^b}{_c^d}\sum`: scripts at the corners of the operator that follows.
  func sideset(_ node: Node, before next: Node) -> String? {
    guard case .construct(let id, let arguments) = node.kind, table[id].name == "sideset",
      arguments.count == 2
    else { return nil }
    var base = next
    var limits = Corners()
    if case .scripts(let inner?, let sub, let sup, _) = next.kind {
      base = inner
      limits = Corners(below: sub, above: sup)
    }
    let left = Corners(arguments[0].nodes)
    let right = Corners(arguments[1].nodes)
    func below(_ corners: Corners) -> String? { corners.below.map { list($0, inCall: true) } }
    func above(_ corners: Corners) -> String? {
      corners.above.map { list($0, inCall: true) }
        ?? (corners.primes > 0 ? primes(corners.primes) : nil)
    }
    let places = [
      ("bl", below(left)), ("tl", above(left)), ("br", below(right)), ("tr", above(right)),
      ("b", below(limits)), ("t", above(limits)),
    ]
    let operand = write(base, inCall: true)
    return "attach(" + (operand.isEmpty ? "\"\"" : operand)
      + places.compactMap { name, text in
        text.map { ", \(name): " + ($0.isEmpty ? "\"\"" : $0) }
      }.joined() + ")"
  }

  private func primes(_ count: Int) -> String {
    Array(repeating: "prime", count: min(count, 100)).joined(separator: " ")
  }
}
