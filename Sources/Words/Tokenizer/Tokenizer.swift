/// Byte-level byte-pair encoding: text to token ids and back, as `tokenizers` does it.
///
/// Any text can be encoded, and decoding gives it back. Encoding takes n log n time at worst.
package struct Tokenizer: Sendable {
  /// What happens to the text of a special token ("<|User|>") inside a text.
  package enum SpecialTokens: Sendable {
    /// It becomes that token.
    case recognised
    /// It is text like any other, and is spelled with ordinary tokens.
    case asText
  }

  /// Ids of the tokens that open a prompt, end an answer, and fill up.
  package let bosID: Int
  package let eosID: Int
  package let paddingID: Int?

  private let vocabulary: Vocabulary
  private let added: AddedTokens
  private let addedIDs: [String: Int]
  private let specialIDs: Set<Int>
  private let preTokenizer: PreTokenizer
  private let merging: PairMerging

  /// - Parameters:
  ///   - tokens: by id, in GPT-2's byte alphabet; added tokens as they are.
  ///   - types: GGUF's token types by id; 3 is a control token.
  ///   - merges: "left right", by rank.
  ///   - preTokenizer: the JSON of tokenizer.json's "pre_tokenizer".
  ///   - addedTokens: the JSON of tokenizer.json's "added_tokens".
  package init(
    tokens: some ByteStrings, types: [Int], merges: some ByteStrings, preTokenizer: String,
    addedTokens: String, bos: Int, eos: Int, padding: Int?
  ) throws(TokenizerError) {
    guard types.count == tokens.count else {
      throw .count(of: "token types", found: types.count, expected: "\(tokens.count), as tokens")
    }
    guard (1...TokenizerLimits.tokens).contains(tokens.count) else {
      throw .count(
        of: "tokens", found: tokens.count, expected: "1 to \(TokenizerLimits.tokens)")
    }
    for (name, id) in [("bos", bos), ("eos", eos), ("padding", padding ?? 0)]
    where !(0..<tokens.count).contains(id) {
      throw .identifier(of: "\(name)_token_id", found: id, tokenCount: tokens.count)
    }
    let vocabulary = Vocabulary(tokens)
    let added = try AddedTokens(json: addedTokens)
    for token in added.tokens {
      guard (0..<tokens.count).contains(token.id) else {
        throw .identifier(
          of: "added token \(TokenizerError.quote(token.content))", found: token.id,
          tokenCount: tokens.count)
      }
      let text = tokens.withBytes(token.id) { String(decoding: $0, as: UTF8.self) }
      guard text == token.content else {
        throw .addedToken(id: token.id, content: token.content, vocabulary: text)
      }
    }
    bosID = bos
    eosID = eos
    paddingID = padding
    self.vocabulary = vocabulary
    self.added = added
    addedIDs = Dictionary(added.tokens.map { ($0.content, $0.id) }) { first, _ in first }
    specialIDs = Set(
      added.tokens.filter(\.special).map(\.id) + types.indices.filter { types[$0] == 3 })
    self.preTokenizer = try PreTokenizer(json: preTokenizer)
    merging = PairMerging(
      try MergeRanks(merges, vocabulary), byteTokens: try Self.byteTokens(vocabulary))
  }

  private static func byteTokens(_ vocabulary: Vocabulary) throws(TokenizerError) -> [Int] {
    var tokens: [Int] = []
    for byte in UInt8.min...UInt8.max {
      let id = [byte].withUnsafeBufferPointer { vocabulary.id(of: $0) }
      // These bytes never occur in UTF-8, and published vocabularies leave them out.
      let isNeeded = byte < 0xC0 || (0xC2...0xF4).contains(byte)
      if id == nil, isNeeded { throw .missingByte(byte) }
      tokens.append(id ?? -1)
    }
    return tokens
  }

  /// How many ids there are; a model may have more logits than that.
  package var count: Int { vocabulary.count }

  /// Fewer tokens than these cannot spell a text, whatever is around it. Told without spelling it, which takes time and
  /// memory for a text of megabytes.
  package func fewestTokens(spelling text: String) -> Int {
    text.utf8.count < 4096 ? 0 : text.stripped.utf8.count / vocabulary.longest
  }

  /// The id of a token by its text: an added token's, otherwise the one that spells it.
  package func id(of token: String) -> Int? {
    if let id = addedIDs[token] { return id }
    var token = token
    return token.withUTF8 { vocabulary.id(of: $0) }
  }

  /// Whether the token has a function instead of a text. Such tokens are left out of answers.
  package func isSpecial(_ id: Int) -> Bool { specialIDs.contains(id) }

  package func encode(
    _ text: String, addBOS: Bool = false, specialTokens: SpecialTokens = .recognised
  ) -> [Int] {
    var ids = addBOS ? [bosID] : []
    var merging = merging
    var text = text
    text.withUTF8 { bytes in
      added.split(bytes, special: specialTokens == .recognised) { fragment in
        switch fragment {
        case .token(let id): ids.append(id)
        case .text(let text): preTokenizer.split(text) { merging.encode($0, into: &ids) }
        }
      }
    }
    return ids
  }

  /// The added tokens in a text and the text between them, none of it encoded yet.
  func fragments(_ text: String) -> [TextFragment] {
    var fragments: [TextFragment] = []
    var text = text
    text.withUTF8 { bytes in
      added.split(bytes, special: true) { fragments.append(TextFragment($0)) }
    }
    return fragments
  }

  /// The text of tokens; bytes that are not UTF-8 become U+FFFD, ids beyond the vocabulary nothing.
  package func decode(_ ids: some Sequence<Int>, skipSpecial: Bool = true) -> String {
    var bytes: [UInt8] = []
    for id in ids { bytes += self.bytes(of: id, skipSpecial: skipSpecial) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The bytes that one token stands for; a character may be spread over several tokens.
  package func bytes(of id: Int, skipSpecial: Bool = true) -> ArraySlice<UInt8> {
    guard (0..<vocabulary.count).contains(id), !(skipSpecial && isSpecial(id)) else { return [] }
    return vocabulary.bytes(of: id)
  }
}
