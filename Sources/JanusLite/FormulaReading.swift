import JanusFormulas
import JanusImages
import JanusWords

/// A formula that was read from a picture.
public struct FormulaReading: Sendable {
  /// A place where the model was not sure.
  public struct Doubt: Sendable {
    /// Its place in the UTF-8 of `latex`; nil if clean-up removed it.
    public let range: Range<Int>?
    /// The text that was chosen, as the model wrote it.
    public let text: String
    /// The probability of that, 0 to 1.
    public let probability: Double
    /// Alternatives, most likely first. An empty text stands for the end of the answer.
    public let alternatives: [(text: String, probability: Double)]
  }

  /// Another reading of the picture: a valid formula.
  public struct Alternative: Sendable, Equatable {
    /// The formula on one line, without delimiters.
    public let latex: String
    /// The probability of the whole answer, 0 to 1.
    public let probability: Double
  }

  /// The formula on one line, without delimiters. Several formulas are the rows of one environment.
  public let latex: String
  /// The answer's words with its formulas, for Markdown.
  public let markdown: String
  /// Whether the answer held a formula at all.
  public let hasFormula: Bool
  /// Whether `latex` is a valid formula.
  public let isValid: Bool
  /// The first thing that is wrong with `latex`; nil for a valid formula.
  public let problem: String?
  /// Problems of the answer, one sentence each.
  public let warnings: [String]
  /// The probability of the whole answer, 0 to 1; half of it where the picture may hold several formulas, of which models
  /// read one and are sure of it.
  public let confidence: Double
  /// The places where the model was least sure.
  public let doubts: [Doubt]
  /// Other readings, most likely first; empty unless they were asked for.
  public internal(set) var alternatives: [Alternative] = []
  /// The raw answer, its tokens and timings.
  public let answer: Answer

  package let formula: Formula
  /// What the picture leaves of an answer's probability.
  let share: Double

  /// MathML for browsers and word processors, with the LaTeX as its annotation.
  public var mathML: String { formula.mathML() }
  /// The formula in Typst's notation.
  public var typst: String { formula.typst }
  /// The formula in plain Unicode, as far as that goes.
  public var plainText: String { formula.plainText }

  package init(
    _ answer: Answer, tokenizer: Tokenizer, pictureWarnings: [PictureWarning] = []
  ) {
    self.answer = answer
    // The grammar lets no unknown command into a formula; words that turn out to be one may hold some.
    let cleaned = FormulaAnswer(answer.text, dropsUnknown: true)
    latex = cleaned.latex
    markdown = cleaned.markdown
    hasFormula = cleaned.hasFormula
    isValid = cleaned.isValid
    problem = cleaned.problem
    warnings = pictureWarnings.map(\.description) + Self.ending(answer) + cleaned.warnings
    formula = cleaned.formula
    share = Self.share(pictureWarnings)
    confidence = answer.confidence * share
    doubts = Self.doubts(answer, tokenizer) { cleaned.range(ofAnswer: $0) }
  }

  /// What is to be said of how an answer ended; nothing of one that came to its end.
  package static func ending(_ answer: Answer) -> [String] {
    switch answer.finishReason {
    case .stop: []
    case .length: ["the answer ended at the limit of tokens"]
    case .loop: ["the answer began to repeat itself and was cut there"]
    case .cancelled: ["the reading was stopped before its end"]
    }
  }

  private static func share(_ warnings: [PictureWarning]) -> Double {
    for case .apart in warnings { return 0.5 }
    return 1
  }

  private static func doubts(
    _ answer: Answer, _ tokenizer: Tokenizer, place: (Range<Int>) -> Range<Int>?
  ) -> [Doubt] {
    var doubts: [Doubt] = []
    var offset = 0
    for (index, certainty) in answer.certainty.enumerated() {
      let isEnd = index >= answer.tokenIDs.count
      let bytes = isEnd ? [] : tokenizer.bytes(of: answer.tokenIDs[index])
      let range = offset..<offset + bytes.count
      offset = range.upperBound
      guard certainty.probability < Confidence.threshold else { continue }
      doubts.append(
        Doubt(
          range: isEnd ? nil : place(range), text: String(decoding: bytes, as: UTF8.self),
          probability: certainty.probability, alternatives: certainty.alternatives))
    }
    return doubts
  }
}
