import JanusServe
import Testing

@Suite struct JSONTests {
  private func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

  @Test func `every kind of value is read`() throws {
    let text =
      #" {"a": [1, -2.5e1, true, false, null, "x\n\u00e9\ud83d\ude00/"], "b": {}, "c": []} "#
    let value = try parse(text)
    #expect(
      value == [
        "a": [1, .real(-25), true, false, .null, "x\né😀/"], "b": .object([:]), "c": .array([]),
      ])
    #expect(try parse("\u{FEFF}7") == 7)
    #expect(try parse("9223372036854775807") == .integer(.max))
    #expect(try parse("9223372036854775808") == .real(9_223_372_036_854_775_808))
  }

  @Test(arguments: [
    "", " ", "{", "[", "\"", "tru", "nul", "01", "1.", "1e", "-", "+1", ".5", "[1,]", "{\"a\"}",
    "{\"a\":}", "{\"a\":1,}", "{a:1}", "[1 2]", "1 2", "\"\\x\"", "\"\\ud800\"",
    "\"\\ud800\\u0041\"",
    "\"\\udc00\"", "\"\\u12g4\"", "\"a\nb\"", "NaN", "Infinity", "1e999", "'a'", "[1]]",
  ])
  func `what is not JSON is refused`(_ text: String) {
    #expect(throws: JSONError.self) { try parse(text) }
  }

  @Test func `bytes that are not UTF-8 are refused`() {
    for bytes: [UInt8] in [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
    ] {
      #expect(throws: JSONError.self) { try JSONParser.parse(bytes) }
    }
  }

  @Test func `nesting ends at its limit`() throws {
    let nested = { (count: Int) in
      String(repeating: "[", count: count) + String(repeating: "]", count: count)
    }
    _ = try parse(nested(JSONParser.mostLevels))
    #expect(throws: JSONError.self) { try parse(nested(JSONParser.mostLevels + 1)) }
    #expect(throws: JSONError.self) { try parse(nested(1_000_000)) }
    #expect(throws: JSONError.self) { try parse(String(repeating: "{\"a\":", count: 100_000)) }
  }

  @Test func `long numbers are refused before they are computed`() {
    #expect(throws: JSONError.self) { try parse(String(repeating: "1", count: 1_000_000)) }
  }

  @Test func `what is written can be read again`() throws {
    let value: JSONValue = [
      "text": "a\"\\\u{1}\u{7F}\u{2028}\n\té😀",
      "numbers": [0, -1, .real(0.1), .real(1e-7), .real(1e22)],
      "none": .null,
    ]
    #expect(try JSONParser.parse(value.encoded) == value)
    #expect(JSONValue.real(.nan).encoded == Array("null".utf8))
  }

  @Test func `base64 is read in every usual form`() {
    for count in 0..<70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 200) }
      let text = Base64.encode(bytes)
      #expect(Base64.decode(text.utf8) == bytes)
      let bare = text.filter { $0 != "=" }
      #expect(Base64.decode(bare.utf8) == bytes)
      let other = String(bare.map { ["+": "-", "/": "_"][$0] ?? $0 })
      #expect(Base64.decode(other.utf8) == bytes)
      #expect(Base64.decode(("\n" + text + "\r\n ").utf8) == bytes)
    }
    for text in ["A", "AAAAA", "AA=A", "AA\0A", "é", "AAAA====A", "<svg>"] {
      #expect(Base64.decode(text.utf8) == nil, "\(text)")
    }
  }
}
