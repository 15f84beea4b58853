import JanusEngine
import JanusModelFile
import JanusSystem
import JanusWords

/// The formulas of a text that are between math delimiters.
struct DelimitedMath {
  private var displayed: [Substring] = []
  private var inline: [Substring] = []
  /// Whether there is LaTeX that no delimiter encloses.
  private var isPartial = false

  /// All displayed formulas as rows; without any, the longest of those inside a line; nil for none,
  /// and where lines explain a formula that has no delimiters itself.
  var formula: String? {
    if !displayed.isEmpty { return displayed.joined(separator: " \\\\ ") }
    return isPartial ? nil : inline.max { $0.count < $1.count }.map(String.init)
  }

  /// Finds `\[…\]`, `$$…$$`, `\(…\)` and `$…$` outside of braces; the last may lack its end.
  init(_ text: String) {
    var position = text.startIndex
    var depth = 0
    while position < text.endIndex {
      let rest = text[position...]
      if depth == 0, let (kind, inside, end) = Self.formula(at: rest) {
        if inside.contains(where: { !$0.isWhitespace }) {
          if kind.isDisplayed { displayed.append(inside) } else { inline.append(inside) }
        }
        position = end
        continue
      }
      if let character = rest.first, "\\^_={".contains(character) { isPartial = true }
      switch rest.first {
      case "\\": position = text.index(after: position)  // the next character is escaped
      case "{": depth += 1
      case "}": depth = max(0, depth - 1)
      default: break
      }
      if position < text.endIndex { position = text.index(after: position) }
    }
  }

  private struct Kind {
    let open: String
    let close: String
    let isDisplayed: Bool
  }

  private static let kinds = [
    Kind(open: "\\[", close: "\\]", isDisplayed: true),
    Kind(open: "$$", close: "$$", isDisplayed: true),
    Kind(open: "\\(", close: "\\)", isDisplayed: false),
    Kind(open: "$", close: "$", isDisplayed: false),
  ]

  private static func formula(
    at text: Substring
  ) -> (kind: Kind, inside: Substring, end: String.Index)? {
    guard let kind = kinds.first(where: { text.hasPrefix($0.open) }) else { return nil }
    let inside = text.dropFirst(kind.open.count)
    var position = inside.startIndex
    var depth = 0
    while position < inside.endIndex {
      let rest = inside[position...]
      if depth == 0, rest.hasPrefix(kind.close) {
        return (kind, inside[..<position], rest.dropFirst(kind.close.count).startIndex)
      }
      switch rest.first {
      case "\\": position = inside.index(after: position)
      // Text inside of a formula may have dollar signs of its own, in braces.
      case "{" where kind.open == "$": depth += 1
      case "}": depth = max(0, depth - 1)
      default: break
      }
      if position < inside.endIndex { position = inside.index(after: position) }
    }
    // An answer that was cut off; a lone dollar sign is no formula.
    return kind.open == "$" ? nil : (kind, inside, inside.endIndex)
  }
}
