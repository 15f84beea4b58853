import Testing

@testable import JanusSystem

@Suite struct DisplayTextTests {
  /// What a terminal obeys, and what turns the direction of reading.
  private static let dangerous: [Unicode.Scalar] =
    ((0x00...0x1F).map { UInt32($0) } + (0x7F...0x9F) + (0x200E...0x200F) + (0x2028...0x202E)
    + (0x2066...0x206F) + [0x61C] + (0xFFF9...0xFFFB) + (0xE0000...0xE007F))
    .compactMap(Unicode.Scalar.init)

  @Test func nothingThatATerminalObeysStays() {
    for scalar in Self.dangerous {
      let text = "a\(scalar)b"
      #expect(DisplayText.line(text) == "a\u{FFFD}b", "\(scalar.value)")
      if scalar != "\n" && scalar != "\t" {
        #expect(DisplayText.lines(text) == "a\u{FFFD}b", "\(scalar.value)")
      }
    }
  }

  @Test func noScalarAtAllIsAControlOrTurnsText() {
    for value in (0...0x10FFFF as ClosedRange<UInt32>) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let category = scalar.properties.generalCategory
      if category == .control || scalar.properties.isBidiControl {
        #expect(!DisplayText.isShownInLine(scalar))
        #expect(!DisplayText.isShown(scalar) || scalar == "\n" || scalar == "\t")
      }
    }
  }

  @Test func textOfAllScriptsStays() {
    let text = "x² ≤ π 中文 हिन्दी עברית العربية 👩‍👩‍👧 🏳️‍🌈 e\u{301} a\u{200C}b"
    #expect(DisplayText.lines(text) == text)
    #expect(DisplayText.lines("a\tb\nc\r\nd") == "a\tb\nc\nd")
    #expect(DisplayText.lines("10%\r90%") == "10%\u{FFFD}90%")
    #expect(DisplayText.line("tab\tand\nline") == "tab\u{FFFD}and\u{FFFD}line")
  }

  @Test func aControlJoinedToALetterIsSeen() {
    // One Character each: whoever looks at characters finds no control here.
    #expect(!DisplayText.line("\u{1B}\u{301}[31m").unicodeScalars.contains("\u{1B}"))
    #expect(!DisplayText.lines("\r\u{FE0F}\u{9B}31m").unicodeScalars.contains("\u{9B}"))
  }

  @Test func bytesOfNamesThatAreNoTextAreReplaced() {
    let name = [CChar(bitPattern: 0x9B), 0x61, 0].withUnsafeBufferPointer {
      SystemPath.string($0.baseAddress!)
    }
    #expect(DisplayText.line(name) == "\u{FFFD}a")
  }

  @Test func longTextsAreCut() {
    #expect(DisplayText.line("abcdef", limit: 3) == "abc…")
    #expect(DisplayText.line("abc", limit: 3) == "abc")
  }
}
