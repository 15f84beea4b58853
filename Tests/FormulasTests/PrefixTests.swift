import Testing

@testable import JanusFormulas

@Suite struct PrefixTests {
  private func isValid(_ bytes: [UInt8]) -> Bool { FormulaCheck.firstProblem(bytes) == nil }

  /// What is accepted of a text, with what closes it.
  private func closed(_ text: String) -> [UInt8] {
    var prefix = FormulaPrefix()
    var taken: [UInt8] = []
    for byte in text.utf8 {
      guard let next = prefix.advanced(by: [byte]) else { break }
      prefix = next
      taken.append(byte)
    }
    return taken + prefix.closing
  }

  @Test(arguments: Samples.formulas)
  func everyPrefixOfAValidFormulaIsAcceptedAndItsClosingMakesItValid(_ latex: String) {
    var prefix = FormulaPrefix()
    var taken: [UInt8] = []
    for byte in latex.utf8 {
      let isAccepted = prefix.advance(by: byte)
      #expect(isAccepted)
      taken.append(byte)
      let closed = taken + prefix.closing
      #expect(isValid(closed), "\(String(decoding: closed, as: UTF8.self))")
    }
    #expect(prefix.isComplete)
  }

  @Test func lengthsThatTeXTakesAreAcceptedAndClosed() {
    for latex in [
      #"\hspace{16382.9pt}"#, #"\rule{225in}{574cm}"#, #"\mspace{16382mu}"#, #"a\\[650em]b"#,
      #"\hspace{-0001.5em}"#,
    ] {
      #expect(isValid(Array(latex.utf8)), "\(latex)")
    }
    // A number that is large for some units is closed with one that it is not too large for.
    for beginning in [#"\hspace{9999"#, #"\hspace{9999c"#, #"\hspace{1000e"#, #"\hspace{9999p"#] {
      let closed = closed(beginning)
      #expect(isValid(closed), "\(String(decoding: closed, as: UTF8.self))")
    }
  }

  /// Found by fuzzing.
  @Test func acceptedBeginningsWithCommentsAreClosedToValidFormulas() {
    let texts = ["\\sqrt[3%\0\0'^y}\\frac{\n\\end{", "\\frac{a}{b}+\\sqrt[3%\n"]
    for text in texts {
      let closed = closed(text)
      let problems = Formula(String(decoding: closed, as: UTF8.self)).problems
      #expect(problems.map(\.description) == [], "\(closed)")
    }
  }

  @Test func aPrefixIsAcceptedIfAndOnlyIfSomethingCompletesIt() {
    var generator = SplitMix(5)
    for _ in 0..<4000 {
      let bytes = Samples.broken(&generator)
      var prefix = FormulaPrefix()
      var accepted = true
      for (index, byte) in bytes.enumerated() {
        accepted = prefix.advance(by: byte)
        if !accepted { break }
        if generator.below(8) == 0 {
          let closed = bytes[...index] + prefix.closing
          #expect(isValid(Array(closed)), "\(String(decoding: closed, as: UTF8.self))")
        }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(
        (accepted && prefix.isComplete) == isValid(bytes) || text.last?.isWhitespace == true,
        "\(text)")
    }
  }

  @Test func aTokenMayEndAnywhereInACommandOrACharacter() {
    for pieces in [
      ["\\fr", "ac{1", "}{2}"], ["\\", "alpha", " x"], ["\\begin{mat", "rix}a\\e", "nd{matrix}"],
    ] {
      var prefix: FormulaPrefix? = FormulaPrefix()
      for piece in pieces { prefix = prefix?.advanced(by: piece.utf8) }
      #expect(prefix?.isComplete == true)
    }
    let alpha = Array("α".utf8)
    let half = FormulaPrefix().advanced(by: alpha[..<1])
    #expect(half != nil)
    #expect(half?.isComplete == false)
    #expect(half?.advanced(by: alpha[1...])?.isComplete == true)
  }

  @Test(arguments: [
    #"\fooz"#, #"\lefu"#, "x^2^", "x}", #"\left a"#, #"\left\al"#, #"\text{\fr"#, "x^}", "&",
    #"\right)"#,
    #"\end"#, #"\begin{mx"#, #"\begin{matrix}a\end{a"#, #"x \begin{align}"#, #"\hspace{1x"#,
    #"\in put"# + "#",
    #"\input"#, "中", "\u{202E}", #"\begin{array}{x"#, #"\limits"#, #"a\over b\over c"#, "\\sqrt[x}",
  ])
  func whatNoFormulaBeginsWithIsRefused(_ text: String) {
    #expect(FormulaPrefix().advanced(by: text.utf8) == nil)
  }

  @Test func partialNamesAreHeldToWhatTheStateAllows() {
    // Behind \left only delimiters; in text only commands of text.
    #expect(FormulaPrefix().advanced(by: #"\left\l"#.utf8) != nil)
    #expect(FormulaPrefix().advanced(by: #"\left\m"#.utf8) == nil)
    #expect(FormulaPrefix().advanced(by: #"\text{\te"#.utf8) != nil)
    #expect(FormulaPrefix().advanced(by: #"\text{\alp"#.utf8) == nil)
  }

  @Test func depthIsBounded() {
    var prefix = FormulaPrefix()
    var count = 0
    while let next = prefix.advanced(by: "{".utf8) {
      prefix = next
      count += 1
    }
    #expect(count == Grammar.deepest - 1)
    #expect(prefix.closing == Array(repeating: UInt8(ascii: "}"), count: count))
  }

  @Test func aDelimiterEndsTheFormula() {
    for (end, closer) in [
      (FormulaEnd.dollar, "$"), (.twoDollars, "$$"), (.parenthesis, "\\)"), (.bracket, "\\]"),
    ] {
      let open = FormulaPrefix(end: end).advanced(by: #"\frac{a}{b"#.utf8)
      #expect(open?.isComplete == false)
      #expect(open?.closing == Array("}\(closer)".utf8))
      let closed = open?.advanced(by: "}\(closer)".utf8)
      #expect(closed?.hasEnded == true)
      #expect(closed?.advanced(by: "x".utf8) == nil)
    }
  }
}
