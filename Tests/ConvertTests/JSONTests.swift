import JanusSystem
import Testing

@testable import JanusConvert

@Suite struct JSONTests {
  private func parse(_ text: String) throws -> JSON { try JSONParser.parse(Array(text.utf8)) }

  @Test(arguments: [
    ("null", JSON.null), (" true ", .bool(true)), ("-12", .integer(-12)), ("0", .integer(0)),
    ("1e-06", .number(1e-6)), ("0.5", .number(0.5)), ("2E2", .number(200)),
    ("9223372036854775808", .number(9_223_372_036_854_775_808)),
    (#""a\"\\\/\n\u00e9\ud83d\ude00｜""#, .string("a\"\\/\né😀｜")),
    ("[1, [], {}]", .array([.integer(1), .array([]), .object(JSON.Object())])),
  ])
  func readsValues(text: String, expected: JSON) throws {
    #expect(try parse(text) == expected)
  }

  @Test(arguments: [
    "", "tru", "01", "-", "1.", "1e", ".5", "+1", "nan", "[1,]", "[1 2]", "{1:2}", #"{"a" 1}"#,
    #"{"a":1,}"#, #"{"a":1,"a":2}"#, #""a"#, "\"a\nb\"", #""\x""#, #""\u12""#, #""\ud800""#,
    #""\ud800\u0041""#, "1 2", "1e999", "[", "{", #"{"a"#,
  ])
  func refusesWhatIsNoJSON(text: String) {
    #expect(throws: JSONParser.Problem.self) { try parse(text) }
  }

  @Test func refusesTextThatIsNotUTF8() {
    #expect(throws: JSONParser.Problem.self) { try JSONParser.parse([0x22, 0xff, 0x22]) }
  }

  @Test func nestingIsLimited() throws {
    let fits = JSONParser.maximumDepth
    _ = try parse(String(repeating: "[", count: fits) + String(repeating: "]", count: fits))
    #expect(throws: JSONParser.Problem.self) {
      try parse(String(repeating: "[", count: 1_000_000))
    }
  }

  @Test func writesWhatItReads() throws {
    let text = #"{"b":[1,2.5,"\"\\\n\u0001é"],"a":{"x":null,"y":false}}"#
    #expect(try parse(text).text == text)
    #expect(try parse(parse(text).text) == parse(text))
  }
}
