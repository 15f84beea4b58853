#if DEBUG
  import Testing

  @testable import JanusFormulas

  /// Counts the steps of reading: twice the text may take twice the steps, whatever it says.
  @Suite struct LinearityTests {
    /// A text that grows in one of its parts, or in two that belong together.
    struct Growing: CustomTestStringConvertible, Sendable {
      let before: String
      let unit: String
      let behind: String

      init(_ unit: String, _ behind: String = "", before: String = "") {
        (self.before, self.unit, self.behind) = (before, unit, behind)
      }

      func text(_ count: Int) -> String {
        before + String(repeating: unit, count: count) + String(repeating: behind, count: count)
      }

      var testDescription: String { "\(before) \(unit) … \(behind)" }
    }

    static let pieces: [Growing] =
      [
        "$", "\\[", "{", "}", "`", "$}", "\\(\\)", "x\n", "${", "$${", "```", "a=b\n\n", "中",
        "\\begin{align}", "&lt;", "\\\\a", "5%", "% 5", "=a\n", "+a=b\n", "a=b\n", "a\n",
        "+\\begin{align}", "\\begin{align}a\\end{align}+", "\\begin{foo}", "\\end{foo}", "&",
        "\\\\",
        "a\\over b\\\\", "a&b\\over c", "\\left(a\\over b\\middle|", "^", "_", "'", "\\sqrt[",
        "\\sqrt[3{", "\\frac", "\\hat", "\\text{", "\\text{$", "\\hspace{", "\\newcommand\\a{",
        "\\label{", "\\right)", "\\left(", "\\middle|", "\\end{matrix}", "\\begin{matrix}",
        "\\begin{array}{c}", "\\input{", "²", "\\limits", "\\sum\\limits", "\\tag{a}", "\\nonumber",
        "%", " ", "\n", "\\ ", "{}[", "[", "]", "\\hline", "$ $", "$a$ ", "\\operatorname{s i n}",
        "\\mathrm{d x}", "\\begin{align}a&b&c&d&e\\\\", "\\displaystyle", "\\color{red}", "\\foo{",
        "$$\n\n", "$a\n\n", "`a` ", "- a\n", "1. a=b\n", "The area is a=b. ", ":", "：",
      ].map { Growing($0) }
      + [
        Growing("\\begin{foo}", "\\end{bar}"), Growing("{", "}"), Growing("\\left(", "\\right)"),
        Growing("\\begin{align}", "\\end{align}"), Growing("+\\begin{align}+", "\\end{align}+"),
        Growing("{", "$", before: "$"), Growing("&", before: "{"), Growing("&", "}", before: "{"),
        Growing("{", "}", before: "\\frac"), Growing("$x$", "}", before: "\\text{"),
        Growing("\\begin{foo}", "\\end{bar}", before: "\\begin{matrix}"),
        Growing("`", "\n", before: "a=b\n"),
        Growing("\\begin{foo}", "}", before: "\\begin{matrix}"),
      ]

    private func steps(_ text: String) -> Int {
      Work.steps {
        _ = FormulaAnswer(text)
        let formula = Formula(text)
        _ = formula.unknownCommands
        _ = Delimiters.stripped(text)
      }
    }

    @Test(arguments: pieces)
    func twiceTheTextTakesTwiceTheSteps(_ growing: Growing) {
      let bytes = growing.unit.utf8.count + growing.behind.utf8.count
      // Long enough that searches which are given up after some failures have been.
      let count = 16_000 / bytes
      let (short, long) = (steps(growing.text(count)), steps(growing.text(2 * count)))
      #expect(short > 0)
      #expect(
        Double(long) < 2.3 * Double(short) + 10_000,
        "\(count) times: \(short) steps, \(2 * count) times: \(long)")
    }

    @Test func differentUnknownCommandsAreCountedOnce() {
      func text(_ count: Int) -> String {
        (0..<count).map { index in
          "\\q"
            + String(index, radix: 26).map {
              String(UnicodeScalar(97 + Int(String($0), radix: 26)!)!)
            }.joined()
        }.joined()
      }
      let (short, long) = (steps(text(2000)), steps(text(4000)))
      #expect(Double(long) < 2.4 * Double(short))
    }

    @Test func everyStepIsCounted() {
      // The counter sees at least each byte.
      #expect(steps(String(repeating: "x", count: 1000)) > 1000)
    }
  }
#endif
