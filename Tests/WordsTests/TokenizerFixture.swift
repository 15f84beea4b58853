import Foundation

@testable import JanusWords

/// The small tokenizer of the fixtures: Janus-Pro's kind, 512 base tokens and the special ones.
struct TokenizerFixture {
  static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")

  var tokens: [String]
  var types: [Int]
  var merges: [String]
  var preTokenizer: String
  var addedTokens: String

  init() throws {
    let data = try Data(contentsOf: Self.folder.appending(path: "tokenizer/tokenizer.json"))
    let file = try JSONDecoder().decode(File.self, from: data)
    let count = file.model.vocab.count + file.added.count
    tokens = Array(repeating: "", count: count)
    types = Array(repeating: 1, count: count)
    for (token, id) in file.model.vocab { tokens[id] = token }
    for token in file.added {
      tokens[token.id] = token.content
      types[token.id] = token.special ? 3 : 4
    }
    merges = file.model.merges
    let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    func json(_ key: String) throws -> String {
      let part = try JSONSerialization.data(withJSONObject: object?[key] ?? [:])
      return String(decoding: part, as: UTF8.self)
    }
    preTokenizer = try json("pre_tokenizer")
    addedTokens = try json("added_tokens")
  }

  func tokenizer() throws(TokenizerError) -> Tokenizer {
    try Tokenizer(
      tokens: tokens, types: types, merges: merges, preTokenizer: preTokenizer,
      addedTokens: addedTokens, bos: 512, eos: 513, padding: 514)
  }

  private struct File: Decodable {
    struct Model: Decodable {
      let vocab: [String: Int]
      let merges: [String]
    }
    let model: Model
    let added: [AddedTokens.Token]

    enum CodingKeys: String, CodingKey {
      case model
      case added = "added_tokens"
    }
  }
}
