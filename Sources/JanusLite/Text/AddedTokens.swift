import Foundation

/// Tokens that are found in the raw text, before it is split and merged.
struct AddedTokens: Sendable {
  struct Token: Decodable, Equatable, Sendable {
    let id: Int
    let content: String
    let special: Bool
    let normalized: Bool
    let singleWord: Bool
    let lstrip: Bool
    let rstrip: Bool

    enum CodingKeys: String, CodingKey {
      case id, content, special, normalized, lstrip, rstrip
      case singleWord = "single_word"
    }
  }

  let tokens: [Token]
  /// One after the other, each in what the one before has left: as in `tokenizers`, those that are
  /// not `normalized` come first.
  private let matchers: [LiteralMatcher]
  private let matchersWithoutSpecial: [LiteralMatcher]

  /// From the JSON of tokenizer.json's "added_tokens".
  init(json: String) throws(TokenizerError) {
    let part = "added_tokens"
    do {
      tokens = try JSONDecoder().decode([Token].self, from: Data(json.utf8))
    } catch {
      throw .malformed(part: part, reason: "\(error)")
    }
    for token in tokens {
      let flags = [
        ("single_word", token.singleWord), ("lstrip", token.lstrip), ("rstrip", token.rstrip),
      ]
      for (name, isSet) in flags where isSet {
        let content = TokenizerError.quote(token.content)
        throw .unsupported(part: part, feature: "\(name) for \(content)")
      }
    }
    let stages = [tokens.filter { !$0.normalized }, tokens.filter(\.normalized)]
    matchers = stages.map { LiteralMatcher($0) }
    matchersWithoutSpecial = stages.map { LiteralMatcher($0.filter { !$0.special }) }
  }

  enum Fragment {
    case token(Int)
    case text(UnsafeBufferPointer<UInt8>)
  }

  /// Calls `body` with the tokens in `text` and the text between them, in order.
  func split(
    _ text: UnsafeBufferPointer<UInt8>, special: Bool, _ body: (Fragment) -> Void
  ) {
    split(text, special ? matchers[...] : matchersWithoutSpecial[...], body)
  }

  private func split(
    _ text: UnsafeBufferPointer<UInt8>, _ matchers: ArraySlice<LiteralMatcher>,
    _ body: (Fragment) -> Void
  ) {
    guard let matcher = matchers.first else { return text.isEmpty ? () : body(.text(text)) }
    matcher.split(text) { fragment in
      switch fragment {
      case .token: body(fragment)
      case .text(let rest): split(rest, matchers.dropFirst(), body)
      }
    }
  }
}

/// Finds the leftmost, and there the longest, of many literal strings.
private struct LiteralMatcher: Sendable {
  /// In the order of their bytes, so that all with a common beginning are neighbours.
  private let literals: [(bytes: [UInt8], id: Int)]
  private let beginsLiteral: [Bool]

  init(_ tokens: [AddedTokens.Token]) {
    literals = tokens.filter { !$0.content.isEmpty }
      .map { (Array($0.content.utf8), $0.id) }
      .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    var firstBytes = Array(repeating: false, count: 256)
    for literal in literals { firstBytes[Int(literal.bytes[0])] = true }
    beginsLiteral = firstBytes
  }

  func split(
    _ text: UnsafeBufferPointer<UInt8>, _ body: (AddedTokens.Fragment) -> Void
  ) {
    var gap = 0
    var position = literals.isEmpty ? text.count : 0
    while position < text.count {
      guard beginsLiteral[Int(text[position])], let found = longest(text, at: position) else {
        position += 1
        continue
      }
      if gap < position { body(.text(text.part(gap..<position))) }
      body(.token(found.id))
      position += found.length
      gap = position
    }
    if gap < text.count { body(.text(text.part(gap..<text.count))) }
  }

  /// Narrows the range of literals that agree with the text, byte by byte.
  private func longest(
    _ text: UnsafeBufferPointer<UInt8>, at start: Int
  ) -> (id: Int, length: Int)? {
    var candidates = literals.startIndex..<literals.endIndex
    var best: (id: Int, length: Int)?
    var length = 0
    while start + length < text.count {
      let byte = text[start + length]
      let low = literals.partition(candidates) { $0.bytes[length] < byte }
      let high = literals.partition(low..<candidates.upperBound) { $0.bytes[length] <= byte }
      length += 1
      candidates = low..<high
      guard !candidates.isEmpty else { break }
      if literals[low].bytes.count == length {
        best = (literals[low].id, length)
        candidates = low + 1..<high
      }
    }
    return best
  }
}

extension Array {
  /// The first index of `range` for whose element `precedes` is false.
  fileprivate func partition(_ range: Range<Int>, _ precedes: (Element) -> Bool) -> Int {
    var low = range.lowerBound
    var high = range.upperBound
    while low < high {
      let middle = (low + high) / 2
      if precedes(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
