extension Formula {
  /// Presentation MathML of the Core, with the canonical LaTeX as its annotation.
  ///
  /// - Parameter display: as a formula on a line of its own; false for one inside of a line.
  package func mathML(display: Bool = true) -> String {
    MathMLWriter.write(nodes, latex: canonicalLaTeX, display: display)
  }

  /// A formula of Typst, without dollar signs.
  package var typst: String { TypstWriter.write(nodes) }

  /// Plain text of Unicode.
  package var plainText: String { PlainTextWriter.write(nodes) }

  /// The packages that a document needs for it beside amsmath and amssymb, in alphabetic order.
  package var packages: [String] {
    var names: Set<String> = []
    Self.visit(nodes) { node in
      switch node.kind {
      case .command(let id), .construct(let id, _):
        if let name = CommandTable.shared[id].package { names.insert(name) }
      case .environment(let id, _, _):
        if let name = EnvironmentTable.shared[id].package { names.insert(name) }
      default: break
      }
    }
    return names.sorted()
  }
}
