/// The beginning of a model's answer, taken byte by byte: free in its words, and held to the grammar in
/// its formulas.
///
/// A formula begins behind `\[`, `\(`, `$$` or `$`, and where a line begins as no sentence does: with a
/// command, a single letter and a sign, a digit. It ends at its delimiter, at a fence, or at a line's end
/// where nothing is open. Everything else, such as fences, introductions, lists and preambles of
/// documents, is free.
package struct AnswerPrefix: Sendable {
  private enum Mode: Sendable {
    /// At the start of a line: what came so far does not tell words from a formula yet.
    case lineStart([UInt8])
    case words
    /// Behind a backslash among words.
    case escape
    /// Behind a dollar sign among words.
    case dollar
    case formula(FormulaPrefix)
    /// A formula without delimiters.
    case bare(FormulaPrefix)
    /// Behind backticks, and how many.
    case ticks(Int)
    /// The language behind a fence.
    case language([UInt8])
    /// Code that is no LaTeX, and how many backticks were just read.
    case code(Int)
  }

  private var mode: Mode
  private var isFenced = false
  private let isFormulaOnly: Bool

  /// - Parameter isFormulaOnly: whether the model's answers are LaTeX and nothing else, without
  ///   delimiters, as those of a model that was made to read formulas.
  package init(isFormulaOnly: Bool = false) {
    self.isFormulaOnly = isFormulaOnly
    mode = isFormulaOnly ? .bare(FormulaPrefix(allowsBareRows: true)) : .lineStart([])
  }

  /// Whether the answer is inside of a formula, where not everything is allowed.
  package var isInFormula: Bool {
    switch mode {
    case .formula, .bare: true
    default: false
    }
  }

  /// Whether the answer may end here.
  package var isComplete: Bool {
    switch mode {
    case .formula: false
    case .bare(let formula): formula.isComplete
    case .lineStart(let pending):
      (pending.first != UInt8(ascii: "\\") && pending.first != UInt8(ascii: "{"))
        || FormulaPrefix().advanced(by: pending)?.isComplete ?? true
    case .escape: false
    default: true
    }
  }

  /// What closes the formula that the answer is in; empty among words.
  package var closing: [UInt8] {
    switch mode {
    case .formula(let formula), .bare(let formula): formula.closing
    case .lineStart(let pending): FormulaPrefix().advanced(by: pending)?.closing ?? []
    default: []
    }
  }

  /// The answer followed by `bytes`; nil where no answer can continue like that.
  package func advanced(by bytes: some Sequence<UInt8>) -> AnswerPrefix? {
    var next = self
    return next.advance(by: bytes) ? next : nil
  }

  /// Takes bytes of the next token; false where no answer can continue like that. The prefix is
  /// then not to be used.
  package mutating func advance(by bytes: some Sequence<UInt8>) -> Bool {
    for byte in bytes where !advance(by: byte) { return false }
    return true
  }

  package mutating func advance(by byte: UInt8) -> Bool {
    switch mode {
    case .lineStart(let pending): return takeAtLineStart(pending, byte)
    case .words: takeInWords(byte)
    case .escape: takeEscaped(byte)
    case .dollar:
      if byte == UInt8(ascii: "$") {
        mode = .formula(FormulaPrefix(end: .twoDollars))
        return true
      }
      mode = .formula(FormulaPrefix(end: .dollar))
      return advance(by: byte)
    case .formula(var formula):
      // Taken out of the mode, so that it is changed in place.
      mode = .words
      guard formula.advance(by: byte) else { return false }
      if !formula.hasEnded { mode = .formula(formula) }
    case .bare(let formula): return takeInBare(formula, byte)
    case .ticks(let count):
      if byte == UInt8(ascii: "`"), count < 3 {
        mode = count == 2 ? fence() : .ticks(count + 1)
      } else {
        mode = .words
        return advance(by: byte)
      }
    case .language(let name): takeLanguage(name, byte)
    case .code(let count):
      mode = byte == UInt8(ascii: "`") ? (count == 2 ? .words : .code(count + 1)) : .code(0)
    }
    return true
  }

  // MARK: Words

  private mutating func takeInWords(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\\"): mode = .escape
    case UInt8(ascii: "$"): mode = .dollar
    case UInt8(ascii: "`"): mode = .ticks(1)
    case 0x0A: mode = .lineStart([])
    default: mode = .words
    }
  }

  private mutating func takeEscaped(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "["): mode = .formula(FormulaPrefix(end: .bracket))
    case UInt8(ascii: "("): mode = .formula(FormulaPrefix(end: .parenthesis))
    case 0x0A: mode = .lineStart([])
    default: mode = .words
    }
  }

  /// A fence opens or closes.
  private mutating func fence() -> Mode {
    isFenced.toggle()
    return isFenced ? .language([]) : .words
  }

  private mutating func takeLanguage(_ name: [UInt8], _ byte: UInt8) {
    if CommandTable.isLetter(byte), name.count < 20 {
      mode = .language(name + CollectionOfOne(byte | 0x20))
      return
    }
    let known = [
      "", "latex", "tex", "math", "markdown", "md", "plaintext", "text", "txt", "katex", "mathjax",
    ]
    if known.contains(String(decoding: name, as: UTF8.self)) {
      mode = .lineStart([])
      if byte != 0x0A, byte != 0x20 { _ = advance(by: byte) }
    } else {
      isFenced = false
      mode = .code(0)
    }
  }

  // MARK: Formulas without delimiters

  private mutating func takeInBare(_ formula: FormulaPrefix, _ byte: UInt8) -> Bool {
    var formula = formula
    mode = .words
    if byte == 0x0A || byte == 0x0D {
      if !isFormulaOnly, formula.isComplete {
        mode = .lineStart([])
        return true
      }
      // A line's end inside of something is a space, and so are several.
      guard formula.advance(by: formula.isInComment ? 0x0A : 0x20) else { return false }
      mode = .bare(formula)
      return true
    }
    if !isFormulaOnly, byte == UInt8(ascii: "`") || byte == UInt8(ascii: "$") || byte >= 0x80,
      formula.isComplete
    {
      if byte == UInt8(ascii: "`") || byte == UInt8(ascii: "$") {
        takeInWords(byte)
        return true
      }
      if let next = formula.advanced(by: CollectionOfOne(byte)) {
        mode = .bare(next)
        return true
      }
      // A letter of another writing: words follow on the same line.
      mode = .words
      return true
    }
    guard formula.advance(by: byte) else { return false }
    mode = .bare(formula)
    return true
  }

  private mutating func takeAtLineStart(_ pending: [UInt8], _ byte: UInt8) -> Bool {
    if pending.isEmpty {
      switch byte {
      case UInt8(ascii: "$"), UInt8(ascii: "`"):
        takeInWords(byte)
        return true
      case 0x0A, 0x20, 0x09, 0x0D: return true
      default: break
      }
    }
    let line = pending + CollectionOfOne(byte)
    switch LineStart.kind(of: line) {
    case .open: mode = .lineStart(line)
    case .marker: mode = .lineStart([])
    case .words:
      // What may have opened a formula meanwhile is looked at as words.
      mode = .words
      for byte in line where !advance(by: byte) { return false }
    case .formula:
      mode = .words
      var formula = FormulaPrefix(allowsBareRows: true)
      guard formula.advance(by: line) else { return false }
      mode = .bare(formula)
    case .delimiter:
      takeEscaped(byte)
    }
    return true
  }
}

