/// A regular expression as a tree: the subset that byte-level tokenizers use.
indirect enum PatternSyntax: Equatable {
  /// One scalar of the set.
  case scalar(ScalarSet)
  /// Nothing consumed; the next scalar is in the set, or the text ends.
  case endOrAhead(ScalarSet)
  case sequence([PatternSyntax])
  /// The first that leads to a match wins.
  case alternatives([PatternSyntax])
  /// Greedy; `most` nil: without limit.
  case repeated(PatternSyntax, least: Int, most: Int?)

  /// Reads Oniguruma's Ruby syntax, which `tokenizers` uses.
  init(parsing pattern: String) throws(TokenizerError) {
    var parser = PatternParser(pattern)
    self = try parser.parse()
  }

  /// Exactly the scalars of `text`, one after the other.
  init(literal text: String) {
    self = .sequence(text.unicodeScalars.map { .scalar(ScalarSet($0)) })
  }
}

/// Recursive descent over the scalars of a pattern.
private struct PatternParser {
  private let pattern: String
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0
  private var ignoresCase = false

  private static let deepest = 64
  private static let mostRepeats = 1000

  init(_ pattern: String) {
    self.pattern = pattern
    self.scalars = Array(pattern.unicodeScalars)
  }

  mutating func parse() throws(TokenizerError) -> PatternSyntax {
    let whole = try alternatives()
    guard position == scalars.count else { throw refusal("an unmatched )") }
    return whole
  }

  private func refusal(_ what: String) -> TokenizerError {
    .pattern(pattern, reason: "\(what) at character \(position)")
  }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private func follows(_ text: String) -> Bool {
    scalars[position...].starts(with: text.unicodeScalars)
  }

  private mutating func skip(_ text: String) -> Bool {
    guard follows(text) else { return false }
    position += text.unicodeScalars.count
    return true
  }

  private mutating func take() throws(TokenizerError) -> Unicode.Scalar {
    guard let scalar = next else { throw refusal("an unexpected end") }
    position += 1
    return scalar
  }

  private mutating func alternatives() throws(TokenizerError) -> PatternSyntax {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else { throw refusal("groups nested too deep") }
    var branches = [try sequence()]
    while skip("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .alternatives(branches)
  }

  private mutating func sequence() throws(TokenizerError) -> PatternSyntax {
    let start = position
    var items: [PatternSyntax] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      let atom = try atom()
      items.append(try quantified(atom))
    }
    if items.isEmpty { throw refusal("an empty group or alternative") }
    if ignoresCase { try refuseLigatures(start..<position) }
    return items.count == 1 ? items[0] : .sequence(items)
  }

  /// Some pairs of letters equal one scalar when case is ignored ("st" and U+FB06).
  private func refuseLigatures(_ range: Range<Int>) throws(TokenizerError) {
    let pairs = zip(scalars[range], scalars[range].dropFirst()).map {
      (String($0) + String($1)).lowercased()
    }
    for pair in ["ff", "fi", "fl", "ss", "st"] where pairs.contains(pair) {
      throw refusal("the letters \(pair) where case is ignored")
    }
  }

  private mutating func quantified(_ item: PatternSyntax) throws(TokenizerError) -> PatternSyntax {
    guard let bounds = try quantifier() else { return item }
    if case .endOrAhead = item { throw refusal("a repeated assertion") }
    if let scalar = next, "?+*{".unicodeScalars.contains(scalar) {
      throw refusal("a lazy, possessive or repeated quantifier")
    }
    return .repeated(item, least: bounds.least, most: bounds.most)
  }

  private mutating func quantifier() throws(TokenizerError) -> (least: Int, most: Int?)? {
    if skip("?") { return (0, 1) }
    if skip("*") { return (0, nil) }
    if skip("+") { return (1, nil) }
    guard skip("{") else { return nil }
    let least = try number() ?? 0
    let most = skip(",") ? try number() : least
    guard skip("}"), most.map({ least <= $0 && $0 > 0 }) ?? true else {
      throw refusal("a malformed {m,n}")
    }
    return (least, most)
  }

  private mutating func number() throws(TokenizerError) -> Int? {
    var value: Int?
    while let digit = next.flatMap({ Int(String($0)) }) {
      let longer = (value ?? 0) * 10 + digit
      guard longer <= Self.mostRepeats else { throw refusal("a repeat above 1000") }
      value = longer
      position += 1
    }
    return value
  }

