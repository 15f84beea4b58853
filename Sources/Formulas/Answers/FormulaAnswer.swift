/// The formula in a model's answer: what it says, without chatter, fences and delimiters, mended where
/// it was broken.
///
/// Nothing is lost: every displayed formula is in `latex`, and `markdown` has the words around them, too.
package struct FormulaAnswer: Sendable {
  /// LaTeX on one line, without delimiters. Several formulas are the rows of one environment. An answer
  /// without a formula is here in its own words.
  package let latex: String
  /// Whether there is a formula.
  package let hasFormula: Bool
  /// Whether `latex` is a valid formula.
  package let isValid: Bool
  /// The first thing that is wrong with `latex`, in words; nil for a valid formula.
  package let problem: String?
  /// What was found wrong with the answer and mended, or could not be; in words.
  package let warnings: [String]
  /// The answer's words with its formulas, for Markdown.
  package let markdown: String
  /// The formula's tree.
  package let formula: Formula
  /// `latex`, with the place in the raw answer that each byte came from.
  private let text: EditedText

  /// Where bytes of the raw answer's UTF-8 stand in `latex`; nil if they are not in it.
  package func range(ofAnswer range: Range<Int>) -> Range<Int>? { text.range(ofSource: range) }

  /// - Parameters:
  ///   - dropsUnknown: whether commands that nobody knows are left out, so that every formula is valid.
  package init(_ answer: String, dropsUnknown: Bool = false) {
    let raw = JSONAnswer.unwrapped(EditedText(Array(answer.utf8.prefix(Formula.longest))))
    let segments = AnswerSegments(raw.bytes)
    let pieces = Self.counted(segments, raw)
    var problems: [FormulaProblem] = []
    var closed: [String] = []
    var parts: [EditedText] = []
    for piece in pieces {
      let part = Formula(Self.source(raw, piece.content), dropsUnknown: dropsUnknown)
      problems += part.problems
      closed += part.closed
      if !part.repaired.bytes.allSatisfy(Lexer.isSpace) { parts.append(part.repaired) }
    }
    hasFormula = !parts.isEmpty
    guard hasFormula else {
      text = Self.words(raw)
      latex = text.text
      formula = Formula("")
      isValid = false
      problem = latex.isEmpty ? "the answer is empty" : "no formula in the answer"
      warnings = [latex.isEmpty ? "the answer is empty" : "no formula in the answer"]
      markdown = latex
      return
    }
    let joined = Formula(Self.joined(parts))
    formula = joined
    text = Self.trimmed(joined.repaired)
    latex = text.text
    let last = FormulaCheck.firstProblem(text.bytes)
    isValid = last == nil
    problem = last?.description
    warnings =
      Self.warnings(problems, closed, joined) + Self.leftOut(segments, pieces, raw)
    markdown = Self.markdown(raw, segments, dropsUnknown: dropsUnknown)
  }

  // MARK: Which formulas count

  /// Displayed formulas; without any, those in lines of text. Single symbols that are explained beside
  /// a whole formula are none.
  private static func counted(
    _ segments: AnswerSegments, _ raw: EditedText
  ) -> [AnswerSegments.Formula] {
    let displayed = segments.formulas.filter { $0.kind != .inline }
    if !displayed.isEmpty { return displayed }
    let whole = segments.formulas.filter { isWhole($0, raw) }
    return whole.isEmpty ? segments.formulas : whole
  }

  /// Says so where formulas in lines of text stand beside displayed ones.
  private static func leftOut(
    _ segments: AnswerSegments, _ counted: [AnswerSegments.Formula], _ raw: EditedText
  ) -> [String] {
    guard counted.contains(where: { $0.kind != .inline }) else { return [] }
    let count = segments.formulas.count { $0.kind == .inline && isWhole($0, raw) }
    if count == 0 { return [] }
    return [
      "\(count) \(count == 1 ? "formula" : "formulas") within lines of text left out beside the displayed ones; Markdown has all"
    ]
  }

  private static func isWhole(_ formula: AnswerSegments.Formula, _ raw: EditedText) -> Bool {
    !isSymbol(Formula(source(raw, formula.content)).nodes)
  }

  /// Whether a formula is one symbol, with scripts at most.
  private static func isSymbol(_ nodes: [Node]) -> Bool {
    guard nodes.count == 1, let node = nodes.first else { return nodes.isEmpty }
    switch node.kind {
    case .character, .command: return true
    case .scripts(let base?, let sub, let sup, _):
      return isSymbol([base]) && (sub ?? []).count <= 1 && (sup ?? []).count <= 1
    case .construct(let id, let arguments):
      return CommandTable.shared[id].slots == [.math] && isSymbol(arguments[0].nodes)
    default: return false
    }
  }

  /// A piece of the answer as a formula's text: entities and doubled backslashes are undone.
  private static func source(_ raw: EditedText, _ range: Range<Int>) -> EditedText {
    var range = range
    while !range.isEmpty, Lexer.isSpace(raw.bytes[range.lowerBound]) {
      range = range.lowerBound + 1..<range.upperBound
    }
    let text = raw.part(range)
    let plain = text.applying(Escapes.edits(text.bytes))
    return plain.applying(Percent.edits(plain.bytes))
  }

  // MARK: One formula of several

  private static func joined(_ parts: [EditedText]) -> EditedText {
    guard parts.count > 1 else { return parts[0] }
    var result = EditedText([])
    result.append("\\begin{gathered} ")
    for (index, part) in parts.enumerated() {
      if index > 0 { result.append(" \\\\ ") }
      result.append(trimmed(inner(part)))
    }
    result.append(" \\end{gathered}")
    return result
  }

  /// A displayed environment as one that may stand inside of another.
  private static func inner(_ part: EditedText) -> EditedText {
    let formula = Formula(part)
    guard let node = formula.nodes.first, formula.nodes.count == 1,
      case .environment(let id, _, _) = node.kind, EnvironmentTable.shared[id].isOuter
    else { return part }
    return part.applying(Delimiters.innerEdits(part.bytes, EnvironmentTable.shared[id]))
  }

  private static func trimmed(_ text: EditedText) -> EditedText {
    var edits: [Edit] = []
    let bytes = text.bytes
    let start = bytes.firstIndex { !Lexer.isSpace($0) } ?? bytes.count
    if start > 0 { edits.append(Edit(range: 0..<start, replacement: "")) }
    var end = bytes.count
    while end > start, Lexer.isSpace(bytes[end - 1]), !FormulaCheck.isEscaped(end - 1, bytes) {
      end -= 1
    }
    if end < bytes.count { edits.append(Edit(range: end..<bytes.count, replacement: "")) }
    return text.applying(edits)
  }

  /// An answer without a formula: its words on one line, without control characters.
  private static func words(_ raw: EditedText) -> EditedText {
    var result = EditedText([])
    var index = 0
    let bytes = raw.bytes
    while index < bytes.count {
      while index < bytes.count, Lexer.isSpace(bytes[index]) { index += 1 }
      let start = index
      while index < bytes.count, !Lexer.isSpace(bytes[index]) { index += 1 }
      guard index > start else { break }
      if !result.bytes.isEmpty { result.append(" ") }
      result.append(raw.part(start..<index))
    }
    return result.applying(Escapes.controls(result.bytes))
  }

  // MARK: Words about it

  private static func warnings(
    _ problems: [FormulaProblem], _ closed: [String], _ formula: Formula
  ) -> [String] {
    var warnings: [String] = []
    let names = [
      ("group", "groups"), ("bracket", "brackets"), ("\\left", "\\left"),
      ("environment", "environments"),
    ]
    for (name, several) in names {
      let count = closed.count { $0 == name }
      if count > 0 {
        warnings.append("closed \(count) \(count == 1 ? name : several) that the answer left open")
      }
    }
    var seen: Set<String> = []
    for problem in problems where problem.fault != .unfinished && problem.fault != .unknownCommand {
      let words =
        "mended: " + problem.fault.reason + (problem.excerpt.isEmpty ? "" : ": " + problem.excerpt)
      if seen.insert(words).inserted, seen.count <= 8 { warnings.append(words) }
    }
    let mended = problems.filter { $0.fault == .unknownCommand }.map(\.excerpt)
    let unknown = formula.unknownCommands
    let left = Set(unknown)
    for name in Set(mended).sorted() where !left.contains(String(name.dropFirst())) {
      warnings.append("mended: unknown command: \(name)")
    }
    for name in unknown { warnings.append("unknown command: \\\(name)") }
    return warnings
  }

  /// The answer with its formulas between dollar signs, and its words as they are.
  private static func markdown(
    _ raw: EditedText, _ segments: AnswerSegments, dropsUnknown: Bool
  ) -> String {
    let bytes = raw.bytes
    var result: [UInt8] = []
    var position = 0
    let cuts =
      segments.wrapping.map { ($0, nil as AnswerSegments.Formula?) }
      + segments.formulas.map { ($0.whole, Optional($0)) }
    for (range, formula) in cuts.sorted(by: { $0.0.lowerBound < $1.0.lowerBound }) {
      guard range.lowerBound >= position else { continue }
      result += bytes[position..<range.lowerBound]
      position = range.upperBound
      guard let formula else { continue }
      let formulaText = Formula(source(raw, formula.content), dropsUnknown: dropsUnknown)
      let latex = trimmed(formulaText.repaired).text
      let isAlone = formula.kind == .display || isOnLineOfItsOwn(range, bytes)
      let wrapped = (isAlone && formula.kind != .inline ? Delimiters.display : .dollar).wrap(latex)
      result += Array(
        (isAlone && formula.kind != .inline ? wrapped.replacingDisplayDelimiters : wrapped).utf8)
    }
    result += bytes[position...]
    let text = EditedText(result)
    let clean = text.applying(Escapes.controls(text.bytes, keepsLines: true)).text
    var lines: [Substring] = []
    for line in clean.split(separator: "\n", omittingEmptySubsequences: false) {
      let isBlank = line.allSatisfy(\.isWhitespace)
      if isBlank, lines.last?.isEmpty ?? true { continue }
      lines.append(isBlank ? "" : line)
    }
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines.joined(separator: "\n")
  }

  private static func isOnLineOfItsOwn(_ range: Range<Int>, _ raw: [UInt8]) -> Bool {
    var start = range.lowerBound
    while start > 0, raw[start - 1] == 0x20 { start -= 1 }
    var end = range.upperBound
    while end < raw.count, raw[end] == 0x20 || raw[end] == 0x0D { end += 1 }
    return (start == 0 || raw[start - 1] == 0x0A) && (end == raw.count || raw[end] == 0x0A)
  }
}

extension String {
  /// `$$…$$`, which Markdown knows, in place of `\[…\]`.
  fileprivate var replacingDisplayDelimiters: String {
    guard hasPrefix("\\["), hasSuffix("\\]") else { return self }
    return "$$" + dropFirst(2).dropLast(2) + "$$"
  }
}