/// Tells from the first bytes of a line whether words or a formula begin.
enum LineStart {
  enum Kind { case open, marker, words, formula, delimiter }

  private static let documentCommands = [
    "documentclass", "usepackage", "title", "author", "date", "maketitle", "section", "subsection",
    "paragraph", "item", "noindent", "newcommand", "renewcommand", "pagestyle", "centering",
    "textbf", "emph", "label", "caption", "par", "newpage", "geometry", "usetikzlibrary",
  ]

  static func kind(of line: [UInt8]) -> Kind {
    guard let first = line.first, line.count < 64 else { return .words }
    switch first {
    case UInt8(ascii: "\\"): return command(line)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return digits(line)
    case UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "|"), UInt8(ascii: "+"):
      guard line.count > 1 else { return .open }
      if line[1] == 0x20 { return first == UInt8(ascii: "|") ? .words : .marker }
      if line[1] == first || line[1] == UInt8(ascii: "$") || line[1] == 0x0A { return .words }
      return .formula
    case UInt8(ascii: "("), UInt8(ascii: "["):
      let rest = kind(of: Array(line.dropFirst()))
      if line.count == 1 { return .open }
      return rest == .marker ? .formula : rest
    case UInt8(ascii: "{"): return brace(line)
    case UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: "^"), UInt8(ascii: "_"),
      UInt8(ascii: "&"), UInt8(ascii: "."):
      return .formula
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
      return letters(line)
    case 0xC2...0xF4: return character(line)
    default: return .words
    }
  }

  private static func command(_ line: [UInt8]) -> Kind {
    guard line.count > 1 else { return .open }
    if line[1] == UInt8(ascii: "[") || line[1] == UInt8(ascii: "(") { return .delimiter }
    guard CommandTable.isLetter(line[1]) else { return .formula }
    var end = 1
    while end < line.count, CommandTable.isLetter(line[end]) { end += 1 }
    let word = String(decoding: line[1..<end], as: UTF8.self)
    if end == line.count {
      let maybeDocument =
        documentCommands.contains { $0.hasPrefix(word) } || "begin".hasPrefix(word)
        || "end".hasPrefix(word)
      return maybeDocument ? .open : .formula
    }
    if documentCommands.contains(word) { return .words }
    guard word == "begin" || word == "end" else { return .formula }
    var nameStart = end
    while nameStart < line.count, line[nameStart] == 0x20 { nameStart += 1 }
    guard nameStart < line.count else { return .open }
    guard line[nameStart] == UInt8(ascii: "{") else { return .words }
    guard let close = line.firstIndex(of: UInt8(ascii: "}")) else {
      let part = line[(nameStart + 1)...]
      return EnvironmentTable.shared.names.begins(with: part) || isDocumentEnvironment(part)
        ? .open : .words
    }
    let name = String(decoding: line[nameStart + 1..<close], as: UTF8.self)
    return word == "begin" && EnvironmentTable.shared.index(of: name) != nil ? .formula : .words
  }

  /// A group of a formula, or an object in JSON, whose first key is quoted.
  private static func brace(_ line: [UInt8]) -> Kind {
    guard let quote = line.dropFirst().firstIndex(where: { !Lexer.isSpace($0) }) else {
      return .open
    }
    guard line[quote] == UInt8(ascii: "\"") || line[quote] == UInt8(ascii: "'") else {
      return .formula
    }
    guard quote + 1 < line.count else { return .open }
    return CommandTable.isLetter(line[quote + 1]) ? .words : .formula
  }

  private static func isDocumentEnvironment(_ part: ArraySlice<UInt8>) -> Bool {
    ["document", "center", "itemize", "enumerate", "theorem", "proof", "figure", "table"].contains {
      $0.utf8.starts(with: part)
    }
  }

  private static func digits(_ line: [UInt8]) -> Kind {
    var end = 0
    while end < line.count, (0x30...0x39).contains(line[end]) { end += 1 }
    guard end < line.count else { return .open }
    guard line[end] == UInt8(ascii: ".") || line[end] == UInt8(ascii: ")") else { return .formula }
    guard end + 1 < line.count else { return .open }
    return line[end + 1] == 0x20 && end <= 2 ? .marker : .formula
  }

  private static let functions: Set<String> = [
    "sin", "cos", "tan", "log", "ln", "exp", "lim", "max", "min", "det", "gcd", "deg", "mod",
  ]

  private static func letters(_ line: [UInt8]) -> Kind {
    var end = 0
    while end < line.count, CommandTable.isLetter(line[end]) { end += 1 }
    guard end < line.count else { return .open }
    let byte = line[end]
    let isSpaced = byte == 0x20
    guard isSpaced else {
      if end == 1 { return byte == 0x0A || byte >= 0x80 ? .words : .formula }
      return "^_(=+*/<{\\0123456789".utf8.contains(byte) ? .formula : .words
    }
    var next = end
    while next < line.count, line[next] == 0x20 { next += 1 }
    guard next < line.count else { return .open }
    let word = String(decoding: line[..<end], as: UTF8.self)
    if CommandTable.isLetter(line[next]) {
      if end > 1, !functions.contains(word) { return .words }
      var stop = next
      while stop < line.count, CommandTable.isLetter(line[stop]) { stop += 1 }
      guard stop < line.count else { return .open }
      return stop - next > 1
        && !functions.contains(String(decoding: line[next..<stop], as: UTF8.self))
        ? .words : .formula
    }
    if line[next] >= 0x80 { return .words }
    if end == 1 || functions.contains(word) { return .formula }
    return "=<>^_+".utf8.contains(line[next]) ? .formula : .words
  }

  private static func character(_ line: [UInt8]) -> Kind {
    let count = line[0] >= 0xF0 ? 4 : line[0] >= 0xE0 ? 3 : 2
    guard line.count >= count else { return .open }
    guard let scalar = String(decoding: line[..<count], as: UTF8.self).unicodeScalars.first else {
      return .words
    }
    return CommandTable.shared.characters[scalar] == nil ? .words : .formula
  }
}