  private mutating func atom() throws(TokenizerError) -> PatternSyntax {
    if skip("(?:") { return try group() }
    if skip("(?i:") {
      let outer = ignoresCase
      ignoresCase = true
      defer { ignoresCase = outer }
      return try group()
    }
    if skip("(?!") { return try negativeLookahead() }
    if follows("(?") { throw refusal("a group of an unsupported kind") }
    if skip("(") { return try group() }
    if skip("$") { return .endOrAhead(ScalarSet("\n")) }  // Ruby: the end of any line
    if skip("[") { return .scalar(try bracket()) }
    if skip(".") { return .scalar(ScalarSet("\n").inverted) }
    if skip("\\") { return .scalar(try escape()) }
    let scalar = try take()
    if "^*+?{}".unicodeScalars.contains(scalar) {
      position -= 1
      throw refusal("the character \(scalar)")
    }
    return .scalar(try literal(scalar))
  }

  private mutating func group() throws(TokenizerError) -> PatternSyntax {
    let inside = try alternatives()
    guard skip(")") else { throw refusal("a group without end") }
    return inside
  }

  private mutating func negativeLookahead() throws(TokenizerError) -> PatternSyntax {
    guard case .scalar(let set) = try alternatives(), skip(")") else {
      throw refusal("a lookahead of more than one character")
    }
    return .endOrAhead(set.inverted)
  }

  private func literal(_ scalar: Unicode.Scalar) throws(TokenizerError) -> ScalarSet {
    guard ignoresCase else { return ScalarSet(scalar) }
    guard scalar.isASCII else { throw refusal("a letter beyond ASCII where case is ignored") }
    guard scalar.properties.isAlphabetic else { return ScalarSet(scalar) }
    let cases = ScalarSet(
      [scalar.value | 0x20, scalar.value & ~0x20].map { $0...$0 })
    return switch scalar {
    case "s", "S": cases.union(ScalarSet("\u{17F}"))  // long s
    case "k", "K": cases.union(ScalarSet("\u{212A}"))  // Kelvin sign
    default: cases
    }
  }

  /// What follows a backslash: a set, or one scalar that has no special meaning.
  private mutating func escape() throws(TokenizerError) -> ScalarSet {
    let scalar = try take()
    switch scalar {
    case "s": return .whitespace
    case "S": return ScalarSet.whitespace.inverted
    case "d", "D":
      guard let digits = ScalarSet.category("Nd") else { throw refusal("\\d") }
      return scalar == "d" ? digits : digits.inverted
    case "r": return ScalarSet("\r")
    case "n": return ScalarSet("\n")
    case "t": return ScalarSet("\t")
    case "f": return ScalarSet("\u{C}")
    case "p", "P":
      guard skip("{") else { throw refusal("\\p without {") }
      let inverted = skip("^") != (scalar == "P")
      var name = ""
      while let scalar = next, scalar != "}" {
        name.unicodeScalars.append(scalar)
        position += 1
      }
      guard skip("}"), let set = ScalarSet.category(name) else {
        throw refusal("the property \(TokenizerError.quote(name))")
      }
      return inverted ? set.inverted : set
    default:
      guard scalar.isASCII, !scalar.properties.isAlphabetic,
        scalar.properties.numericType == nil
      else { throw refusal("the escape \\\(scalar)") }
      return ScalarSet(scalar)
    }
  }

  /// The rest of a character class, after its opening bracket.
  private mutating func bracket() throws(TokenizerError) -> ScalarSet {
    if ignoresCase { throw refusal("a character class where case is ignored") }
    let inverted = skip("^")
    var ranges: [ClosedRange<UInt32>] = []
    var isEmpty = true
    while let scalar = next, scalar != "]" || isEmpty {
      isEmpty = false
      if scalar == "[" || scalar == "]" || follows("&&") {
        throw refusal("\(scalar) inside a character class")
      }
      guard ranges.count <= TokenizerLimits.setRanges else {
        throw refusal("more than \(TokenizerLimits.setRanges) ranges of characters")
      }
      let first = try member()
      guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
        ranges += first.ranges
        continue
      }
      position += 1
      let last = try member()
      guard let low = first.single, let high = last.single, low <= high else {
        throw refusal("a malformed range of characters")
      }
      ranges.append(low...high)
    }
    guard skip("]") else { throw refusal("a character class without end") }
    let set = ScalarSet(ranges)
    return inverted ? set.inverted : set
  }

  private mutating func member() throws(TokenizerError) -> ScalarSet {
    let scalar = try take()
    return scalar == "\\" ? try escape() : ScalarSet(scalar)
  }
}

extension ScalarSet {
  fileprivate var single: UInt32? {
    guard ranges.count == 1, ranges[0].count == 1 else { return nil }
    return ranges[0].lowerBound
  }
}
