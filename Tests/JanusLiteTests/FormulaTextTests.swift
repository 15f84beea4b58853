import Testing

@testable import JanusEngine
@testable import JanusLite
@testable import JanusModelFile
@testable import JanusSystem
@testable import JanusWords

@Suite struct FormulaTextTests {
  static let answers: [(String, String)] = [
    (#"\frac{1}{2}"#, #"\frac{1}{2}"#),
    ("$x^2$", "x^2"),
    ("$$\n  a  +\tb\n$$", "a + b"),
    (
      #"\[ A_n = a_0 \left[ 1 + \frac{3}{4} \right] \]"#,
      #"A_n = a_0 \left[ 1 + \frac{3}{4} \right]"#
    ),
    (#"\(x\)"#, "x"),
    ("```latex\nA_n = a_0\n```", "A_n = a_0"),
    ("Sure!\n```\n\\[ x \\]\n```\nThis is the formula.", "x"),
    ("```latex A_n = a_0", "A_n = a_0"),
    ("The LaTeX code is: x = 1", "x = 1"),
    (
      "The LaTeX code of this formula is:\n\n\\[ E = mc^2 \\]\n\nHere $E$ is the energy.",
      "E = mc^2"
    ),
    (
      "Here is the formula as an equation:\nE = mc^2\nwhere $E$ is the energy.",
      "E = mc^2"
    ),
    ("The formula in the image reads\nE = mc^2\nIt was found by Einstein", "E = mc^2"),
    ("The formula is $E = mc^2$, where $c$ is the speed of light.", "E = mc^2"),
    (#"\[ a \] \[ b \]"#, #"a \\ b"#),
    (#"\begin{equation} x \end{equation}"#, "x"),
    (
      #"\[ \begin{align*} a &= b \\[2pt] c &= d \end{align*} \]"#,
      #"\begin{align*} a &= b \\[2pt] c &= d \end{align*}"#
    ),
    (
      #"f(x) = \begin{cases} 1 & \text{if $x > 0$} \\ 0 & \text{else} \end{cases}"#,
      #"f(x) = \begin{cases} 1 & \text{if $x > 0$} \\ 0 & \text{else} \end{cases}"#
    ),
    (#"$f = \text{if $x$} + 1$"#, #"f = \text{if $x$} + 1"#),
    (#"\[ \frac{1}{2 \]"#, #"\frac{1}{2"#),
    (#"\[ \sum_{n=1}^{\infty} \frac{1}{n^2} = "#, #"\sum_{n=1}^{\infty} \frac{1}{n^2} ="#),
    ("`x + y`", "x + y"),
    (#"f: X \to Y"#, #"f: X \to Y"#),
    (#"a\ "#, #"a\ "#),
    (#"a \\ "#, #"a \\"#),
    (#"5\$ + 3\$"#, #"5\$ + 3\$"#),
    ("I cannot read\nthis image.", "I cannot read this image."),
    ("x", "x"), ("", ""), (" \r\n ", ""), ("```", "```"), ("$", "$"), ("$$", "$$"), ("\\", "\\ "),
  ]

  @Test(arguments: answers)
  func theFormulaIsFoundInAnAnswer(_ answer: String, _ formula: String) {
    #expect(FormulaText.cleaned(answer) == formula)
  }

  @Test(arguments: answers)
  func cleaningTwiceChangesNothing(_ answer: String, _ formula: String) {
    // Rows of joined formulas and answers without formula included.
    #expect(FormulaText.cleaned(formula) == formula)
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["$", "\\[", "{", "`", "$}", "\\(\\)", "x\n", "${"])
  func aLongAnswerTakesNoQuadraticTime(_ unit: String) {
    _ = FormulaText.cleaned(String(repeating: unit, count: 20_000))
  }
}

@Suite struct LoopGuardTests {
  /// How many tokens the guard keeps, nil when it sees no loop.
  private func kept(_ tokens: [Int]) -> Int? {
    var loop = LoopGuard()
    for token in tokens {
      if let keep = loop.append(token) { return keep }
    }
    return nil
  }

  @Test(arguments: [1, 2, 3, 7, 20, 40, 41, 100, 128])
  func aLoopIsCutAfterItsFirstRound(_ period: Int) {
    let opening = Array(1000..<1017)
    let round = Array(0..<period)
    let tokens = opening + (0..<100).flatMap { _ in round }
    #expect(kept(tokens) == opening.count + period)
  }

  @Test func aLoopIsNoticedWithinTheUsualLimitOfTokens() {
    for period in 1...80 {
      let tokens = (0..<512).map { $0 % period }
      #expect(kept(tokens) == period, "period \(period)")
    }
  }

  /// Token ids of rows of a matrix: cells of some tokens each, and what separates rows.
  private func matrix(rows: Int, columns: Int, cell: [Int]) -> [Int] {
    (0..<rows).flatMap { _ in
      (0..<columns).flatMap { $0 == 0 ? cell : [90, 91] + cell } + [92, 93]
    }
  }

  @Test func matricesOfEqualRowsAreNoLoops() {
    for (rows, columns) in [(10, 10), (8, 3), (5, 16), (11, 4)] {
      #expect(kept([1, 2, 3] + matrix(rows: rows, columns: columns, cell: [5]) + [4]) == nil)
    }
    #expect(kept(matrix(rows: 5, columns: 5, cell: [5, 6, 7])) == nil)
  }

  @Test func growingSequencesAreNoLoops() {
    // a_{1}, a_{2}, a_{3}, …: a period but for one token.
    let tokens = (0..<100).flatMap { [7, 8, 1000 + $0, 9] }
    #expect(kept(tokens) == nil)
    #expect(kept(Array(repeating: 3, count: 63)) == nil)
    #expect(kept([]) == nil)
  }
}
