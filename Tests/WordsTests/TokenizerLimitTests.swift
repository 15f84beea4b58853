import Foundation
import JanusSystem
import TestSupport
import Testing

@testable import JanusWords

/// Whatever a file asks of a tokenizer is refused before the work that it would be.
@Suite struct TokenizerLimitTests {
  private static func split(_ pattern: String) -> String {
    let json = try! JSONEncoder().encode(pattern)
    return #"{"type":"Split","behavior":"Isolated","pattern":{"Regex":"#
      + String(decoding: json, as: UTF8.self) + "}}"
  }

  private static func sequence(_ stages: [String]) -> String {
    let all = stages + [#"{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}"#]
    return #"{"type":"Sequence","pretokenizers":["# + all.joined(separator: ",") + "]}"
  }

  @Test func sixteenStagesAreTheMost() throws {
    let digits = #"{"type":"Digits"}"#
    _ = try PreTokenizer(json: Self.sequence(Array(repeating: digits, count: 15)))
    #expect(throws: TokenizerError.limit(of: "stages of pre_tokenizer", found: 17, limit: 16)) {
      try PreTokenizer(json: Self.sequence(Array(repeating: digits, count: 16)))
    }
  }

  @Test func manyStagesInNestedSequencesAreCountedTogether() {
    let inner = Self.sequence(Array(repeating: #"{"type":"Digits"}"#, count: 10))
    let json = #"{"type":"Sequence","pretokenizers":["# + inner + "," + inner + "]}"
    #expect(throws: TokenizerError.self) { try PreTokenizer(json: json) }
  }

  @Test(arguments: [1_000, 100_000])
  func nestingIsRefusedBeforeADecoderMeetsIt(_ depth: Int) {
    for (open, close) in [
      ("[", "]"), (#"{"type":"Sequence","pretokenizers":["#, "]}"),
    ] {
      let json = String(repeating: open, count: depth) + String(repeating: close, count: depth)
      #expect(throws: TokenizerError.self) { try PreTokenizer(json: json) }
      #expect(throws: TokenizerError.self) { try AddedTokens(json: json) }
    }
  }

  @Test func bracketsWithinTextsAreNoNesting() throws {
    let text = String(repeating: #"[{\"\\"#, count: 40)
    let json = #"{"type":"ByteLevel","name":""# + text + #""}"#
    _ = try PreTokenizer(json: json)
  }

  /// Patterns that cost the most, of every kind that is known.
  private static let expensive: [String] =
    [
      "(?:a?b?c?){1000}x", "(?:a?b?c?d?e?){600}[^x]", "(?:[ab]?){1000}c",
      "(?:(?:a|b)?(?:a|c)?){900}x",
      "(?:.?a){1000}", "(?:a|b|c|.){500}x|(?:.?){1000}y", "(?:.*a.?){300}b", "[ab]*a[ab]{900}",
      "(?:(?:(?:a?){10}){10}){10}b",
      #"(?:\p{L}?\p{N}?\p{P}?\p{S}?){1000}x"#,
      String(repeating: #"\p{Ll}"#, count: 600),
      String(repeating: #"[^\P{Lo}]|"#, count: 400) + "a",
      "[" + String(repeating: #"\p{L}"#, count: 700) + "]",
      "[" + String(repeating: #"\P{Lo}"#, count: 600) + "]",
      (0..<400).map { #"[\p{L}\x"# + "\(UnicodeScalar(0x4E00 + $0)!)]" }.joined(),
      (0..<500).map { #"[\p{L}"# + "\(UnicodeScalar(0x2100 + $0)!)]?" }.joined(),
    ]
    + [("a"), "é", "中", "🙂"].map { first in
      // Different characters, one after the other, as many as fit.
      let begin = first.unicodeScalars.first!.value
      return String(
        String.UnicodeScalarView(
          (0..<1300).compactMap { UnicodeScalar(begin + 1 + $0) }.filter {
            !"\\^$.|?*+()[]{}".unicodeScalars.contains($0)
          }))
    }

  @Test(arguments: expensive.indices)
  func whatAPatternCostsIsLimited(_ index: Int) {
    let pattern = Self.expensive[index]
    let clock = ContinuousClock()
    let time = clock.measure {
      _ = try? PreTokenizer(json: Self.sequence(Array(repeating: Self.split(pattern), count: 15)))
    }
    #expect(time < .seconds(10), "\(pattern.prefix(40))")
  }

  @Test func longPatternsAndLiteralsAreRefusedByTheirLength() {
    let clock = ContinuousClock()
    for count in [5_000, 20_000, 200_000] {
      let text = String(
        String.UnicodeScalarView((0..<count).compactMap { UnicodeScalar(0x4E00 + $0 % 20_000) }))
      let time = clock.measure {
        #expect(throws: TokenizerError.self) { try Pattern(literal: text) }
        #expect(throws: TokenizerError.self) { try Pattern("[" + text + "]") }
      }
      #expect(time < .seconds(2))
    }
  }

  /// The patterns of other families, which need more than DeepSeek's.
  @Test func patternsThatPeopleUseAreFarFromTheLimits() throws {
    let o200k =
      #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|"#
      + #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|"#
      + #"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    _ = try Pattern(o200k)
    _ = try Pattern(String(repeating: "a", count: 4000))
  }

  @Test func tooManyAddedTokensAndTooLongOnesAreRefused() {
    func token(_ id: Int, _ text: String) -> String {
      #"{"id":\#(id),"content":"\#(text)","special":true,"normalized":false,"#
        + #""single_word":false,"lstrip":false,"rstrip":false}"#
    }
    let long = token(1, String(repeating: "a", count: 257))
    #expect(throws: TokenizerError.self) { try AddedTokens(json: "[\(long)]") }
    let many = (0...1 << 15).map { token($0, "\($0)") }.joined(separator: ",")
    #expect(throws: TokenizerError.self) { try AddedTokens(json: "[\(many)]") }
  }

  @Test func countsAreCheckedBeforeTheTables() throws {
    let fixture = try TokenizerFixture()
    #expect(throws: TokenizerError.self) {
      try Tokenizer(
        tokens: Endless(count: TokenizerLimits.tokens + 1), types: [], merges: fixture.merges,
        preTokenizer: fixture.preTokenizer, addedTokens: "[]", bos: 0, eos: 0, padding: nil)
    }
    let vocabulary = Vocabulary(fixture.tokens)
    #expect(
      throws: TokenizerError.limit(
        of: "merges", found: TokenizerLimits.merges + 1, limit: TokenizerLimits.merges)
    ) {
      try MergeRanks(Endless(count: TokenizerLimits.merges + 1), vocabulary)
    }
  }

  /// Fails as soon as one of its strings is asked for.
  private struct Endless: ByteStrings {
    let count: Int
    func withBytes<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
      Issue.record("string \(index) was read")
      return body(UnsafeRawBufferPointer(start: nil, count: 0))
    }
  }

  /// Texts whose FNV-1a, which was the hash once, ends in the same 16 bits.
  @Test func chosenTokensDoNotFallIntoTheSameSlots() {
    func hash(_ text: [UInt8]) -> UInt64 {
      let hash = text.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
        ($0 ^ UInt64($1)) &* 0x100_0000_01B3
      }
      return hash ^ hash >> 32
    }
    // Letters that are their own bytes in the alphabet.
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    var random = SplitMix64(seed: 7)
    var tokens: [String] = []
    while tokens.count < 6_000 {
      let text = (0..<8).map { _ in letters[Int(random.next() % UInt64(letters.count))] }
      if hash(text) & 0xFF == 0 { tokens.append(String(decoding: text, as: UTF8.self)) }
    }
    let clock = ContinuousClock()
    let time = clock.measure { _ = Vocabulary(tokens) }
    #expect(time < .seconds(2))
  }
}
