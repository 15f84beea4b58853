import Foundation

/// Tokens that are found in the raw text, before it is split and merged.
package struct AddedTokens: Sendable {
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
  /// Applied one after the other, each to the text that the one before has left. As in
  /// `tokenizers`, those that are not `normalized` come first.
  private let matchers: [LiteralMatcher]
  private let matchersWithoutSpecial: [LiteralMatcher]

  /// From the JSON of tokenizer.json's "added_tokens".
  init(json: String) throws(TokenizerError) {
    let part = "added_tokens"
    try TokenizerLimits.checkJSON(json, part: part, bytes: TokenizerLimits.addedTokensBytes)
    do {
      tokens = try JSONDecoder().decode([Token].self, from: Data(json.utf8))
    } catch {
      throw .malformed(part: part, reason: "\(error)")
    }
    guard tokens.count <= TokenizerLimits.addedTokens else {
      throw .limit(of: part, found: tokens.count, limit: TokenizerLimits.addedTokens)
    }
    for token in tokens {
      guard token.content.utf8.count <= TokenizerLimits.addedTokenBytes else {
        throw .limit(
          of: "bytes of added token \(TokenizerError.quote(token.content))",
          found: token.content.utf8.count, limit: TokenizerLimits.addedTokenBytes)
      }
      let flags = [
        ("single_word", token.singleWord), ("lstrip", token.lstrip), ("rstrip", token.rstrip),
      ]
      for (name, isSet) in flags where isSet {
        let content = TokenizerError.quote(token.content)
        throw .unsupported(part: part, feature: "\(name) for \(content)")
      }
    }
    let stages = [tokens.filter { !$0.normalized }, tokens.filter(\.normalized)]
    matchers = stages.map { LiteralMatcher($0.map { ($0.content, $0.id) }) }
    matchersWithoutSpecial = stages.map {
      LiteralMatcher($0.filter { !$0.special }.map { ($0.content, $0.id) })
    }
  }

  /// Calls `body` with the tokens in `text` and the text between them, in order.
  func split(
    _ text: UnsafeBufferPointer<UInt8>, special: Bool, _ body: (LiteralMatcher.Fragment) -> Void
  ) {
    split(text, special ? matchers[...] : matchersWithoutSpecial[...], body)
  }

  private func split(
    _ text: UnsafeBufferPointer<UInt8>, _ matchers: ArraySlice<LiteralMatcher>,
    _ body: (LiteralMatcher.Fragment) -> Void
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
