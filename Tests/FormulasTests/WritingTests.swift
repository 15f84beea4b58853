import Testing

@testable import JanusFormulas

@Suite struct WritingTests {
  private func mathML(_ latex: String) -> String {
    let full = Formula(latex).mathML()
    let start = full.firstRange(of: "<semantics>")!.upperBound
    let end = full.firstRange(of: "<annotation")!.lowerBound
    return String(full[start..<end])
  }

  static let elements: [(String, String)] = [
    ("x", "<mrow><mi>x</mi></mrow>"), ("12.5", "<mrow><mn>12.5</mn></mrow>"),
    ("a-b", "<mrow><mi>a</mi><mo>−</mo><mi>b</mi></mrow>"),
    (#"\frac12"#, "<mrow><mfrac><mn>1</mn><mn>2</mn></mfrac></mrow>"),
    ("x_1^2", "<mrow><msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup></mrow>"),
    ("f''", "<mrow><msup><mi>f</mi><mo>″</mo></msup></mrow>"),
    (#"\sqrt[3]{x}"#, "<mrow><mroot><mi>x</mi><mn>3</mn></mroot></mrow>"),
    (#"\sum_{i}^{n}"#, "<mrow><munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover></mrow>"),
    (#"\int_0^1"#, "<mrow><msubsup><mo>∫</mo><mn>0</mn><mn>1</mn></msubsup></mrow>"),
    (#"\sin x"#, "<mrow><mi>sin</mi><mo>&#x2061;</mo><mi>x</mi></mrow>"),
    (#"\mathbb{R}"#, "<mrow><mi>ℝ</mi></mrow>"),
    (#"\mathrm{d}"#, #"<mrow><mi mathvariant="normal">d</mi></mrow>"#),
    (#"\text{a < b}"#, "<mrow><mtext>a &lt; b</mtext></mrow>"),
    (
      #"\vec{v}"#,
      #"<mrow><mover accent="true"><mi>v</mi><mo stretchy="false">→</mo></mover></mrow>"#
    ),
    (#"\Gamma"#, #"<mrow><mi mathvariant="normal">Γ</mi></mrow>"#),
    (#"\not="#, "<mrow><mo>≠</mo></mrow>"),
    ("a<b", "<mrow><mi>a</mi><mo>&lt;</mo><mi>b</mi></mrow>"),
    (
      #"\begin{pmatrix}a&b\end{pmatrix}"#,
      #"<mrow><mrow><mo form="prefix" fence="true" stretchy="true">(</mo><mtable><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr></mtable><mo form="postfix" fence="true" stretchy="true">)</mo></mrow></mrow>"#
    ),
  ]

  @Test(arguments: elements)
  func mathMLHasTheElementsOfTheFormula(_ latex: String, _ elements: String) {
    #expect(mathML(latex) == elements)
  }

  @Test func mathMLCarriesItsLaTeXAndItsPlace() {
    let block = Formula("a < b").mathML()
    #expect(
      block.hasPrefix(
        #"<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><semantics>"#))
    #expect(
      block.hasSuffix(
        #"<annotation encoding="application/x-tex">a&lt;b</annotation></semantics></math>"#))
    #expect(Formula("a").mathML(display: false).contains(#"display="inline""#))
  }

  @Test func nothingHostileReachesMathML() {
    let text = "\\text{<script>alert(\"x\")</script> \u{202E}\u{0}\u{7}\u{1B}[31m &amp; ]]>}"
    let form = Formula(text).mathML()
    #expect(!form.contains("<script"))
    #expect(!form.unicodeScalars.contains { Grammar.isControl($0) })
    #expect(WellFormed.problem(form) == nil)
    let color = Formula(#"\textcolor{red" onload="x}{y}"#).mathML()
    #expect(!color.contains("onload=\""))
  }

  static let typst: [(String, String)] = [
    ("ab", "a b"), (#"\frac{a}{b}"#, "frac(a, b)"), ("x_1^{n+1}", "x_(1)^(n + 1)"),
    (#"\alpha\le1"#, "α ≤ 1"),
    (#"\text{if "x"}"#, #""if \"x\"""#), (#"\sqrt[3]{x}"#, "root(3, x)"), ("f(a,b)", "f ( a , b )"),
    (#"\sqrt{f(a,b)}"#, #"sqrt(f ( a \, b ))"#), (#"\mathbb{R}"#, "bb(R)"),
    (#"\begin{pmatrix}a&b\\c&d\end{pmatrix}"#, #"mat(delim: "(", a, b; c, d)"#),
    (#"\begin{aligned}a&=b\\c&=d\end{aligned}"#, "a & = b \\\nc & = d"), ("a\\#\\$", "a \\# \\$"),
    (#"\sideset{_1^2}{_3^4}\prod_{i}^{n}x"#, "attach(∏, bl: 1, tl: 2, br: 3, tr: 4, b: i, t: n) x"),
    (#"\sideset{}{'}\sum"#, "attach(∑, tr: prime)"),
    (
      #"\bcancel{x}\xcancel{y}\cancelto{0}{z}"#,
      "cancel(inverted: #true, x) cancel(cross: #true, y) cancel(z)^(0)"
    ),
    (#"\left/a\right\backslash"#, #"lr(\/ a \\)"#),
    (#"\varlimsup x"#, "op(overline(lim), limits: #true) x"), (#"x\tag*{A}"#, #"x quad "A""#),
    (#"\prescript{a}{b}{X}"#, "attach(X, tl: a, bl: b)"),
    (#"\underbracket[1pt][2pt]{c}_d"#, "underbracket(c)_(d)"),
    (#"\begin{matrix}a&b\\c\end{matrix}"#, "mat(delim: #none, a, b; c)"),
  ]

  @Test(arguments: typst)
  func typstIsWritten(_ latex: String, _ text: String) { #expect(Formula(latex).typst == text) }

  static let plain: [(String, String)] = [
    ("E=mc^2", "E = mc²"), (#"\frac{a+b}{2}"#, "(a + b)/2"), ("x_{i+1}", "xᵢ₊₁"),
    (#"\sqrt{2}"#, "√2"),
    (#"\alpha\leq\infty"#, "α ≤ ∞"), (#"\mathbb{R}^n"#, "ℝⁿ"), (#"\text{if }x>0"#, "if x > 0"),
    ("e^{-x^2}", "e^(−x²)"),
    (#"\begin{pmatrix}a&b\\c&d\end{pmatrix}"#, "(a, b; c, d)"), (#"\hat{x}"#, "x̂"),
    (#"\sin x"#, "sin x"), ("-a", "−a"),
    (#"a\xrightarrow[b]{c}d"#, "a —c→_b d"), (#"\sideset{_1^2}{_3^4}\prod_{i}^{n}x"#, "₁²∏₃⁴ᵢⁿx"),
    (#"\overunderset{a}{b}{x}"#, "x^(a)_(b)"), (#"\cancelto{0}{xy}"#, "x̸y̸→0"),
    (#"\varlimsup x"#, "lim sup x"), (#"x\tag*{A}"#, "x A"), (#"x\tag{A}"#, "x (A)"),
    (#"\prescript{a}{b}{X}"#, "ᵃ_bX"),
  ]

  @Test(arguments: plain)
  func plainTextIsWritten(_ latex: String, _ text: String) {
    #expect(Formula(latex).plainText == text)
  }

  @Test func strokesAreDrawnWithoutMenclose() throws {
    for (name, directions) in [
      ("cancel", ["bottom right"]), ("bcancel", ["bottom left"]),
      ("xcancel", ["bottom right", "bottom left"]),
    ] {
      let form = Formula("\\\(name){x}").mathML()
      #expect(form.ranges(of: "linear-gradient").count == directions.count)
      for direction in directions { #expect(form.contains("linear-gradient(to \(direction),")) }
      #expect(WellFormed.problem(form) == nil)
    }
  }

  @Test func linesOfTablesStandAtTheirCells() {
    let line = "border-top: 1px solid"
    let part = mathML(#"\begin{array}{ccc}a&b&c\\\cline{2-3}d&e&f\end{array}"#)
    #expect(part.ranges(of: line).count == 2)
    #expect(part.contains("<mtd><mi>d</mi></mtd><mtd style=\"\(line)\"><mi>e</mi>"))
    let below = mathML(#"\begin{array}{c}a\\b\\\hline\end{array}"#)
    #expect(below.contains("<mtd style=\"border-bottom: 1px solid\"><mi>b</mi></mtd>"))
    #expect(below.ranges(of: "<mtr>").count == 2 && below.ranges(of: "border").count == 1)
  }

  /// Each part of a tree is written once: nested ones must not take exponential time.
  @Test(arguments: [
    #"\sqrt[Z]{x}"#, #"\sqrt[3]{Z}"#, #"\frac{Z}{Z2}"#, #"\sideset{_Z}{}\sum"#,
    #"\prescript{Z}{b}{c}"#,
    #"\not{Zx}"#, #"\xrightarrow[Z]{b}"#, #"\overset{Z}{b}"#, #"\cancelto{Z}{x}"#, #"x_{Z}^{Z2}"#,
    #"\begin{matrix}Z\end{matrix}"#, #"\text{a$Z$}"#, #"\operatorname{Z}"#,
  ])
  func nestedConstructsAreWrittenInLinearTime(_ construct: String) {
    var latex = "y"
    for _ in 0..<30 {
      latex = construct.replacing("Z2", with: "y").replacing("Z", with: latex)
    }
    let formula = Formula(latex)
    let size = latex.utf8.count
    for form in [formula.mathML(), formula.typst, formula.plainText, formula.canonicalLaTeX] {
      #expect(form.utf8.count < 100 * size)
    }
  }

  @Test func rowsThatDifferInLengthAreNotFilled() {
    let latex =
      #"\begin{matrix}"# + String(repeating: #"\\"#, count: 2_500)
      + String(repeating: "&", count: 5_000) + #"\end{matrix}"#
    #expect(Formula(latex).typst.utf8.count < 10 * latex.utf8.count)
  }

  @Test(arguments: [11, 400, 1_500, 15_000])
  func matricesMayHaveAnyNumberOfColumns(_ count: Int) {
    let row = Array(repeating: "a", count: count).joined(separator: "&")
    let formula = Formula("\\begin{pmatrix}\(row)\\\\\(row)\\end{pmatrix}")
    let latex = formula.canonicalLaTeX
    let letters = String(repeating: "c", count: count)
    let isWhole =
      latex == "\\left(\\begin{array}{\(letters)}\(row)\\\\ \(row)\\end{array}\\right)"
    #expect(isWhole)
    #expect(Formula(latex).isValid && Formula(latex).canonicalLaTeX == latex)
    #expect(formula.mathML().ranges(of: "<mtd").count == 2 * count)
  }

  @Test func packagesAreNamed() {
    #expect(Formula(#"\bm{x}\coloneqq\cancel{y}"#).packages == ["bm", "cancel", "mathtools"])
    #expect(Formula(#"\frac{a}{b}"#).packages == [])
  }
}
