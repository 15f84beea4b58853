import Testing

@testable import JanusFormulas

@Suite struct AnswerPrefixTests {
  @Test(arguments: [
    "Here is the LaTeX:\n```latex\n\\frac{a}{b}\n```\nIt is 100% right & fine_ #1.",
    "The formula is $E = mc^2$, where $c$ is the speed of light.", "\\[ a = b \\]\n\\[ c = d \\]",
    "公式是：$$x^2$$。",
    "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n$a$\n\\end{document}",
    "1. $a=1$\n2. $b=2$", "| a | b |\n|---|---|\n| $x$ | $y$ |", "I cannot read the formula.",
    "E = mc^2", "\\frac{1}{2}\n\nwhere x_ is #1", "```python\nprint('a_b')\n```",
    "LaTeX代码：E=mc^{2}",
    "x = 1\ny = 2", "\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}", "`x + y`",
    "Sure! Costs 5\\$ & more.",
    "$$\\begin{pmatrix}1&0\\\\0&1\\end{pmatrix}$$\n", "**Formula:** $\\alpha$", "- $x$\n- $y$",
    "sin x + 1",
    "f: X \\to Y", "E=mc^2，其中E是能量", "(1) a^2", "Let $a=1$ and\n$$b=2$$", "A formula: a_b & c",
    "{\"latex\": \"\\\\frac{a}{b} \\\\\\\\ c_\"}", "{\n  'tex': 'x^2',\n  'sure': true\n}",
    "{a}_{b}",
  ])
  func answersAsModelsGiveThemAreAccepted(_ answer: String) {
    var prefix = AnswerPrefix()
    for (index, byte) in answer.utf8.enumerated() {
      guard prefix.advance(by: byte) else {
        Issue.record("refused at byte \(index)")
        return
      }
    }
    #expect(prefix.isComplete)
    #expect(prefix.closing.isEmpty)
  }

  @Test(arguments: [
    "\\[ x^2^", "$x}", "The formula: $\\fooz", "```latex\n\\left(a\\right]\\right)",
    "\\frac{a}{b}}",
    "E = mc^2^",
    "\\( \\left[ \\begin{array}{l} 1 \\right]", "$$a & b", "\\begin{matrix} a \\end{a",
    "x = \\input",
  ])
  func whatBreaksAFormulaIsRefused(_ answer: String) {
    #expect(AnswerPrefix().advanced(by: answer.utf8) == nil)
  }

  @Test func theAnswerEndsOnlyWhereItsFormulaIsComplete() {
    for (text, closing) in [
      ("The formula: $\\frac{a", "}{}$"), ("\\[ \\left( x", "\\right.\\]"), ("\\sqrt{x", "}"),
      ("$$a$", "$"),
    ] {
      let prefix = AnswerPrefix().advanced(by: text.utf8)
      #expect(prefix?.isComplete == false, "\(text)")
      #expect(prefix.map { String(decoding: $0.closing, as: UTF8.self) } == closing)
      #expect(prefix?.isInFormula == true)
    }
  }

  /// A model that insists on a text: at each step its next byte if that is allowed, otherwise the byte
  /// that the closing begins with, and after the text the closing.
  private func insisted(_ text: String, isFormulaOnly: Bool) -> String {
    var prefix = AnswerPrefix(isFormulaOnly: isFormulaOnly)
    var result: [UInt8] = []
    for byte in text.utf8 {
      if let next = prefix.advanced(by: CollectionOfOne(byte)) {
        prefix = next
        result.append(byte)
      }
    }
    return String(decoding: result + prefix.closing, as: UTF8.self)
  }

  static let broken = [
    AnswerTests.published, #"\left( \frac{a}{b} \right"#, #"x^2^3"#,
    #"\begin{matrix} a & b \end{pmatrix}"#,
    #"\frac{a}{b"#, "}}}x", #"\left\left\left( x"#, #"a \right) b"#, #"\foo \bar{x}"#, "x_1_2_3",
    "{{{{",
    #"\text{a_b & c}"#, #"\begin{array}{l} x"#, #"\begin{align} a \end{equation}"#, "a $ b",
    #"\sqrt[3{x}"#,
    #"\over \over"#, #"\limits"#, #"\hspace{abc}"#, #"\end{matrix}"#, "#1 & #2", #"\def\a{b}"#,
    #"\input{x}"#,
    #"\left{ x \right}"#, #"x^{\right)}"#, "100%\n\n\n", #"\begin{cases} 1 & x \\ 2 \end{array}"#,
    "~^_'",
    #"\middle| x"#, #"\big x"#, #"\mathrm{\text{\alpha}}"#, #"\\[2q] x"#, #"\kern x"#,
    #"\color{} x"#,
    #"\multicolumn{2}{c}{x}"#, #"\hline"#, #"\tag{1}\tag{2}"#, #"\genfrac{x}{y}"#, #"\begin{}"#,
    "中文", "\u{0}\u{1}",
    #"\frac\frac\frac"#, #"^^^^"#, "_{_{_", #"\not"#, #"\sum\limits\limits_"#,
    #"\begin{array}{zzz} a \end{array}"#,
    #"\left(\begin{matrix}\right)\end{matrix}"#, #"\substack{a \\ b"#, #"\xrightarrow[a"#, "'^'",
  ]

  @Test(arguments: broken, [true, false])
  func aModelThatInsistsOnABrokenAnswerGivesAValidOne(_ text: String, _ isFormulaOnly: Bool) {
    let answer = insisted(text, isFormulaOnly: isFormulaOnly)
    let found = FormulaAnswer(answer)
    #expect(
      found.isValid || !found.hasFormula, "\(answer) -> \(found.latex): \(found.problem ?? "")")
    if isFormulaOnly {
      #expect(
        FormulaCheck.firstProblem(Array(answer.utf8), allowsBareRows: true) == nil, "\(answer)")
    }
  }

  @Test(arguments: Samples.formulas)
  func aValidFormulaIsNotTouched(_ latex: String) {
    #expect(insisted(latex, isFormulaOnly: true) == latex)
    #expect(
      insisted("$$" + latex + "$$", isFormulaOnly: false) == "$$" + latex + "$$"
        || latex.contains("align*") || latex.isEmpty)
  }
}
