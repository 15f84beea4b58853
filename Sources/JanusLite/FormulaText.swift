import JanusEngine
import JanusModelFile
import JanusSystem
import JanusWords

/// The LaTeX inside of what a model says about a formula.
///
/// Models wrap formulas in sentences, code fences and dollar signs. The result is LaTeX on one line,
/// without delimiters; of several displayed formulas each becomes a row (`\\`).
public enum FormulaText {
  /// The formula in `answer`; the answer itself on one line where nothing looks like a formula.
  public static func cleaned(_ answer: String) -> String {
    var text = answer.replacing("\r\n", with: "\n")
    if let fenced = fencedCode(text) { text = fenced }
    if let delimited = DelimitedMath(text).formula {
      text = delimited
    } else {
      text = withoutSentences(withoutBackticks(text))
    }
    text = withoutEquationEnvironment(text)
    return onOneLine(text)
  }

  /// Single spaces, none at the ends; the space of a final "\ " stays.
  static func onOneLine(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let backslashes = line.reversed().prefix { $0 == "\\" }.count
    return backslashes.isMultiple(of: 2) ? line : line + " "
  }

  /// The first code block between lines of three backticks; an unclosed one reaches to the end.
  private static func fencedCode(_ text: String) -> String? {
    let parts = text.split(separator: "```", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count > 1 else { return nil }
    var code = parts[1]
    let language = code.prefix { $0.isLetter }
    let languages = ["latex", "tex", "math", "markdown", "plaintext", "text", "katex"]
    if languages.contains(language.lowercased()), code.count > language.count {
      code = code.dropFirst(language.count)
    }
    return code.contains { !$0.isWhitespace } ? String(code) : nil
  }

  private static func withoutBackticks(_ text: String) -> String {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false)
    return parts.count == 3 && parts[1].contains { !$0.isWhitespace } ? String(parts[1]) : text
  }

  /// An `equation` around everything only says that the formula is displayed.
  private static func withoutEquationEnvironment(_ text: String) -> String {
    let trimmed = text.stripped
    for name in ["equation", "equation*", "displaymath", "math"] {
      let begin = "\\begin{\(name)}"
      let end = "\\end{\(name)}"
      if trimmed.hasPrefix(begin), trimmed.hasSuffix(end), trimmed.count >= begin.count + end.count
      {
        let inside = trimmed.dropFirst(begin.count).dropLast(end.count)
        if !inside.contains(begin) { return String(inside) }
      }
    }
    return text
  }

  /// Drops sentences around a formula without delimiters: whole lines before and after it, and the
  /// beginning of its line up to a colon.
  private static func withoutSentences(_ text: String) -> String {
    var lines = text.split(separator: "\n").map(String.init).filter { !$0.stripped.isEmpty }
    guard lines.contains(where: { !isSentence($0) }) else {
      return lines.joined(separator: " ")
    }
    while let first = lines.first, isSentence(first) { lines.removeFirst() }
    while let last = lines.last, isSentence(last) { lines.removeLast() }
    if let first = lines.first { lines[0] = withoutIntroduction(first) }
    return lines.joined(separator: " ")
  }

  /// Several words and nothing of a formula's.
  private static func isSentence(_ line: String) -> Bool {
    guard !line.contains(where: { "\\^_={}+&<>".contains($0) }) else { return false }
    return line.split(separator: " ").filter { $0.count { $0.isLetter } > 1 }.count >= 2
  }

  /// "The LaTeX code is: x" is x; "f: x \to y" stays.
  private static func withoutIntroduction(_ line: String) -> String {
    guard let colon = line.firstIndex(of: ":") else { return line }
    let before = line[..<colon].lowercased()
    let after = line[line.index(after: colon)...]
    let subjects = [
      "latex", "formula", "equation", "expression", "image", "picture", "code", "answer", "here",
    ]
    let names = subjects.contains { before.contains($0) }
    guard names, !before.contains(where: { "\\^_={}".contains($0) }),
      !String(after).stripped.isEmpty
    else { return line }
    return String(after)
  }
}
