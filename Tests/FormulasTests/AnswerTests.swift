import Testing

@testable import JanusFormulas

@Suite struct AnswerTests {
  static let answers: [(String, String)] = [
    (#"\frac{1}{2}"#, #"\frac{1}{2}"#), ("$x^2$", "x^2"), ("$$\n  a  +\tb\n$$", "a + b"),
    (
      #"\[ A_n = a_0 \left[ 1 + \frac{3}{4} \right] \]"#,
      #"A_n = a_0 \left[ 1 + \frac{3}{4} \right]"#
    ),
    (#"\(x\)"#, "x"), ("```latex\nA_n = a_0\n```", "A_n = a_0"),
    ("Sure!\n```\n\\[ x \\]\n```\nThis is the formula.", "x"), ("```latex A_n = a_0", "A_n = a_0"),
    ("The LaTeX code is: x = 1", "x = 1"),
    (
      "The LaTeX code of this formula is:\n\n\\[ E = mc^2 \\]\n\nHere $E$ is the energy.",
      "E = mc^2"
    ),
    ("Here is the formula as an equation:\nE = mc^2\nwhere $E$ is the energy.", "E = mc^2"),
    ("The formula in the image reads\nE = mc^2\nIt was found by Einstein", "E = mc^2"),
    ("The formula is $E = mc^2$, where $c$ is the speed of light.", "E = mc^2"),
    (#"\begin{equation} x \end{equation}"#, "x"),
    (
      #"\[ \begin{align*} a &= b \\[2pt] c &= d \end{align*} \]"#,
      #"\begin{align*} a &= b \\[2pt] c &= d \end{align*}"#
    ),
    (
      #"f(x) = \begin{cases} 1 & \text{if $x > 0$} \\ 0 & \text{else} \end{cases}"#,
      #"f(x) = \begin{cases} 1 & \text{if $x > 0$} \\ 0 & \text{else} \end{cases}"#
    ),
    (#"$f = \text{if $x$} + 1$"#, #"f = \text{if $x$} + 1"#), ("`x + y`", "x + y"),
    (#"f: X \to Y"#, #"f: X \to Y"#), (#"a\ "#, #"a\ "#), (#"5\$ + 3\$"#, #"5\$ + 3\$"#),
    ("x", "x"),
    // Words around a formula, in other languages and orders.
    ("LaTeX代码：E=mc^{2}", "E=mc^{2}"), ("公式是 $x^2$。", "x^2"), ("E=mc^2，其中E是能量", "E=mc^2"),
    ("这个公式的LaTeX为：\n\\frac{a}{b}", #"\frac{a}{b}"#), ("Formel: a^2+b^2", "a^2+b^2"),
    ("The area is A = \\pi r^2", "A = \\pi r^2"), ("**LaTeX:** `E=mc^2`", "E=mc^2"),
    ("Answer:\n\n```tex\n\\alpha\n```\n\nHope this helps!", "\\alpha"),
    ("> $a+b$", "a+b"), ("# Result\n\n$$a$$", "a"), ("\u{FEFF}$a$", "a"), ("$a$\r\n", "a"),
    ("\\documentclass{article}\n\\begin{document}\n$a=b$\n\\end{document}", "a=b"),
    (
      "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n\\[\na=b\n\\]\n\\end{document}\n",
      "a=b"
    ),
    ("\\begin{document}\nx^{2}\n\\end{document}", "x^{2}"),
    // JSON, as parsers want it and as models write it.
    (#"{"latex": "\\frac{1}{2}"}"#, #"\frac{1}{2}"#),
    (#"{"latex": "\frac{1}{2}"}"#, #"\frac{1}{2}"#),
    (#"{'formula': 'f\'(x)=\nu'}"#, #"f'(x)=\nu"#), (#"{'tex': 'f'(x)', 'n': 1}"#, "f'(x)"),
    (#"{"type": "formula", "LaTeX": "$x^2$", "confidence": 0.9}"#, "x^2"),
    ("```json\n{\n  \"latex\": \"E=mc^2\"\n}\n```", "E=mc^2"),
    (
      "Here is it:\n```json\n{\"latex_code\": \"\\\\alpha\\\\beta\"}\n```\nHope this helps!",
      #"\alpha\beta"#
    ),
    (#"{"result": {"equations": ["a=b"]}}"#, "a=b"), (#"{"latex": "\\[ a=\\nu \\]"}"#, #"a=\nu"#),
    (
      #"{"latex": "\\begin{matrix} a \\\\ b \\end{matrix}\n"}"#,
      #"\begin{matrix} a \\ b \end{matrix}"#
    ),
    (#"{"latex": "\frac{1}{2"#, #"\frac{1}{2}"#),
    (#"{"latex": "a", "note": "the formula {b}"}"#, "a"),
    // Mends.
    (#"\operatorname{s i n}^{2} x"#, #"\sin^{2} x"#), (#"\operatorname{c o s}x"#, #"\cos x"#),
    (#"\operatorname{sin} x"#, #"\sin x"#), (#"\operatorname*{l i m}_{x}"#, #"\lim_{x}"#),
    (#"\operatorname{r a n k}"#, #"\operatorname{rank}"#), (#"\mathrm{d x}"#, #"\mathrm{dx}"#),
    (#"\left{ x \right}"#, #"\left\{ x \right\}"#), (#"\left( x \right"#, #"\left( x \right."#),
    (#"\left( x+\frac{1}{2"#, #"\left( x+\frac{1}{2}\right."#),
    (#"\[ \frac{1}{2 \]"#, #"\frac{1}{2}"#),
    (#"x^{2"#, "x^{2}"), ("x^{2}}", "x^{2}"), (#"\sqrt[3{x}"#, #"\sqrt[3]{x}"#),
    (#"\begin{matrix} a & b \\ c"#, #"\begin{matrix} a & b \\ c\end{matrix}"#),
    (#"\begin{pmatrix} a \end{matrix}"#, #"\begin{pmatrix} a \end{pmatrix}"#),
    (#"\begin{array}{c} a & b \end{array}"#, #"\begin{array}{cc} a & b \end{array}"#),
    (#"a \right) + b"#, "a ) + b"), (#"\right. x"#, "x"), ("x^2^3", "x^2{}^3"), ("x^^2", "x^2"),
    ("x_", "x_{}"), (#"\frac{a}"#, #"\frac{a}{}"#), (#"x' ^ 2"#, "x'^ 2"),
    ("a & b", #"\begin{aligned} a & b \end{aligned}"#),
    ("a &= b \\\\ &= c", #"\begin{aligned} a &= b \\ &= c \end{aligned}"#),
    ("a=b\\\\c=d", #"\begin{gathered} a=b\\c=d \end{gathered}"#), ("a = b \\\\", "a = b"),
    (
      #"\left( a & b \\ c & d \right)"#, #"\left(\begin{matrix} a & b \\ c & d \end{matrix}\right)"#
    ),
    ("x^{2}% squares\n+y^{2}", "x^{2} +y^{2}"), ("a % b", "a"),
    (#"\alpha% c"# + "\nb", #"\alpha b"#),
    ("x = 50%", #"x = 50\%"#), ("a &lt; b", "a < b"),
    (#"\\frac{1}{2} + \\alpha"#, #"\frac{1}{2} + \alpha"#),
    ("α ≤ β²", #"\alpha \leq \beta^{2}"#), ("x₁₂ + ½", #"x_{12} + \frac{1}{2}"#),
    ("𝑥 + 𝐀", #"x + \mathbf{A}"#),
    (#"\text{a_b}"#, #"\text{a\_b}"#), (#"\text{\alpha is}"#, #"\text{$\alpha$ is}"#),
    (#"\R^n"#, #"\mathbb{R}^n"#),
    (
      #"\begin{cases} a & b & c \end{cases}"#,
      #"\left\{\begin{array}{lll} a & b & c \end{array}\right."#
    ),
    (#"\begin{foo} x \end{foo}"#, "x"), (#"x\label{a}"#, #"x\label{a}"#), (#"\input{a} x"#, "x"),
    (#"\hat\mathbf{x} + y^\sqrt2"#, #"\hat{\mathbf{x}} + y^{\sqrt2}"#),
    (#"\left\langle x"#, #"\left\langle x\right."#),
    (#"\begin{align} a \end{align} + b"#, #"\begin{aligned} a \end{aligned} + b"#), ("x \\", "x"),
    ("\\frac", #"\frac{}{}"#),
  ]

  @Test(arguments: answers)
  func theFormulaIsFoundAndMended(_ answer: String, _ latex: String) {
    let found = FormulaAnswer(answer)
    #expect(found.latex == latex)
    #expect(found.hasFormula)
    #expect(found.isValid, "\(found.problem ?? "")")
  }

  @Test func namesThatRunTogetherAreParted() {
    for (answer, latex) in [(#"\cdotx"#, #"\cdot x"#), (#"x \inR"#, #"x \in R"#)] {
      #expect(FormulaAnswer(answer, dropsUnknown: true).latex == latex)
      // In LaTeX that somebody wrote it may be a command of their own.
      #expect(Formula(answer).unknownCommands.count == 1)
    }
  }

  @Test(arguments: answers)
  func cleaningTwiceChangesNothing(_ answer: String, _ latex: String) {
    #expect(FormulaAnswer(latex).latex == latex)
  }

  static let several: [(String, [String])] = [
    ("Let $a=1$ and $b_{12}=c$.", ["a=1", "b_{12}=c"]),
    (#"\[a=b\]"# + "\n" + #"\[c=d\]"#, ["a=b", "c=d"]),
    ("$$a=b$$\n$$c=d$$\n$$e=f$$", ["a=b", "c=d", "e=f"]),
    ("1. $a=1$\n2. $b=2$\n3. $c=3$", ["a=1", "b=2", "c=3"]),
    ("a=b\n\nc=d", ["a=b", "c=d"]), ("a=b\nc=d", ["a=b", "c=d"]),
    ("- a = 1\n- b = 2", ["a = 1", "b = 2"]),
    ("```latex\na=1\n```\nand\n```latex\nb=2\n```", ["a=1", "b=2"]),
    (#"Step 1: \(p=1\). Step 2: \(p+q=3\)."#, ["p=1", "p+q=3"]), (#"\[ a \] \[ b \]"#, ["a", "b"]),
    ("\\begin{align}a&=b\\end{align}\n\\begin{equation}c=d\\end{equation}", ["a&=b", "c=d"]),
    ("First $x>0$, then $y<1$, last $z$ and $\\alpha+1$", ["x>0", "y<1", "\\alpha+1"]),
    ("\\[ [a,b] \\]\n\\[ [c,d] \\]", ["[a,b]", "[c,d]"]), ("$x$ and $y$", ["x", "y"]),
  ]

  @Test(arguments: several)
  func severalFormulasAreTheRowsOfOneEnvironment(_ answer: String, _ formulas: [String]) {
    let found = FormulaAnswer(answer)
    #expect(found.isValid)
    #expect(
      found.latex.hasPrefix(#"\begin{gathered} "#) && found.latex.hasSuffix(#" \end{gathered}"#))
    var rest = Substring(found.latex)
    for formula in formulas {
      guard let range = rest.firstRange(of: formula) else {
        Issue.record("\(formula) is not in \(found.latex)")
        return
      }
      rest = rest[range.upperBound...]
    }
    #expect(found.latex.split(separator: "\\\\ ").count == formulas.count)
    #expect(FormulaAnswer(found.latex).latex == found.latex)
  }

  @Test(arguments: [
    "I cannot read the formula.", "I cannot read\nthis image.", "Sorry, the image is blank.", "",
    " \r\n ",
    "```", "$", "$$", "\\", "There is no formula in this picture.", "None", "N/A",
    "Unable to read.",
    "The picture shows a cat sitting on a mat.", "图片中没有公式。",
    "This image does not contain any formula (it is blank)",
    "Sure!", "Das Bild ist leer.", "I'm sorry, but I can't read image_1, it is too blurry for me.",
  ])
  func aRefusalInWordsIsNoFormula(_ answer: String) {
    let found = FormulaAnswer(answer)
    #expect(!found.hasFormula)
    #expect(!found.isValid)
    #expect(found.problem != nil)
    #expect(found.warnings.count == 1)
  }

  @Test func mendsAreTold() {
    #expect(FormulaAnswer("x^{2").warnings == ["closed 1 group that the answer left open"])
    #expect(FormulaAnswer("{{x").warnings == ["closed 2 groups that the answer left open"])
    #expect(FormulaAnswer(#"\frobnicate x"#).warnings == [#"unknown command: \frobnicate"#])
    #expect(!FormulaAnswer(#"\frobnicate x"#).isValid)
    #expect(FormulaAnswer("x + 1").warnings == [])
    #expect(
      FormulaAnswer(#"Let $a=1$ and $n$. Then \[b=2\]"#).warnings == [
        "1 formula within lines of text left out beside the displayed ones; Markdown has all"
      ])
    #expect(FormulaAnswer(#"Let $a=1$, $b=2$."#).warnings == [])
  }

  static let published =
    #"\( A_n = \alpha _0 \left[ \begin{array}{l} 1 + \frac{3}{4} \sum_{k=1}^{n} \begin{pmatrix} \frac{4}{9} \\ k \end{pmatrix} \right] \end{array]"#

  /// What is left out between a command and a letter must not make another command of both.
  @Test(arguments: [
    (#"a=1$\quad$b=2"#, #"a=1\quad b=2"#), (#"\dots$b"#, #"\dots b"#), (#"\rm}x"#, #"\rm x"#),
    (#"\displaystyle$x"#, #"\displaystyle x"#), (#"\alpha$$$b"#, #"\alpha b"#),
    (#"a\\$b"#, nil), (#"\alpha$1"#, #"\alpha1"#),
  ])
  func commandsDoNotRunIntoLetters(_ latex: String, _ expected: String?) {
    let formula = Formula(latex)
    #expect(formula.unknownCommands.isEmpty)
    if let expected { #expect(formula.repaired.text == expected) }
  }

  @Test func thePublishedBadAnswerBecomesValid() {
    let found = FormulaAnswer(Self.published)
    #expect(found.isValid)
    #expect(
      found.latex
        == #"A_n = \alpha _0 \left[ \begin{array}{l} 1 + \frac{3}{4} \sum_{k=1}^{n} \begin{pmatrix} \frac{4}{9} \\ k \end{pmatrix} \end{array}\right]"#
    )
    #expect(!found.warnings.isEmpty)
  }

  @Test func markdownKeepsTheWords() {
    let cases = [
      ("Let $a=1$ and \\(b_{12}=c\\).", "Let $a=1$ and $b_{12}=c$."),
      ("The code:\n\\[ E = mc^2 \\]\nis known.", "The code:\n$$E = mc^2$$\nis known."),
      ("```latex\na=1\n```\nand\n```latex\nb=2\n```", "$$a=1$$\n\nand\n\n$$b=2$$"),
      ("LaTeX代码：E=mc^{2", "LaTeX代码：$E=mc^{2}$"), ("I cannot read it.", "I cannot read it."),
      ("x = 1", "$$x = 1$$"), ("`x + y`", "$$x + y$$"),
    ]
    for (answer, markdown) in cases { #expect(FormulaAnswer(answer).markdown == markdown) }
  }

  @Test func offsetsFollowFromTheAnswerIntoTheFormula() {
    let answer = "The formula: $ \\left{ x $"
    let found = FormulaAnswer(answer)
    #expect(found.latex == #"\left\{ x\right."#)
    let source = answer.utf8.distance(from: answer.startIndex, to: answer.lastIndex(of: "x")!)
    #expect(found.range(ofAnswer: source..<source + 1) == 8..<9)
    #expect(found.range(ofAnswer: 0..<4) == nil)
    // Two formulas: the second one's letter.
    let two = FormulaAnswer("$a=1$ and $b=2$")
    let place = two.range(ofAnswer: 11..<12)
    #expect(place.map { String(decoding: Array(two.latex.utf8)[$0], as: UTF8.self) } == "b")
  }

  @Test func anyAnswerGivesAValidFormulaOrNone() {
    var generator = SplitMix(7)
    for _ in 0..<1500 {
      var answer = Samples.random(&generator)
      if generator.below(3) == 0 { answer = "The formula: $" + answer + "$" }
      if generator.below(4) == 0 { answer += "\n" + Samples.random(&generator) }
      let found = FormulaAnswer(answer)
      #expect(
        found.isValid || !found.hasFormula || !found.formula.unknownCommands.isEmpty, "\(answer)")
      #expect(!found.latex.unicodeScalars.contains { Grammar.isControl($0) })
      #expect(
        !found.markdown.unicodeScalars.contains {
          Grammar.isControl($0) && $0 != "\n" && $0 != "\t"
        })
    }
  }

  @Test(
    .timeLimit(.minutes(10)),
    arguments: [
      "$", "\\[", "{", "`", "$}", "\\(\\)", "x\n", "${", "```", "a=b\n\n", "中", "\\begin{align}",
      "&lt;", "\\\\a", "{\"latex\":", "{\"latex\":\"a\",", "\"a", "{\"",
    ])
  func aLongAnswerTakesNoQuadraticTime(_ unit: String) {
    _ = FormulaAnswer(String(repeating: unit, count: 20_000))
  }
}

@Suite struct DelimiterTests {
  @Test func formulasStandBetweenDelimiters() {
    let wrapped = Delimiters.allCases.map { $0.wrap("x^2") }
    #expect(wrapped == ["x^2", "$x^2$", "$$x^2$$", #"\(x^2\)"#, #"\[x^2\]"#])
    #expect(Delimiters(rawValue: "paren") == .paren)
  }

  @Test func displayedEnvironmentsBecomeOnesThatMayStandInside() {
    let cases = [
      (#"\begin{align*}a&=b\\c&=d\end{align*}"#, #"\begin{aligned}a&=b\\c&=d\end{aligned}"#),
      (#"\begin{gather}a\\b\end{gather}"#, #"\begin{gathered}a\\b\end{gathered}"#),
      (#"\begin{alignat}{2}a&=b\end{alignat}"#, #"\begin{alignedat}{2}a&=b\end{alignedat}"#),
      (#"\begin{eqnarray*}a&=&b\nonumber\end{eqnarray*}"#, #"\begin{aligned}a&=&b\end{aligned}"#),
    ]
    for (latex, inner) in cases {
      #expect(Delimiters.bracket.wrap(latex) == "\\[" + inner + "\\]")
      #expect(Delimiters.none.wrap(latex) == latex)
      #expect(Formula(inner).isValid)
    }
    // split stands in displays, aligned in lines, too.
    let split = #"\begin{split}a&=b\end{split}"#
    #expect(Delimiters.display.wrap(split) == "$$" + split + "$$")
    #expect(Delimiters.dollar.wrap(split) == #"$\begin{aligned}a&=b\end{aligned}$"#)
  }

  @Test func aNumberBecomesTextWhereNoTagMayStand() {
    let latex = #"a=b\tag{1}"#
    #expect(Delimiters.dollar.wrap(latex) == #"$a=b\qquad\text{(1)}$"#)
    // amsmath takes \tag in \[…\], not in $$…$$.
    #expect(Delimiters.display.wrap(latex) == #"$$a=b\qquad\text{(1)}$$"#)
    #expect(Delimiters.bracket.wrap(latex) == #"\[a=b\tag{1}\]"#)
    #expect(Delimiters.paren.wrap(#"a\tag*{$\ast$}\label{x}"#) == #"\(a\qquad\text{$\ast$}\)"#)
    #expect(
      Delimiters.display.wrap(#"\begin{equation}a\tag{2}\end{equation}"#)
        == #"$$a\qquad\text{(2)}$$"#)
    #expect(Delimiters.dollar.wrap("a_1") == "$a_1$")
  }

  @Test func aSpaceAtTheEndKeepsItsBackslashFromTheDelimiter() {
    #expect(Delimiters.paren.wrap("a\\ ") == "\\(a\\ {}\\)")
  }
}

/// What stands around formulas and is none.
@Suite struct WrappingTests {
  @Test(
    arguments: [
      ("cost is $5 and $6", nil), ("I paid $5 and $a=1$.", "a=1"),
      ("The formula in the picture is `\\frac{a}{b}`.", #"\frac{a}{b}"#),
      ("The LaTeX code for the formula is E=mc^{2}.", "E=mc^{2}"), ("E=mc^2.", "E=mc^2."),
      ("The area is A = \\pi r^2.", #"A = \pi r^2"#), ("\"a=b\"", "a=b"),
      ("\\label{eq:1} a=b", "a=b"), ("\\label{a}", nil),
      ("\\newcommand{\\R}{\\mathbb{R}} x\\in y", #"x\in y"#), ("\\def\\a#1{b#1}x=1", "x=1"),
      ("```python\nprint(1)\n```", nil), ("Here:\n```python\nf(1)=2\n```\n$a=b$", "a=b"),
      ("~~~latex\na=1\n~~~", "a=1"), ("````\na=1\n````", "a=1"),
      ("```\\frac{a}{b}```", #"\frac{a}{b}"#),
      ("\\[\\]", nil), ("\\( \\)", nil), ("<math><mi>x</mi></math>", nil), ("a<b", "a<b"),
      ("???", nil), ("So x = \\left. y \\right.", #"So x = \left. y \right."#),
    ] as [(String, String?)])
  func whatIsNoFormulaIsLeftOut(_ answer: String, _ latex: String?) {
    let found = FormulaAnswer(answer)
    #expect(found.hasFormula == (latex != nil))
    if let latex { #expect(found.latex == latex) }
  }

  @Test func fencesOfAnyLengthLeaveNothingInMarkdown() {
    for fence in ["```", "````", "~~~", "~~~~~"] {
      #expect(FormulaAnswer("\(fence)latex\na=1\n\(fence)").markdown == "$$a=1$$")
    }
  }
}
