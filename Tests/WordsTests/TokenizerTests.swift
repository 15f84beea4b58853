import Foundation
import TestSupport
import Testing

@testable import JanusWords

@Suite struct TokenizerTests {
  let fixture: TokenizerFixture
  let tokenizer: Tokenizer

  init() throws {
    fixture = try TokenizerFixture()
    tokenizer = try fixture.tokenizer()
  }

  /// A string and its ids by the package `tokenizers`.
  struct Case: Decodable {
    let text: String
    let ids: [Int]

    init(from decoder: Decoder) throws {
      var pair = try decoder.unkeyedContainer()
      text = try pair.decode(String.self)
      ids = try pair.decode([Int].self)
    }

    static func all() throws -> [Case] {
      let url = TokenizerFixture.folder.appending(path: "text/token_ids.json")
      return try JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
    }
  }

  @Test func idsEqualThoseOfThePackageTokenizers() throws {
    let cases = try Case.all()
    #expect(cases.count == 400)
    for sample in cases {
      #expect(tokenizer.encode(sample.text) == sample.ids, "\(sample.text.debugDescription)")
    }
  }

  @Test func decodingGivesEveryTextBack() throws {
    for sample in try Case.all() {
      #expect(tokenizer.decode(sample.ids, skipSpecial: false) == sample.text)
    }
  }

  @Test func streamedPiecesJoinToTheDecodedText() throws {
    let texts = try Case.all().map(\.text)
    var random = SplitMix64(seed: 5)
    for text in texts {
      // Every order of bytes, most of it no UTF-8 at all.
      let ids = tokenizer.encode(text).shuffled(using: &random)
      var stream = StreamingText(tokenizer, skipSpecial: false)
      let pieces = ids.map { stream.append($0) } + [stream.finish()]
      #expect(pieces.joined() == tokenizer.decode(ids, skipSpecial: false))
    }
  }

  @Test func streamingHoldsBackAnUnfinishedCharacter() {
    // The merges of the fixture join only the first two of its four bytes.
    let ids = tokenizer.encode("🦙")
    #expect(ids.count == 3)
    var stream = StreamingText(tokenizer)
    #expect(ids.map { stream.append($0) } == ["", "", "🦙"])
    #expect(stream.append(ids[0]) == "")
    #expect(stream.finish() == "\u{FFFD}")
    #expect(stream.finish() == "")
  }

  @Test func specialTokensAreLeftOutOrKept() throws {
    let ids = tokenizer.encode("<|User|>: x", addBOS: true)
    #expect(ids.first == tokenizer.bosID)
    #expect(tokenizer.decode(ids) == ": x")
    #expect(tokenizer.decode(ids, skipSpecial: false) == "<｜begin▁of▁sentence｜><|User|>: x")
    #expect(tokenizer.decode([99999, -1]) == "")
  }

  @Test func specialTokensCanBeText() throws {
    let text = "a<|User|>b<｜end▁of▁sentence｜>"
    let ids = tokenizer.encode(text, specialTokens: .asText)
    #expect(ids.allSatisfy { $0 < 512 })
    #expect(tokenizer.decode(ids) == text)
    #expect(tokenizer.encode(text).contains(524))
  }

  @Test func theLeftmostAndThereTheLongestAddedTokenIsFound() throws {
    let matcher = LiteralMatcher([("ab", 1), ("abcd", 2), ("bcde", 3), ("c", 4)])
    func fragments(_ text: String) -> [TextFragment] {
      var found: [TextFragment] = []
      var text = text
      text.withUTF8 { matcher.split($0) { found.append(TextFragment($0)) } }
      return found
    }
    #expect(fragments("xabcde") == [.text("x"), .token(2), .text("e")])
    #expect(fragments("abcx") == [.token(1), .token(4), .text("x")])
    #expect(fragments("bcdabcd") == [.text("b"), .token(4), .text("d"), .token(2)])
    #expect(fragments("") == [])
  }

  @Test(
    .timeLimit(.minutes(10)),
    arguments: ["a", " ", "<", " \t"])
  func aLongRunTakesNoQuadraticTime(_ unit: String) {
    // 100,000 units: quadratic time would be ten thousand million steps.
    let text = String(repeating: unit, count: 100_000) + "1"
    #expect(tokenizer.decode(tokenizer.encode(text)) == text)
  }

  @Test func theEmptyTextHasNoTokens() {
    #expect(tokenizer.encode("") == [])
    #expect(tokenizer.decode([]) == "")
  }
}

@Suite struct TokenizerRefusalTests {
  var fixture: TokenizerFixture

  init() throws { fixture = try TokenizerFixture() }

  private func error(_ change: (inout TokenizerFixture) -> Void) -> TokenizerError? {
    var changed = fixture
    change(&changed)
    do throws(TokenizerError) {
      _ = try changed.tokenizer()
      return nil
    } catch {
      return error
    }
  }

  @Test func theFixtureItselfIsAccepted() { #expect(error { _ in } == nil) }

  @Test func mergesMustMakeTokensOfTokens() {
    #expect(
      error { $0.merges[3] = "ab" }
        == .merge(index: 3, text: "ab", reason: "is not two tokens with a space between"))
    #expect(
      error { $0.merges[3] = "qqqqq x" }
        == .merge(index: 3, text: "qqqqq x", reason: "has a part that is no token"))
    #expect(
      error { $0.merges[3] = "q q" }
        == .merge(index: 3, text: "q q", reason: "makes what is no token"))
  }

  @Test func everyByteOfUTF8NeedsAToken() throws {
    let id = try #require(fixture.tokens.firstIndex(of: "Ċ"))
    #expect(error { $0.tokens[id] = "ĊĊĊ" } == .missingByte(0x0A))
  }

  @Test func countsAndIdentifiersMustFit() {
    #expect(
      error { $0.types.removeLast() }
        == .count(of: "token types", found: 525, expected: "526, as tokens"))
    #expect(
      error {
        $0.tokens.removeLast(14)
        $0.types.removeLast(14)
      } == .identifier(of: "bos_token_id", found: 512, tokenCount: 512))
    #expect(
      error { $0.tokens[524] = "<|Usher|>" }
        == .addedToken(id: 524, content: "<|User|>", vocabulary: "<|Usher|>"))
  }

  @Test func whatIsNotSupportedIsNamed() {
    #expect(
      error { $0.preTokenizer = #"{"type": "Metaspace"}"# }?.description.contains("Byte") == true)
    let level = #"{"type": "ByteLevel", "use_regex": false, "add_prefix_space": false}"#
    #expect(
      error {
        $0.preTokenizer =
          #"{"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}, \#(level)]}"#
      } == .unsupported(part: "pre_tokenizer", feature: "the type \"Whitespace\""))
    #expect(
      error {
        $0.preTokenizer = #"""
          {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"String": "a"}, "behavior": "Removed"}, \#(level)]}
          """#
      } == .unsupported(part: "pre_tokenizer", feature: "the behavior \"Removed\""))
    #expect(
      error {
        $0.addedTokens = $0.addedTokens.replacing("\"rstrip\":false", with: "\"rstrip\":true")
      }?.description.contains("rstrip") == true)
  }

  @Test func damagedJSONIsAnError() {
    for json in ["", "null", "[1", "{}", "{\"type\": 3}"] {
      #expect(error { $0.preTokenizer = json } != nil)
      #expect(error { $0.addedTokens = json } != nil)
    }
  }
}
