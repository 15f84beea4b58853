import Testing

@testable import JanusConvert

@Suite struct ModelCardTests {
  @Test(arguments: [
    ("# Name\n\nFirst words,\nin two lines.\n\nMore.", "First words, in two lines."),
    ("---\nlicense: mit\n---\n![x](y)\n<p>\n\nWords\u{1b}[2J of it.", "Words [2J of it."),
    ("```\ncode\n```\n| a | b |\n", nil), ("", nil), ("---\nnever closed", nil),
  ])
  func theFirstParagraphOfProseIsTaken(_ card: String, _ expected: String?) {
    #expect(ModelCard.description(card) == expected)
  }

  @Test func longParagraphsAreCutBetweenWords() throws {
    let text = try #require(ModelCard.description(String(repeating: "word ", count: 500)))
    #expect(text.count <= 402 && text.hasSuffix("word …"))
  }
}
