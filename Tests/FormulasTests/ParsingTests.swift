import Foundation
import Testing

@testable import JanusFormulas

@Suite struct ParsingTests {
  @Test(arguments: Samples.formulas)
  func aFormulaAsPeopleWriteItIsValid(_ latex: String) {
    #expect(Formula(latex).problems.map(\.description) == [])
  }

  static let faults: [(String, Fault, Int)] = [
    ("x^2^3", .doubleScript, 3), ("x_1_2", .doubleScript, 3), ("x^2'", .doubleScript, 3),
    ("x^", .unfinished, 2), ("{x", .unfinished, 2), ("x}", .unexpectedCloser, 1),
    (#"\frac{1}"#, .unfinished, 8), (#"\left( x"#, .unfinished, 8),
    (#"x \right)"#, .unexpectedCloser, 2), (#"\left a \right)"#, .missingDelimiter, 6),
    (#"a & b"#, .misplacedAlignment, 2), (#"\left(a & b\right)"#, .misplacedAlignment, 8),
    (#"{a \\ b}"#, .misplacedRow, 3), (#"\foo x"#, .unknownCommand, 0),
    (#"x\alphab"#, .unknownCommand, 1), (#"\text{a_b}"#, .specialCharacter, 7),
    (#"\text{\frac12}"#, .commandInText, 6), (#"a \over b \over c"#, .secondInfix, 10),
    (#"x\limits_1"#, .limitsWithoutOperator, 1),
    (#"\begin{foo}x\end{foo}"#, .unknownEnvironment, 0),
    (#"x + \begin{align}a\end{align}"#, .misplacedEnvironment, 4),
    (#"\begin{matrix}a\end{array}"#, .wrongEnd, 15), (#"\hspace{1xx}"#, .badLength, 9),
    (#"\hspace{16384pt}"#, .badLength, 12), (#"\rule{227in}{1pt}"#, .badLength, 9),
    (#"x\\[9999cm]y"#, .badLength, 8), (#"\kern99999em x"#, .badLength, 9),
    (#"\begin{array}{q}a\end{array}"#, .badColumns, 14), ("a\n\nb", .blankLine, 1),
    ("a # b", .specialCharacter, 2), ("a $ b", .dollarSign, 2), ("a \u{0} b", .controlCharacter, 2),
    ("中", .unsupportedCharacter, 0), (#"\sqrt[3{x}"#, .unfinished, 10),
    (#"\hline x"#, .misplacedCommand, 0), (#"\'e"#, .textCommandInFormula, 0),
    (#"\begin{align}a\end{align} x"#, .afterDisplay, 26),
    (#"x^\left(a\right)"#, .missingArgument, 2),
  ]

  @Test(arguments: faults)
  func theFirstFaultIsFoundWithItsPlace(_ latex: String, _ fault: Fault, _ offset: Int) {
    let problem = FormulaCheck.firstProblem(Array(latex.utf8))
    #expect(problem?.fault == fault)
    #expect(problem?.range.lowerBound == offset)
    #expect(!Formula(latex).isValid)
  }

  @Test(arguments: [
    "input", "include", "write", "openout", "immediate", "special", "catcode", "def", "gdef", "let",
    "newcommand", "renewcommand", "csname", "expandafter", "directlua", "href", "url", "read",
    "usepackage", "documentclass", "includegraphics", "verb", "scantokens", "halign", "openin",
    "write18", "newif", "loop", "everymath", "futurelet", "char", "output", "hyperref",
  ])
  func aCommandThatReachesOutOfTheFormulaIsNeverValidAndNeverKept(_ name: String) {
    for text in [
      "\\\(name){/etc/passwd} x", "a_{\\\(name) b}", "\\text{\\\(name){c}}", "\\\(name)",
    ] {
      let formula = Formula(text)
      #expect(!formula.isValid)
      #expect(!formula.repaired.text.contains("\\\(name)"), "\(text)")
      #expect(!formula.canonicalLaTeX.contains("\\\(name)"))
    }
    #expect(FormulaPrefix().advanced(by: "\\\(name){".utf8) == nil)
  }

  @Test func anUnknownCommandIsKeptAndNamed() {
    let formula = Formula(#"a + \frobnicate{b}^2"#)
    #expect(!formula.isValid)
    #expect(formula.unknownCommands == ["frobnicate"])
    #expect(formula.repaired.text == #"a + \frobnicate{b}^2"#)
    #expect(formula.problems.first?.description == #"byte 4: unknown command: \frobnicate"#)
  }

  /// Runs `body` on a thread with a stack of half a megabyte, as threads of programs may have.
  private func onSmallStack(_ body: @escaping @Sendable () -> Void) {
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      body()
      done.signal()
    }
    thread.stackSize = 512 * 1024
    thread.start()
    done.wait()
  }

  @Test(
    .timeLimit(.minutes(10)),
    arguments: [
      "{", "}", "^", "x^{", "\\left(", "\\begin{matrix}", "\\frac{", "\\text{", "\\text{$", "_",
      "&",
      "\\\\", "\\sqrt[", "\\right)", "\\end{matrix}", "$", "\\frac", "\\hat", "\\input{a}", "²",
      "x",
      "\\foo", "\\begin{array}{c}", "\\left\\langle", "%", "\n\n", "\\R", "中", "\\hspace{",
    ])
  func tenMegabytesOfOnePieceAreReadInLinearTime(_ piece: String) {
    onSmallStack {
      let text = String(repeating: piece, count: 10_000_000 / piece.utf8.count)
      let formula = Formula(text)
      _ = formula.isValid
      let answer = FormulaAnswer(String(text.prefix(200_000)))
      _ = answer.latex
    }
  }

  @Test func theDeepestFormulasAreWrittenOnASmallStack() {
    onSmallStack {
      // What opens, what closes, and how many frames it takes.
      let units = [
        ("{", "}", 1), (#"\sqrt{"#, "}", 2), (#"\left("#, #"\right)"#, 1), ("x^{", "}", 2),
        (#"\begin{matrix}"#, #"\end{matrix}"#, 1), (#"\text{$"#, "$}", 3),
      ]
      for (opener, closer, frames) in units {
        let depth = (Grammar.deepest - 4) / frames
        let text =
          String(repeating: opener, count: depth) + "x" + String(repeating: closer, count: depth)
        let formula = Formula(text)
        _ = formula.mathML()
        _ = formula.typst
        _ = formula.plainText
        _ = formula.canonicalLaTeX
      }
    }
  }
}
