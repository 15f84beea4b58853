import Foundation
import JanusImages
import Testing

@Suite struct WorkerTests {
  let model: String

  init() throws { model = try Fixture.modelPath }

  private func answers(_ lines: [String]) throws -> [[String: Any]] {
    let run = try CommandLineRun(
      ["worker", "-m", model, "--max-tokens", "6"], input: Data(lines.joined(separator: "\n").utf8))
    #expect(run.status == 0, "\(run.errors)")
    return try run.outputLines.map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  private func type(_ answer: [String: Any]) -> String? {
    (answer["error"] as? [String: String])?["type"]
  }

  @Test func eachLineGetsOneAnswerWithItsIDInOrder() throws {
    let picture = Fixture.picture("rings")
    let data = try Data(contentsOf: URL(filePath: picture)).base64EncodedString()
    let found = try answers([
      "{\"id\": 1, \"image\": \"\(picture)\"}", "",
      "{\"id\": \"b\", \"image\": \"DATA:image/png;BASE64,\(data)\", \"task\": \"ocr\", \"more\": []}",
      "{\"id\": 2.5, \"task\": \"chat\", \"prompt\": \"hello\", \"max_tokens\": 3}",
      "{\"id\": 4, \"task\": \"generate\", \"prompt\": \"a ring\", \"seed\": 7, \"n\": 2}",
    ])
    #expect(found.count == 4)
    #expect(found[0]["id"] as? Int == 1 && found[1]["id"] as? String == "b")
    #expect(found[0]["latex"] as? String == found[1]["latex"] as? String)
    #expect(found[2]["id"] as? Double == 2.5 && found[2]["finish_reason"] != nil)
    let images = try #require(found[3]["images"] as? [[String: Any]])
    #expect(images.map { $0["seed"] as? Int } == [7, 8])
    let png = try #require((images[0]["b64_json"] as? String).flatMap { Data(base64Encoded: $0) })
    #expect(try Picture(decoding: [UInt8](png)).width > 0)
  }

  @Test func badLinesBecomeErrorsAndTheNextOneIsAnswered() throws {
    let found = try answers([
      "{", "[]", "null", "{\"id\": 3, \"image\": 4}", "{\"id\": 4, \"task\": \"dance\"}",
      "{\"id\": 5}", "{\"id\": 6, \"image\": \"/no/such.png\"}",
      "{\"id\": 7, \"image\": \"data:image/png;base64,AAAA\"}",
      "{\"id\": 8, \"task\": \"generate\", \"prompt\": \"x\", \"n\": 99}",
      "{\"id\": 9, \"task\": \"generate\", \"prompt\": \"x\", \"temperature\": -1}",
      "{\"id\": 10, \"task\": \"chat\", \"prompt\": \"x\"}",
    ])
    #expect(found.count == 11)
    for answer in found.dropLast() { #expect(type(answer) != nil, "\(answer)") }
    #expect(found.map { $0["id"] as? Int } == [nil, nil, nil, 3, 4, 5, 6, 7, 8, 9, 10])
    #expect(type(found[6]) == "picture" && type(found[4]) == "invalid_request")
    #expect(type(found[10]) == nil)
  }

  @Test func whatIsWrongWithAKeyIsSaidInTheWordsOfLines() throws {
    let long = String(repeating: "a+b ", count: 20_000)
    let cases: [(line: String, message: String)] = [
      ("\"task\": \"chat\", \"prompt\": 5", "prompt: expected a string, found the number 5.0"),
      ("\"image\": [\"x\"]", "image: expected a string, found an array of strings"),
      ("\"max_tokens\": 1e999", "max_tokens: expected an integer from 1, found one that is broken"),
      ("\"max_tokens\": true", "found a boolean"),
      ("\"n\": 1.5", "n: expected an integer from 1 to 16, found the number 1.5"),
      ("\"image\": \"\"", "image: expected the name of a file or a data URL"),
      ("\"seed\": -7", "seed: expected an integer from 0 to"),
      (
        "\"stop\": [1]",
        "stop: expected an array of strings, found an array with a value of another"
      ),
      ("\"task\": \"chat\", \"prompt\": \"x\", \"top_p\": 7", "top_p: expected"),
      ("\"task\": \"generate\", \"prompt\": \"x\", \"top_k\": 0", "top_k: expected"),
      ("\"task\": \"generate\", \"prompt\": \"x\", \"cfg\": -7", "cfg: expected 0 to 100"),
      ("\"task\": \"chat\", \"prompt\": \"\(long)\"", "shorten the prompt"),
      ("\"task\": \"generate\", \"prompt\": \"\(long)\"", "shorten the prompt"),
    ]
    let found = try answers(cases.map { "{\"id\": 1, \($0.line)}" } + ["{\"id\": 1,"])
    #expect(found.count == cases.count + 1)
    for (answer, expected) in zip(found, cases.map(\.message) + ["expected a JSON object"]) {
      let error = try #require(answer["error"] as? [String: String])
      #expect(error["type"] == "invalid_request", "\(error)")
      #expect(error["message"]?.contains(expected) == true, "\(error)")
    }
    #expect(found.dropLast().allSatisfy { $0["id"] as? Int == 1 })
  }

  @Test func longNumbersComeBackAsTheyWere() throws {
    let ids = ["18446744073709551615", "1234567890123456789012345678901234567", "-7", "0.1"]
    let run = try CommandLineRun(
      ["worker", "-m", model],
      input: Data(ids.map { "{\"id\": \($0), \"image\": \"/no/such\"}\n" }.joined().utf8))
    #expect(run.outputLines.map { String($0.split(separator: "\"id\":")[1].dropLast()) } == ids)
    let longer = try answers(["{\"id\": 123456789012345678901234567890123456789.5}"])
    #expect(type(longer[0]) == "invalid_request" && longer[0]["id"] is NSNull)
  }

  @Test func picturesThatAreNoFilesNeitherBlockNorTakeLines() throws {
    let scratch = try Scratch()
    let pipe = scratch.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let picture = Fixture.picture("rings")
    let run = try CommandLineRun(
      [
        "-c", "printf '%s\\n' \"$2\" \"$3\" \"$4\" \"$5\" | \"$0\" worker -m \"$1\" --max-tokens 6",
        CommandLineRun.executable.path, model, "{\"id\": 1, \"image\": \"\(pipe)\"}",
        "{\"id\": 2, \"image\": \"/dev/stdin\"}",
        "{\"id\": 3, \"image\": \"\(picture)\\u0000.jpg\"}",
        "{\"id\": 4, \"image\": \"\(picture)\"}",
      ], command: URL(filePath: "/bin/sh"))
    let found = try run.outputLines.map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(found.map { $0["id"] as? Int } == [1, 2, 3, 4], "\(run.errors)")
    #expect(found.dropLast().allSatisfy { type($0) == "picture" }, "\(run.output)")
    #expect(found.last?["latex"] != nil)
  }

  @Test func aModelThatCannotBeOpenedIsSaidAtOnce() throws {
    let run = try CommandLineRun(["worker", "-m", "/no/such.gguf"], input: Data("{}\n".utf8))
    #expect(run.status == 66 && run.output.isEmpty && run.errorLines.count == 1)
  }

  @Test func aLineOfManyMegabytesIsRefusedAndPassedOver() throws {
    let long = "{\"id\": 1, \"image\": \"" + String(repeating: "A", count: 100 << 20) + "\"}"
    let found = try answers([long, "{\"id\": 2, \"task\": \"chat\", \"prompt\": \"x\"}"])
    #expect(found.count == 2 && type(found[0]) == "invalid_request")
    #expect(found[1]["id"] as? Int == 2 && type(found[1]) == nil)
  }

  /// Answers without what differs from run to run.
  private func lasting(_ answer: [String: Any]) throws -> Data {
    try JSONSerialization.data(
      withJSONObject: answer.filter { $0.key != "timings" }, options: .sortedKeys)
  }

  @Test func picturesThatWaitTogetherGetTheAnswersThatTheyGetAlone() throws {
    let names = ["rings", "bricks", "waves"].map(Fixture.picture)
      .filter(FileManager.default.fileExists)
    #expect(names.count == 3)
    let lines = (0..<12).map { "{\"id\": \($0), \"image\": \"\(names[$0 % names.count])\"}" }
    let together = try answers(lines)
    #expect(together.map { $0["id"] as? Int } == Array(0..<12))
    for (line, answer) in zip(lines, together).prefix(names.count) {
      #expect(try lasting(answers([line])[0]) == lasting(answer))
    }
  }

  @Test func linesOfOtherKindsAmongPicturesKeepTheirPlace() throws {
    let picture = "\"image\": \"\(Fixture.picture("rings"))\""
    let found = try answers([
      "{\"id\": 0, \(picture)}", "{", "{\"id\": 2, \(picture)}",
      "{\"id\": 3, \"image\": \"/no/such.png\"}", "{\"id\": 4, \(picture), \"max_tokens\": 2}",
      "{\"id\": 5, \"task\": \"chat\", \"prompt\": \"x\"}", "{\"id\": 6, \(picture)}",
      "{\"id\": 7, \(picture), \"temperature\": 1, \"seed\": 3}", "{\"id\": 8, \(picture)}",
      "{\"id\": 9, \(picture), \"max_tokens\": 0}", "{\"id\": 10, \(picture)}",
    ])
    #expect(found.map { $0["id"] as? Int } == [0, nil, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    for number in [1, 3, 9] { #expect(type(found[number]) != nil) }
    for number in [2, 6, 8, 10] {
      #expect(found[number]["token_ids"] as? [Int] == found[0]["token_ids"] as? [Int])
    }
    #expect((found[4]["token_ids"] as? [Int])?.count ?? 9 <= 2)
  }
}
