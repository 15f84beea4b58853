/// Tells words from formulas in a line that no delimiters mark.
enum Prose {
  /// Words that introduce a formula before a colon.
  static let subjects = [
    "latex", "formula", "equation", "expression", "image", "picture", "code", "answer", "here",
    "result", "output", "formel", "gleichung", "formule", "tex", "transcri", "math", "shown",
    "follow", "reads", "given", "written", "note", "solution", "fórmula", "ecuaci",
  ]

  /// Words that formulas do not have.
  private static let common: Set<String> = [
    "the", "is", "of", "and", "where", "for", "this", "that", "with", "here", "are", "as", "an",
    "in", "to", "be", "it", "we", "have", "has", "which", "from", "by", "on", "can", "cannot",
    "image", "picture", "formula", "equation", "expression", "latex", "code", "following", "shows",
    "sure", "sorry", "please", "not", "read", "see", "represents", "denotes", "given", "let",
    "there", "no", "contains", "unable", "will", "would", "you", "your", "its", "means", "reads",
    "displayed", "written", "area", "der", "die", "das", "ist", "und", "wobei", "die", "la", "le",
    "est", "où", "y", "es",
  ]

  /// Single words that are an answer and no formula.
  private static let answers: Set<String> = [
    "sure", "sorry", "none", "unknown", "blank", "empty", "nothing", "unreadable", "okay", "ok",
    "yes", "no", "hello", "certainly", "formula", "image", "picture", "equation", "latex", "null",
    "error", "math", "text", "here", "undefined", "illegible", "na",
  ]

  /// Letters of writings without capitals whose words stand in no formula: Chinese, Japanese, Korean,
  /// Cyrillic, Arabic and others.
  static func isForeign(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0400...0x052F, 0x0590...0x1FFF, 0x2E80...0x303F, 0x3040...0xD7FF, 0xF900...0xFAFF,
      0xFE30...0xFE4F, 0xFF00...0xFFEF, 0x20000...0x3FFFF:
      true
    default: false
    }
  }

  static func hasForeign(_ text: some StringProtocol) -> Bool {
    text.unicodeScalars.contains(where: isForeign)
  }

  /// A word of prose: letters, with a sign of a sentence at its end at most.
  static func isWord(_ text: Substring) -> Bool {
    var word = text
    while let last = word.last, ".,:;!?)*\"'".contains(last) { word.removeLast() }
    while let first = word.first, "(*\"'".contains(first) { word.removeFirst() }
    return word.count > 1 && word.allSatisfy { $0.isLetter || $0 == "'" || $0 == "’" || $0 == "-" }
  }

  static func isCommon(_ text: Substring) -> Bool {
    common.contains(text.lowercased().filter(\.isLetter))
  }

  /// Whether a whole line is words, without a formula's signs.
  static func isSentence(_ line: String) -> Bool {
    let words = line.split { $0 == " " || $0 == "\t" }
    let prose = words.filter(isWord)
    let marks = line.contains { "\\^_={}+&<>".contains($0) }
    if words.allSatisfy({ $0.count > 2 && $0.allSatisfy { "`*#-_=~".contains($0) } }) {
      return true
    }
    if line.allSatisfy({ "?!¿¡ ".contains($0) }) { return true }
    if hasForeign(line), !marks { return true }
    if words.count == 1, let only = words.first {
      let bare = only.lowercased().filter { $0.isLetter }
      return answers.contains(bare) && only.allSatisfy { $0.isLetter || ".!?,:*/".contains($0) }
    }
    if !marks {
      return prose.count >= 2
        || (prose.count == 1 && words.count > 1 && prose.contains(where: isCommon))
    }
    let hasCommand = line.contains("\\") || line.contains("^")
    return !hasCommand && prose.count >= 4 && prose.count(where: isCommon) >= 2
  }

  /// Whether the text before a colon introduces the text after it.
  static func introduces(_ text: String) -> Bool {
    guard !text.contains(where: { "\\^_={}".contains($0) }) else { return false }
    let lower = text.lowercased()
    return subjects.contains { lower.contains($0) } || hasForeign(text)
      || text.split(separator: " ").count(where: isCommon) >= 2
  }
}
