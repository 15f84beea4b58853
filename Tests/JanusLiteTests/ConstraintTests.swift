import JanusFormulas
import Testing

@testable import JanusEngine
@testable import JanusLite
@testable import JanusWords

/// A scorer that insists on a text: its next token always has the largest logit.
@Suite struct ConstraintTests {
  /// Broken answers, the published one first. Each is wrong in a way of its own.
  static let broken = [
    #"\( A_n = \alpha _0 \left[ \begin{array}{l} 1 + \frac{3}{4} \sum_{k=1}^{n} \begin{pmatrix} \frac{4}{9} \\ k \end{pmatrix} \right] \end{array]"#,
    #"\frac{a}{b"#, #"\frac{a}"#, #"\frac"#, #"x^"#, #"x_"#, #"x^2^3"#, #"x_1_2"#, #"x^^2"#,
    #"\left( x"#, #"x \right)"#, #"\left( x \right"#, #"\left{ x \right}"#, #"\left x"#,
    #"\begin{matrix} a & b"#, #"\end{matrix}"#, #"\begin{matrix} a \end{pmatrix}"#,
    #"\begin{array} a \end{array}"#, #"\begin{array}{q} a \end{array}"#,
    #"\begin{foo} a \end{foo}"#,
    #"\begin{cases} a & b & c & d"#, #"a & b"#, #"{a & b}"#, #"\sqrt[3 x"#, #"\sqrt[3]"#,
    #"\foo + \bar"#, #"\fraction{a}{b}"#, #"\input{/etc/passwd}"#, #"\write18{ls}"#,
    #"\def\a{b} \a"#, #"\catcode`\%=12"#, #"\usepackage{x} a"#, #"a } b"#, #"{ a"#, #"}"#,
    #"{{{{{{{"#,
    #"\text{a_b}"#, #"\text{a & b"#, #"\text{$x"#, #"\hspace{wide} x"#, #"\hspace{"#, #"\limits x"#,
    #"a \over b \over c"#, #"\middle| x"#, #"\overbrace"#, #"\mathbb"#, #"\hat"#, #"a # b"#,
    #"$a$ $b"#,
    #"\[ a = b"#, #"\( a = b \]"#, #"\[ a = b \)"#, #"$$ a = b $"#, #"\begin{align} a &= b"#,
    #"\begin{align} a \begin{align} b"#, #"\big x"#, #"\tag{1} \tag{2"#, #"\color{red"#, #"\\[3"#,
    #"\operatorname{a}{b"#, #"\substack{a \\ b"#,
  ]

  static let valid = [
    "x", #"\frac{a}{b}"#, #"x^{2}+y_{1}"#, #"\left( x \right)"#,
    #"\begin{matrix} a & b \\ c & d \end{matrix}"#,
    #"\sqrt[3]{x}"#, #"\text{if } x>0"#, #"\sum_{k=1}^{n} k"#, #"\[ a=b \]"#, #"\( a=b \)"#,
    "$a=b$",
    "Let $a=1$ and $b=2$.", "The formula is:\n\\[ x^2 \\]", "```latex\nx^2\n```",
    #"\begin{align} a &= b \\ c &= d \end{align}"#, "I cannot read it.",
    #"\left\{ \begin{array}{ll} a & b \\ c & d \end{array} \right."#, "a=b\n\nc=d",
  ]

  private struct Scorer {
    let model: Janus
    let tokens: [Int]
    /// Whether a token that was refused is wanted again, or the next one.
    let repeats: Bool
    private var next = 0
    private var refusals = 0
    private var generator: SplitMix

    init(_ model: Janus, _ text: String, repeats: Bool, seed: UInt64) {
      self.model = model
      self.repeats = repeats
      tokens = model.tokenizer.encode(text) + [model.tokenizer.eosID]
      generator = SplitMix(seed)
    }

    var wanted: Int { next < tokens.count ? tokens[next] : model.tokenizer.eosID }

    mutating func logits() -> [Float] {
      var logits = (0..<model.language.vocabularySize).map { _ in generator.unit() }
      logits[wanted] = 1000
      return logits
    }

    mutating func took(_ token: Int?) {
      if token == wanted {
        (next, refusals) = (next + 1, 0)
      } else {
        refusals += 1
        if !repeats || refusals > 3 { (next, refusals) = (next + 1, 0) }
      }
    }
  }

  /// The answer of a scorer, and what came of it.
  private func answer(
    _ model: Janus, _ text: String, repeats: Bool = false, constrained: Bool = true,
    limit: Int = 160,
    seed: UInt64 = 1
  ) throws -> Answer {
    var scorer = Scorer(model, text, repeats: repeats, seed: seed)
    var writer = try AnswerWriter(
      model, GenerationSettings(maxTokens: limit, logprobs: 2), limit: limit,
      readsFormula: constrained)
    while !writer.isFinished {
      let logits = scorer.logits()
      let before = writer.answer.tokenIDs.count
      _ = try logits.withUnsafeBufferPointer { logits throws(JanusError) in try writer.take(logits)
      }
      scorer.took(writer.answer.tokenIDs.count > before ? writer.answer.tokenIDs.last : nil)
    }
    return writer.answer
  }

  @Test(arguments: broken)
  func aBrokenAnswerThatIsInsistedOnBecomesAValidOne(_ text: String) throws {
    let model = try Fixture.small[0].model(.int8)
    #expect(!Formula(Delimiters.stripped(text)).isValid || text.contains("$"))
    for (repeats, seed) in [(false, UInt64(1)), (true, 2), (false, 3), (true, 4)] {
      for limit in [8, 40, 160] {
        let answer = try answer(model, text, repeats: repeats, limit: limit, seed: seed)
        let reading = FormulaReading(answer, tokenizer: model.tokenizer)
        #expect(
          reading.isValid || !reading.hasFormula,
          "\(answer.text) gives \(reading.latex): \(reading.problem ?? "")")
      }
    }
  }

  @Test func theScorerOverrulesWhatItShould() throws {
    let model = try Fixture.small[0].model(.int8)
    // Formulas between delimiters, so that the grammar holds from the first sign on.
    var overruled = 0
    for text in Self.broken where try answer(model, "\\[" + text).repairs > 0 { overruled += 1 }
    #expect(overruled >= 50, "\(overruled) of \(Self.broken.count)")
  }

  @Test(arguments: valid)
  func onValidTextNothingChangesToTheBit(_ text: String) throws {
    let model = try Fixture.small[0].model(.int8)
    let held = try answer(model, text)
    let free = try answer(model, text, constrained: false)
    #expect(held.repairs == 0)
    #expect(held.text == text && held.tokenIDs == free.tokenIDs && held.text == free.text)
    #expect(held.finishReason == free.finishReason)
    #expect(held.logprobs.map(\.logprob) == free.logprobs.map(\.logprob))
    #expect(
      held.logprobs.map { $0.top.map(\.tokenID) } == free.logprobs.map { $0.top.map(\.tokenID) })
  }
}

/// Numbers that look random and are the same each time.
private struct SplitMix {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func unit() -> Float {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Float((z ^ (z >> 31)) >> 40) / Float(1 << 24)
  }
}
