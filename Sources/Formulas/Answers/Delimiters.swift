/// What stands around a formula in the text that it is pasted into.
package enum Delimiters: String, CaseIterable, Sendable {
  /// The LaTeX alone.
  case none
  /// `$…$`
  case dollar
  /// `$$…$$`
  case display
  /// `\(…\)`
  case paren
  /// `\[…\]`
  case bracket

  /// The formula between the delimiters. Displayed environments, which may not stand there, become those
  /// that may; where LaTeX takes no `\tag`, its number becomes text.
  package func wrap(_ latex: String) -> String {
    if self == .none { return latex }
    let inner = Self.inner(latex, inline: self == .dollar || self == .paren, tags: self == .bracket)
    // A backslash at the end would take the delimiter for its own.
    let gap = inner.hasSuffix("\\ ") ? "{}" : ""
    return switch self {
    case .none: latex
    case .dollar: "$" + inner + gap + "$"
    case .display: "$$" + inner + gap + "$$"
    case .paren: "\\(" + inner + gap + "\\)"
    case .bracket: "\\[" + inner + gap + "\\]"
    }
  }

  /// A formula without the delimiters around it, if one pair encloses all of it; blanks and comments at
  /// its ends do not count.
  package static func stripped(_ text: String) -> String {
    let bytes = Array(text.utf8)
    return String(decoding: bytes[content(of: bytes)], as: UTF8.self)
  }

  /// Where the formula lies in a text that may have delimiters around it.
  package static func content(of bytes: [UInt8]) -> Range<Int> {
    let formulas = AnswerSegments.delimited(bytes)
    guard let only = formulas.first, only.content != only.whole,
      only.content.upperBound < only.whole.upperBound
    else { return bytes.indices }
    let before = skippingComments(bytes, from: 0)
    let after = skippingComments(bytes, from: only.whole.upperBound)
    guard before == only.whole.lowerBound, after == bytes.count else { return bytes.indices }
    return only.content
  }

  /// The first byte from `start` on that is neither space nor part of a comment.
  private static func skippingComments(_ bytes: [UInt8], from start: Int) -> Int {
    var index = start
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%") {
        index = TokenReader.endOfComment(in: bytes, from: index, limit: bytes.count)
      } else if Lexer.isSpace(bytes[index]) {
        index += 1
      } else {
        break
      }
    }
    return index
  }

  /// The formula with displayed environments changed to those that may stand inside.
  ///
  /// - Parameter tags: whether `\tag` may stand there: amsmath takes it in `\[…\]`, not in `$$…$$`.
  static func inner(_ latex: String, inline: Bool, tags: Bool) -> String {
    let formula = Formula(latex)
    let text = formula.repaired
    if formula.nodes.count == 1, case .environment(let id, _, _)? = formula.nodes.first?.kind {
      let environment = EnvironmentTable.shared[id]
      if environment.isOuter || inline && environment.name == "split" {
        return text.applying(innerEdits(text.bytes, environment)).text
      }
    }
    let marks = tags ? [] : removedMarks(text.bytes)
    return marks.isEmpty ? latex : text.applying(marks).text
  }

  /// The changes that make a displayed environment, which is the whole text, one that stands inside.
  static func innerEdits(_ bytes: [UInt8], _ environment: Environment) -> [Edit] {
    let begin = "\\begin{\(environment.name)}"
    let end = "\\end{\(environment.name)}"
    let text = String(decoding: bytes, as: UTF8.self)
    guard let start = text.utf8.indices(of: begin).first, let stop = text.utf8.indices(of: end).last
    else {
      return []
    }
    let name = environment.name == "split" ? "aligned" : environment.innerName
    var edits = [
      Edit(
        range: start..<start + begin.utf8.count, replacement: name.map { "\\begin{\($0)}" } ?? ""),
      Edit(range: stop..<stop + end.utf8.count, replacement: name.map { "\\end{\($0)}" } ?? ""),
    ]
    // Numbers, labels and texts between the lines stand in displays only.
    edits += removedMarks(bytes)
    return edits
  }

  /// `\label{…}`, `\nonumber` and `\notag`, which are left out; `\tag{x}`, which becomes text in round
  /// brackets, as it is printed, and `\tag*{x}`, which is printed without.
  private static func removedMarks(_ bytes: [UInt8]) -> [Edit] {
    var edits: [Edit] = []
    var reader = TokenReader(bytes, findsClosers: true)
    let table = CommandTable.shared
    while let token = reader.next() {
      guard case .command(let id) = token.lexeme else { continue }
      let command = table[id]
      if command.roles.contains(.mark) {
        let end =
          command.slots.isEmpty
          ? token.range.upperBound : reader.end(ofGroups: 1, from: token.range.upperBound)
        edits.append(Edit(range: token.range.lowerBound..<end, replacement: ""))
      } else if command.roles.contains(.tag) {
        edits += tagEdits(bytes, token, reader)
      }
    }
    return edits
  }

  private static func tagEdits(_ bytes: [UInt8], _ token: Token, _ reader: TokenReader) -> [Edit] {
    var start = reader.skippingSpaces(from: token.range.upperBound)
    let isStarred = start < bytes.count && bytes[start] == UInt8(ascii: "*")
    if isStarred { start = reader.skippingSpaces(from: start + 1) }
    let opener = Edit(
      range: token.range.lowerBound..<start, replacement: "\\qquad\\text")
    guard !isStarred, let end = reader.closer(of: start) else { return [opener] }
    return [
      opener, Edit(range: start + 1..<start + 1, replacement: "("),
      Edit(range: end..<end, replacement: ")"),
    ]
  }
}

extension String.UTF8View {
  /// Where a piece occurs, in bytes from the start.
  fileprivate func indices(of piece: String) -> [Int] {
    let bytes = Array(self)
    let wanted = Array(piece.utf8)
    guard !wanted.isEmpty, bytes.count >= wanted.count else { return [] }
    return (0...(bytes.count - wanted.count)).filter { start in
      bytes[start] == wanted[0] && bytes[start..<start + wanted.count].elementsEqual(wanted)
    }
  }
}
