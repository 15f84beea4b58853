import Testing

@testable import JanusWords

@Suite struct PatternTests {
  private func pieces(_ pattern: String, _ text: String) throws -> [String] {
    var pieces: [String] = []
    var text = text
    let compiled = try Pattern(pattern)
    text.withUTF8 { bytes in
      compiled.split(bytes) { pieces.append(String(decoding: $0, as: UTF8.self)) }
    }
    return pieces
  }

  private static let gpt2 =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  private static let llama3 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
    + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// Expected values are those of Split(…, "isolated") of the package `tokenizers`.
  static let splits: [(String, String, [String])] = [
    (
      gpt2, "  Hello   world's 12²  \n\n x! ",
      [" ", " Hello", "  ", " world", "'s", " 12²", "  \n\n", " x", "!", " "]
    ),
    (
      llama3, "I'LL say:\n\n  12345 's\u{17f}'\u{17f}  \r\n  end  ",
      [
        "I", "'LL", " say", ":\n\n", " ", " ", "123", "45", " '", "s\u{17f}", "'\u{17f}",
        "  \r\n", " ", " end", "  ",
      ]
    ),
    (#"\s+$"#, "a  \nb \u{3000}", ["a", "  ", "\nb", " \u{3000}"]),
    (#"\s"#, "a\u{85}b\u{200b}c\u{1c}d\u{a0}", ["a", "\u{85}", "b\u{200b}c\u{1c}d", "\u{a0}"]),
    ("ab|abc|a", "abcaab", ["ab", "c", "a", "ab"]),
    ("a{2,3}|b{2}|c{2,}", "aaaaabbbcccc", ["aaa", "aa", "bb", "b", "cccc"]),
    (#"[^\S\n]+"#, "a \n\t b", ["a", " ", "\n", "\t ", "b"]),
    ("(?:ab)+c?", "ababcabx", ["ababc", "ab", "x"]),
    (#"[\-\]x-z]"#, "a-]yb", ["a", "-", "]", "y", "b"]),
    (#"\p{Lu}\P{N}"#, "aBc1D2", ["a", "Bc", "1D2"]),
    (".", "a\nb", ["a", "\n", "b"]),
    ("(?!b)[ab]", "abba", ["a", "bb", "a"]),
  ]

  @Test(arguments: splits)
  func matchesAreThoseOfOniguruma(_ pattern: String, _ text: String, _ expected: [String]) throws {
    // Compared scalar by scalar: "\r\n" is one Character, and equals nothing else.
    #expect(try pieces(pattern, text).map(Array.init(utf8:)) == expected.map(Array.init(utf8:)))
  }

  @Test(arguments: [
    "a*", "a|", "()", "(?<=a)b", "(?=a)b", "(?>a)", "(?P<n>a)", "a+?", "a++", "a**", "a{2}{3}",
    "^a",
    #"\bword"#, #"\w+"#, #"\h"#, #"\1"#, #"\p{Greek}"#, #"\p{Cn}"#, #"\pL"#, "[a", "[]", "[z-a]",
    "[a-\\s]", "[[:alpha:]]", "[a&&b]", "(a", "a)", "a{3,2}", "a{1001}", "a{0}", "(?i:straße)",
    "(?i:[a-z])", "(?i:first)", "(?!ab)c", "\\", #"\q"#, "a{", "}", #"\s*$"#,
  ])
  func whatIsNotSupportedIsRefused(_ pattern: String) {
    #expect(throws: TokenizerError.self) { try Pattern(pattern) }
  }

  @Test func aPatternThatExplodesIsRefused() {
    let nested = String(repeating: "(?:", count: 100) + "a" + String(repeating: ")", count: 100)
    #expect(throws: TokenizerError.self) { try Pattern(nested) }
    #expect(throws: TokenizerError.self) { try Pattern("((a{1000}){1000}){1000}") }
    #expect(throws: TokenizerError.self) { try Pattern("[ab]*a[ab]{14}c") }
  }
}

extension Array where Element == UInt8 {
  fileprivate init(utf8 text: String) { self.init(text.utf8) }
}
