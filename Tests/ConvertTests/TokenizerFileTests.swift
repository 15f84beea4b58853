import GGUF
import JanusSystem
import Testing

@testable import JanusConvert

@Suite struct TokenizerFileTests {
  /// The vocabulary of the committed checkpoint after a change of its JSON.
  private func tokenizer(_ change: (inout JSON) -> Void = { _ in }) throws -> TokenizerFile {
    var checkpoint = try TestCheckpoint()
    var json = try JSONParser.parse(Array(checkpoint.files["tokenizer.json"]!.utf8))
    change(&json)
    checkpoint.files["tokenizer.json"] = json.text
    let folder = try checkpoint.write()
    return try TokenizerFile(
      folder: CheckpointFolder(path: folder.path), vocabulary: .fixed(544, "vocab_size"))
  }

  @Test func tokensAndTypesGoByTheirIDs() throws {
    let file = try tokenizer()
    #expect(file.tokens.count == 526)
    #expect(file.tokens[517] == "<image_placeholder>" && file.types[517] == .control)
    #expect(file.types[0] == .normal)
    #expect(file.preTokenizerName == "deepseek-llm")
    #expect(file.id(of: "<|User|>") == 524)
  }

  @Test func mergesMayBePairs() throws {
    let plain = try tokenizer()
    let pairs = try tokenizer { json in
      let merges = json.object?["model"]?.object?["merges"]?.array ?? []
      json = json.setting(
        ["model", "merges"],
        .array(merges.map { .array($0.string!.split(separator: " ").map { .string(String($0)) }) }))
    }
    #expect(!plain.merges.isEmpty)
    #expect(pairs.merges == plain.merges)
  }

  @Test func anIDWithoutATokenIsMarkedUnused() throws {
    let added = #"{"id":530,"content":"<later>","special":false}"#
    let file = try tokenizer { json in
      let tokens = json.object?["added_tokens"]?.array ?? []
      json = json.setting(
        ["added_tokens"], .array(tokens + [try! JSONParser.parse(Array(added.utf8))]))
    }
    #expect(file.tokens.count == 531)
    #expect(file.types[526...529].allSatisfy { $0 == .unused })
    #expect(file.tokens[530] == "<later>" && file.types[530] == .userDefined)
  }

  @Test func anotherPreTokenizerIsCustom() throws {
    let file = try tokenizer {
      $0 = $0.setting(
        ["pre_tokenizer"], try! JSONParser.parse(Array(#"{"type":"ByteLevel"}"#.utf8)))
    }
    #expect(file.preTokenizerName == "custom")
    #expect(file.preTokenizer == #"{"type":"ByteLevel"}"#)
  }

  @Test(
    arguments: [
      ("model.type", JSON.string("Unigram"), #"model.type = "Unigram" is not supported"#),
      ("model.byte_fallback", .bool(true), "byte_fallback = true is not supported"),
      ("model.ignore_merges", .bool(true), "ignore_merges = true is not supported"),
      ("model.end_of_word_suffix", .string("</w>"), "end_of_word_suffix"),
      ("normalizer", .object(lowercase), #"normalizer.type = "Lowercase" is not supported"#),
      ("pre_tokenizer", nil, "only byte-level BPE"),
      ("model.vocab.x", .integer(544), "token 'x' has id 544, expected one below 544, vocab_size"),
      ("model.vocab.x", .integer(-1), "token 'x' has id -1"),
      ("model.vocab.x", .integer(3), "id 3 belongs to"),
      ("model.vocab.x", .string("3"), "expected an id"),
      ("model.merges", nil, "model.merges: expected an array"),
      ("model.merges", .array([.string("nowhere toBeFound")]), "model.merges[0]: expected two"),
      ("model.merges", .array([.string("a b c")]), "model.merges[0]: expected two"),
      ("model.merges", .array([.integer(1)]), "model.merges[0]: expected two"),
      ("added_tokens", .array([.integer(1)]), "added_tokens: expected objects"),
    ] as [(String, JSON?, String)])
  func whatIsNotDoneHereIsRefusedByName(key: String, value: JSON?, expected: String) throws {
    let error = try #require(throws: ConversionError.self) {
      try tokenizer { $0 = $0.setting(key.split(separator: ".").map(String.init)[...], value) }
    }
    #expect(error.kind == .data && error.description.contains(expected), "\(error)")
  }

  private static var lowercase: JSON.Object {
    var object = JSON.Object()
    _ = object.append("type", .string("Lowercase"))
    return object
  }

  @Test func aSpecialTokenThatIsMissingIsNamed() throws {
    var checkpoint = try TestCheckpoint()
    checkpoint.files["tokenizer_config.json"] = #"{"boi_token": "<start>", "eos_token": null}"#
    let source = try checkpoint.write()
    let error = try #require(throws: ConversionError.self) { try Conversion(source: source.path) }
    #expect(error.description.contains("no token '<start>', expected one as a picture's beginning"))
  }
}
