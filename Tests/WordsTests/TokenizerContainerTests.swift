import Foundation
import GGUF
import Testing

@testable import JanusWords

/// Tokenizer and prompt format as a model file carries them.
@Suite struct TokenizerContainerTests {
  private let fixture: TokenizerFixture
  private let metadata: [(key: String, value: MetadataValue)]

  init() throws {
    fixture = try TokenizerFixture()
    let words = PromptFormat.Words()
    metadata = [
      ("tokenizer.ggml.model", .string("gpt2")),
      ("tokenizer.ggml.tokens", .strings(fixture.tokens)),
      ("tokenizer.ggml.token_type", .int32s(fixture.types.map(Int32.init))),
      ("tokenizer.ggml.merges", .strings(fixture.merges)),
      ("tokenizer.ggml.bos_token_id", .uint32(512)),
      ("tokenizer.ggml.eos_token_id", .uint32(513)),
      ("tokenizer.ggml.padding_token_id", .uint32(514)),
      ("tokenizer.janus.pre_tokenizer", .string(fixture.preTokenizer)),
      ("tokenizer.janus.added_tokens", .string(fixture.addedTokens)),
      ("janus.prompt.system", .string("Be brief.")),
      ("janus.prompt.user", .string(words.user)),
      ("janus.prompt.assistant", .string(words.assistant)),
      ("janus.prompt.user_separator", .string(words.userSeparator)),
      ("janus.prompt.assistant_separator", .string(words.assistantSeparator)),
      ("janus.prompt.image_placeholder", .string(words.imagePlaceholder)),
      ("janus.prompt.image_start", .string(words.imageStart)),
      ("janus.prompt.image_end", .string(words.imageEnd)),
      ("janus.prompt.pad", .string(words.pad)),
    ]
  }

  /// Opens a file with these keys and no tensors.
  private func container(
    _ metadata: [(key: String, value: MetadataValue)]
  ) throws -> Container {
    let url = FileManager.default.temporaryDirectory.appending(path: "text-\(UUID()).gguf")
    let path = url.path(percentEncoded: false)
    defer { try? FileManager.default.removeItem(at: url) }
    let writer = try ContainerWriter(path: path, metadata: metadata, tensors: [])
    try writer.finish()
    return try Container(path: path)
  }

  @Test func aModelFileGivesTheSameTokenizer() throws {
    let tokenizer = try Tokenizer(container: try container(metadata))
    let original = try fixture.tokenizer()
    let text = "<|User|>: 3 \\frac{1}{2} über 我想 🚀\n"
    #expect(tokenizer.encode(text, addBOS: true) == original.encode(text, addBOS: true))
    #expect(tokenizer.count == 526)
    #expect([tokenizer.bosID, tokenizer.eosID, tokenizer.paddingID] == [512, 513, 514])
  }

  @Test func aModelFileGivesTheWordsOfThePrompt() throws {
    let container = try container(metadata)
    let tokenizer = try Tokenizer(container: container)
    let format = try PromptFormat(container: container, tokenizer: tokenizer, patchCount: 4)
    #expect(
      try format.turn("hi", pictures: 0, index: 0)
        == tokenizer.encode("Be brief.\n\n<|User|>: hi\n\n<|Assistant|>:", addBOS: true))
  }

  @Test func everyKeyButThePaddingIsNeeded() throws {
    for index in metadata.indices {
      var fewer = metadata
      let key = fewer.remove(at: index).key
      let container = try container(fewer)
      do {
        let tokenizer = try Tokenizer(container: container)
        _ = try PromptFormat(container: container, tokenizer: tokenizer, patchCount: 4)
        #expect(key == "tokenizer.ggml.padding_token_id")
      } catch {
        #expect("\(error)".contains(key), "\(error)")
      }
    }
  }

  @Test func anAddedTokenThatIsListedTwiceIsFoundOnce() throws {
    let listed = fixture.addedTokens.trimmingCharacters(in: .whitespacesAndNewlines)
    let twice = String(listed.dropLast()) + "," + listed.dropFirst()
    var metadata = metadata
    let index = try #require(metadata.firstIndex { $0.key == "tokenizer.janus.added_tokens" })
    metadata[index].value = .string(twice)
    let tokenizer = try Tokenizer(container: try container(metadata))
    let text = "<|User|>: hi<｜end▁of▁sentence｜><|User|>"
    #expect(tokenizer.encode(text) == (try fixture.tokenizer().encode(text)))
  }

  @Test func anotherKindOfTokenizerIsRefused() throws {
    var other = metadata
    other[0].value = .string("llama")
    let container = try container(other)
    #expect(throws: TokenizerError.self) { try Tokenizer(container: container) }
  }
}
