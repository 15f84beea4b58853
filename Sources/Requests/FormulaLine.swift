import JanusLite

/// A formula that was read, as JSON.
package struct FormulaLine: Encodable {
  /// A place where the model was not sure.
  struct Doubt: Encodable {
    struct Alternative: Encodable {
      let text: String
      let probability: Double
    }

    /// Its place in the UTF-8 of `latex`; left out where clean-up removed it.
    let offset: Int?
    let length: Int?
    let text: String
    let probability: Double
    let alternatives: [Alternative]
  }

  /// Another reading of the picture.
  struct Alternative: Encodable {
    let latex: String
    let confidence: Double
  }

  private let line: AnswerLine
  let latex: String
  let mathML: String
  let typst: String
  let markdown: String
  let isValid: Bool
  let problem: String?
  let confidence: Double
  let doubts: [Doubt]
  let repairs: Int
  let warnings: [String]
  /// Nil unless they were asked for.
  let alternatives: [Alternative]?

  enum CodingKeys: String, CodingKey {
    case text, latex, typst, markdown, problem, confidence, repairs, warnings, alternatives
    case mathML = "mathml"
    case isValid = "valid"
    case doubts = "doubtful"
  }

  /// - Parameters:
  ///   - warnings: warnings in addition to the reading's own.
  ///   - alternatives: whether other readings were asked for.
  package init(
    _ reading: FormulaReading, image: String, warnings: [String] = [], alternatives: Bool = false
  ) {
    line = AnswerLine(reading.answer, images: [image])
    latex = reading.latex
    mathML = reading.hasFormula ? reading.mathML : ""
    typst = reading.hasFormula ? reading.typst : ""
    markdown = reading.markdown
    isValid = reading.isValid
    problem = reading.problem
    confidence = reading.confidence
    doubts = reading.doubts.map { doubt in
      Doubt(
        offset: doubt.range?.lowerBound, length: doubt.range?.count, text: doubt.text,
        probability: doubt.probability,
        alternatives: doubt.alternatives.map { .init(text: $0.text, probability: $0.probability) })
    }
    repairs = reading.answer.repairs
    self.warnings = warnings + reading.warnings
    self.alternatives =
      alternatives
      ? reading.alternatives.map { Alternative(latex: $0.latex, confidence: $0.probability) } : nil
  }

  package func encode(to encoder: any Encoder) throws {
    try line.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    // The formula replaces the raw answer.
    try container.encode(latex, forKey: .text)
    try container.encode(latex, forKey: .latex)
    try container.encode(mathML, forKey: .mathML)
    try container.encode(typst, forKey: .typst)
    try container.encode(markdown, forKey: .markdown)
    try container.encode(isValid, forKey: .isValid)
    // Null where there is none, so that the key can be relied upon.
    try container.encode(problem, forKey: .problem)
    try container.encode(confidence, forKey: .confidence)
    try container.encode(doubts, forKey: .doubts)
    try container.encode(repairs, forKey: .repairs)
    try container.encode(warnings, forKey: .warnings)
    try container.encodeIfPresent(alternatives, forKey: .alternatives)
  }
}
