@testable import JanusConvert

extension FuzzTarget {
  static let json = FuzzTarget(
    "json", seeds: ["Tests/Fixtures/tiny/*.json", "Tests/Fixtures/tokenizer/*.json"],
    mostBytes: 16384
  ) { input in
    do throws(JSONParser.Problem) {
      // What was read must be a value like any other: equal to itself, with readable members.
      let value = try JSONParser.parse(input)
      precondition(value.object?.keys.count == value.object?.values.count)
      _ = (value.integer, value.string, value.array?.count)
    } catch {
      checkMessage(error)
    }
  }
}
