import Foundation
import Testing

@testable import JanusFormulas

@Suite struct CanonicalTests {
  static let spellings: [(String, String)] = [
    (
      #"\left(a\over b\middle|c\over d\right)"#,
      #"\left(\frac{a}{b}\middle|\frac{c}{d}\right)"#
    ), (#"a\tag{1}^2\over b"#, #"\frac{a{}^{2}}{b}\tag{1}"#),
    (#"\frac12"#, #"\frac{1}{2}"#), ("x^2_i", "x_{i}^{2}"), (#"a\over b"#, #"\frac{a}{b}"#),
    (#"a \le b \to c"#, #"a\leq b\rightarrow c"#), ("x ' ' ^ { 2 }", "x''^{2}"),
    (#"\left\lbrace a \right\rbrace"#, #"\left\{a\right\}"#), ("α+β", #"\alpha+\beta"#),
    (#"\operatorname{s i n}^{2} x"#, #"\sin^{2}x"#), (#"x^\sqrt2"#, #"x^{\sqrt{2}}"#),
    (
      #"\begin{array} { c c } a & b \\ c & d \\ \end{array}"#,
      #"\begin{array}{cc}a&b\\ c&d\end{array}"#
    ),
    (#"n \choose k"#, #"\binom{n}{k}"#), (#"\text{a  b}"#, #"\text{a b}"#),
    (#"\sqrt x"#, #"\sqrt{x}"#),
    (#"\big{(}"#, #"\big("#), ("x % note\n+ y", "x+y"),
    (#"\sum_1\limits^2"#, #"\sum\limits_{1}^{2}"#),
    (#"a \\ b"#, #"\begin{gathered}a\\ b\end{gathered}"#), (#"\mathrm{d x}"#, #"\mathrm{dx}"#),
    (
      #"a \\ b"# + String(repeating: #" \\"#, count: 20),
      #"\begin{gathered}a\\ b\end{gathered}"#
    ),
    (#"a \\ b \end \\ \end{cs \\ \end{cs"#, #"\begin{gathered}a\\ b\end{gathered}"#),
    (#"a\not=b\lnot c"#, #"a\not=b\neg c"#), (#"\not\subset"#, #"\not\subset"#),
    (#"\omicron"#, "o"), (#"\underbracket[1pt]{c}_d"#, #"\underbracket[1pt]{c}_{d}"#),
    (#"a\\**b"#, #"\begin{gathered}a\\ {}*b\end{gathered}"#),
    ("\\sqrt[3%]}{\n+1]{x}", #"\sqrt[3+1]{x}"#),
  ]

  @Test(arguments: spellings)
  func eachFormulaHasOneSpelling(_ latex: String, _ canonical: String) {
    #expect(Formula(latex).canonicalLaTeX == canonical)
  }

  private func check(_ text: String) {
    let formula = Formula(text)
    let canonical = formula.canonicalLaTeX
    let again = Formula(canonical)
    #expect(again.nodes == formula.nodes, "\(text) -> \(canonical)")
    #expect(again.canonicalLaTeX == canonical)
    if formula.unknownCommands.isEmpty {
      #expect(again.isValid, "\(text) -> \(canonical): \(again.problems)")
      let repaired = Formula(formula.repaired.text)
      #expect(repaired.isValid, "\(text) -> \(formula.repaired.text): \(repaired.problems)")
    }
    // None of the forms lets a control character through.
    for form in [canonical, formula.repaired.text, formula.mathML(), formula.plainText] {
      #expect(!form.unicodeScalars.contains { Grammar.isControl($0) }, "\(text)")
    }
    #expect(WellFormed.problem(formula.mathML()) == nil, "\(text)")
  }

  @Test(arguments: Samples.formulas)
  func readingTheCanonicalSpellingGivesTheSameTree(_ latex: String) { check(latex) }

  /// 100,000 strings where FORMULA_STRINGS=100000 says so.
  @Test func soItDoesForRandomStrings() {
    let count = ProcessInfo.processInfo.environment["FORMULA_STRINGS"].flatMap(Int.init) ?? 3000
    var generator = SplitMix(28)
    for index in 0..<count {
      check(
        index % 2 == 0
          ? Samples.random(&generator) : String(decoding: Samples.broken(&generator), as: UTF8.self)
      )
    }
  }

  @Test func offsetsFollowEachSymbolIntoTheCanonicalSpelling() {
    let latex = #"\frac12 + \sqrt x"#
    let written = LaTeXWriter.write(Formula(latex).nodes)
    #expect(written.text == #"\frac{1}{2}+\sqrt{x}"#)
    // The 2 is byte 6 of the source; the x is byte 16.
    #expect(written.range(ofSource: 6..<7) == 9..<10)
    #expect(written.range(ofSource: 16..<17) == 18..<19)
  }
}

/// A judge of well-formed XML, as simple as the writer's output needs.
enum WellFormed {
  static func problem(_ xml: String) -> String? {
    var open: [Substring.UnicodeScalarView] = []
    var rest = xml.unicodeScalars[...]
    while let start = rest.firstIndex(of: "<") {
      guard !rest[..<start].contains(">") else { return "a bare >" }
      guard let end = rest[start...].firstIndex(of: ">") else { return "an open tag" }
      let tag = rest[rest.index(after: start)..<end]
      if tag.contains("<") { return "a < in a tag" }
      if tag.first == "/" {
        guard let last = open.popLast(), last.elementsEqual(tag.dropFirst()) else {
          return "</\(String(tag))"
        }
      } else if tag.last != "/" {
        open.append(tag.prefix { $0 != " " })
      }
      rest = rest[rest.index(after: end)...]
    }
    return open.isEmpty ? nil : "open: \(open.map { String($0) })"
  }
}
