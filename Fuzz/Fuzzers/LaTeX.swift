@testable import JanusFormulas

extension FuzzTarget {
  /// A formula of any text: its canonical form has the same tree, and every writer takes it.
  static let latex = FuzzTarget("latex", mostBytes: 512) { input in
    let formula = Formula(String(decoding: input, as: UTF8.self))
    let again = Formula(formula.canonicalLaTeX)
    precondition(again.nodes == formula.nodes, "the canonical text has another tree")
    precondition(again.canonicalLaTeX == formula.canonicalLaTeX)
    _ = (formula.mathML(), formula.typst, formula.plainText, formula.packages)
    _ = formula.problems.map(\.description)
  }

  /// The beginning of a formula byte by byte: what is accepted can be closed, and is then valid.
  static let latexPrefix = FuzzTarget("latex-prefix", mostBytes: 256) { input in
    var prefix = FormulaPrefix()
    var taken: [UInt8] = []
    for byte in input {
      guard let next = prefix.advanced(by: [byte]) else { break }
      prefix = next
      taken.append(byte)
    }
    guard String(validating: taken, as: UTF8.self) != nil else { return }
    let text = String(decoding: taken + prefix.closing, as: UTF8.self)
    precondition(Formula(text).isValid, "what was accepted and closed is not valid")
  }

  /// A model's answer with formulas in it.
  static let answer = FuzzTarget("answer", mostBytes: 1024) { input in
    guard let first = input.first else { return }
    let text = String(decoding: input.dropFirst(), as: UTF8.self)
    _ = FormulaAnswer(text, dropsUnknown: first.isMultiple(of: 2))
  }
}
