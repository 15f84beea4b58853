import Foundation
import Testing

/// What scripts rely on: where answers go, which keys they have, and that they can be repeated.
@Suite struct AnswerTests {
  let model: String

  init() throws { model = try Fixture.modelPath }

  private func objects(_ run: CommandLineRun) throws -> [[String: Any]] {
    try run.outputLines.map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
  }

  @Test func jsonHasExactlyThePromisedKeys() throws {
    let run = try CommandLineRun([
      "ocr", Fixture.picture("waves"), "-m", model, "--json", "--logprobs", "3", "--max-tokens",
      "8",
    ])
    #expect(run.status == 0, "\(run.errors)")
    let object = try #require(try objects(run).first)
    #expect(
      Set(object.keys).subtracting(["problem"]) == [
        "images", "text", "latex", "mathml", "typst", "markdown", "valid", "confidence",
        "doubtful", "repairs", "warnings", "token_ids", "prompt_token_count", "finish_reason",
        "logprobs", "timings",
      ])
    #expect(object["images"] as? [String] == [Fixture.picture("waves")])
    let ids = try #require(object["token_ids"] as? [Int])
    let logprobs = try #require(object["logprobs"] as? [[String: Any]])
    #expect(!ids.isEmpty && ids.count <= 8)
    #expect(logprobs.count >= ids.count)
    for (id, entry) in zip(ids, logprobs) {
      #expect(Set(entry.keys) == ["token_id", "logprob", "top"])
      #expect(entry["token_id"] as? Int == id)
      let top = try #require(entry["top"] as? [[Double]])
      #expect(top.count == 3 && top.allSatisfy { $0.count == 2 })
      // Greedy: the chosen token is the most likely one.
      #expect(top[0][0] == Double(id) && top[0][1] >= top[1][1] && top[1][1] >= top[2][1])
    }
    let timings = try #require(object["timings"] as? [String: Double])
    #expect(
      Set(timings.keys) == [
        "image_encode_s", "prefill_s", "decode_s", "prefill_tokens_per_s", "decode_tokens_per_s",
        "peak_rss_bytes",
      ])
    #expect(timings.values.allSatisfy { $0 >= 0 } && timings["peak_rss_bytes"] ?? 0 > 1e6)
  }

  @Test func aPictureThatCannotBeReadDoesNotStopTheOthers() throws {
    let scratch = try Scratch()
    let text = try scratch.write("text.png", Data("no picture".utf8))
    let run = try CommandLineRun([
      "ocr", Fixture.picture("waves"), text, scratch.file("absent.png"), Fixture.picture("rings"),
      "-m", model, "--json", "--max-tokens", "4",
    ])
    #expect(run.status == 65)
    let images = try objects(run).map { ($0["images"] as? [String])?.first }
    #expect(
      images == [
        Fixture.picture("waves"), text, scratch.file("absent.png"), Fixture.picture("rings"),
      ])
    // Those that failed keep their places.
    #expect(try objects(run).map { $0["error"] != nil } == [false, true, true, false])
    let errors = run.errorLines.filter { $0.hasPrefix("janus-lite: error: ") }
    #expect(errors.count == 2)
    #expect(errors.first?.contains(text) == true && errors.last?.contains("absent.png") == true)
  }

  @Test func picturesThatAreNoneAreOneLineEach() throws {
    let scratch = try Scratch()
    let whole = try Fixture.pictureData("waves")
    // A PNG's width and height lie at bytes 16 to 23.
    var vast = whole
    vast.replaceSubrange(16..<24, with: [0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50])
    let cases = [
      ("truncated", whole.prefix(whole.count / 2)), ("empty", Data()),
      ("text", Data("no picture".utf8)), ("vast", vast),
    ]
    for (name, data) in cases {
      let path = try scratch.write(name, data)
      let run = try CommandLineRun(["ocr", path, "-m", model])
      #expect(run.status == 65 && run.output.isEmpty && run.errorLines.count == 1, "\(name)")
      #expect(run.errors.hasPrefix("janus-lite: error: '\(path)': "))
    }
  }

  @Test func aFolderStandsForItsPicturesInOrder() throws {
    let scratch = try Scratch()
    try scratch.write("b.png", try Fixture.pictureData("waves"))
    try scratch.write("a.jpeg", try Fixture.pictureData("rings"))
    try scratch.write("c.txt", Data("text".utf8))
    try scratch.write("d.png", Data("text".utf8))
    let run = try CommandLineRun([
      "ocr", scratch.path, "-m", model, "--json", "--max-tokens", "2",
    ])
    // What is named as a picture and is none is told, and what is something else is counted.
    #expect(run.status == 65, "\(run.errors)")
    let images = try objects(run).map { ($0["images"] as? [String])?.first }
    #expect(images == [scratch.file("a.jpeg"), scratch.file("b.png"), scratch.file("d.png")])
    #expect(run.errors.contains("2 read, 1 failed, 1 skipped"))
    let empty = try Scratch()
    #expect(try CommandLineRun(["ocr", empty.path, "-m", model]).status == 65)
  }

  @Test func aNamedPipeIsReadWhereItIsAskedForAndOtherwiseLeftAlone() throws {
    let scratch = try Scratch()
    let pipe = scratch.file("pipe.png")
    #expect(mkfifo(pipe, 0o600) == 0)
    try scratch.write("rings.png", Fixture.pictureData("rings"))
    let folder = try CommandLineRun(["ocr", scratch.path, "-m", model, "--max-tokens", "4"])
    #expect(folder.status == 0 && folder.outputLines.count == 1, "\(folder.errors)")

    let bytes = try Fixture.pictureData("rings")
    Thread.detachNewThread {
      let descriptor = open(pipe, O_WRONLY)
      try? FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).write(contentsOf: bytes)
    }
    let run = try CommandLineRun(["ocr", pipe, "-m", model, "--max-tokens", "4"])
    let line = try #require(folder.outputLines.first?.split(separator: "\t").last)
    #expect(run.status == 0 && run.outputLines == [String(line)], "\(run.errors)")
    #expect(try CommandLineRun(["info", pipe]).status == 74)
  }

  @Test func standardInputIsAPictureLikeAFile() throws {
    let arguments = ["-m", model, "--json", "--max-tokens", "6"]
    let file = try CommandLineRun(["ocr", Fixture.picture("bricks")] + arguments)
    let input = try CommandLineRun(
      ["ocr", "-"] + arguments, input: try Fixture.pictureData("bricks"))
    #expect(file.status == 0 && input.status == 0)
    #expect(
      try objects(file).first?["token_ids"] as? [Int]
        == objects(input).first?["token_ids"] as? [Int])
    let nothing = try CommandLineRun(["ocr", "-"] + arguments)
    #expect(nothing.status == 65 && nothing.errorLines.count == 1)
    #expect(try objects(nothing).first?["error"] != nil)
  }

  @Test func ocrPrintsOneLineAPicture() throws {
    let run = try CommandLineRun([
      "ocr", Fixture.picture("waves"), Fixture.picture("rings"), "-m", model, "--max-tokens", "40",
    ])
    #expect(run.status == 0)
    #expect(run.outputLines.count == 2)
  }

  @Test func aPromptMayComeFromStandardInputAndTheModelFromTheEnvironment() throws {
    let options = ["--max-tokens", "12"]
    let argument = try CommandLineRun(["chat", "What is this?", "-m", model] + options)
    #expect(argument.status == 0 && argument.output.hasSuffix("\n"))
    for prompt in [[], ["-"]] {
      let input = try CommandLineRun(
        ["chat"] + prompt + options, input: Data("What is this?\n".utf8),
        environment: ["JANUS_LITE_MODEL": model])
      #expect(input.status == 0)
      #expect(input.output == argument.output)
    }
    let binary = try CommandLineRun(["chat", "-m", model], input: Data([0xff, 0xfe]))
    #expect(binary.status == 65 && binary.errors.contains("UTF-8"))
    let empty = try CommandLineRun(["chat", "-m", model], input: Data("\n".utf8))
    #expect(empty.status == 64)
  }

  @Test func theSameSeedGivesTheSameAnswerOnAnyNumberOfThreads() throws {
    func ids(_ options: [String]) throws -> [Int] {
      let run = try CommandLineRun(
        [
          "chat", "Describe it.", "--image", Fixture.picture("rings"), "-m", model, "--json",
          "--max-tokens", "16", "--temperature", "1.5",
        ] + options)
      #expect(run.status == 0, "\(run.errors)")
      return try #require(try objects(run).first?["token_ids"] as? [Int])
    }
    let first = try ids(["--seed", "7", "--threads", "1"])
    #expect(try ids(["--seed", "7", "--threads", "2"]) == first)
    #expect(try ids(["--seed", "8"]) != first)
  }

  @Test func picturesAreAnArrayHoweverMany() throws {
    let options = ["-m", model, "--json", "--max-tokens", "2"]
    let none = try CommandLineRun(["chat", "Hello."] + options)
    #expect(try objects(none).first?["images"] as? [String] == [])
    let pictures = [Fixture.picture("waves"), Fixture.picture("rings")]
    let two = try CommandLineRun(
      ["chat", "Compare.", "--image", pictures[0], "--image", pictures[1]] + options)
    #expect(two.status == 0, "\(two.errors)")
    #expect(try objects(two).first?["images"] as? [String] == pictures)
  }

  @Test func aPromptBeyondTheContextIsRefused() throws {
    let run = try CommandLineRun(
      ["chat", String(repeating: "word ", count: 500), "-m", model, "--context", "100"])
    #expect(run.status == 65 && run.output.isEmpty && run.errorLines.count == 1)
    #expect(run.errors.contains("context has 100"))
  }

  @Test func timingsGoToStandardErrorWhenAskedFor() throws {
    let arguments = ["chat", "Hello.", "-m", model, "--max-tokens", "2"]
    #expect(try !CommandLineRun(arguments).errors.contains("peak memory"))
    #expect(try CommandLineRun(arguments + ["--verbose"]).errors.contains("peak memory"))
  }

  @Test func tokenizePrintsIDs() throws {
    let plain = try CommandLineRun(["tokenize", "x^2 + y_1", "-m", model])
    #expect(plain.status == 0)
    let ids = plain.output.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    let input = try CommandLineRun(
      ["tokenize", "-", "-m", model, "--json"], input: Data("x^2 + y_1\n".utf8))
    let object = try #require(try objects(input).first)
    #expect(object["token_ids"] as? [Int] == ids && object["count"] as? Int == ids.count)
    #expect((object["tokens"] as? [String])?.joined() == "x^2 + y_1")
    let special = try CommandLineRun(["tokenize", "<|User|>", "-m", model])
    #expect(special.output.split(separator: " ").count == 1)
    let spelled = try CommandLineRun(["tokenize", "<|User|>", "-m", model, "--plain"])
    #expect(spelled.output.split(separator: " ").count > 1)

    let lines = try CommandLineRun(
      ["tokenize", "--lines", "-m", model], input: Data("\"x^2 + y_1\"\n\"\\u00e9\"\n".utf8))
    #expect(lines.status == 0 && lines.outputLines.count == 2)
    #expect(
      try JSONSerialization.jsonObject(with: Data(lines.outputLines[0].utf8)) as? [Int] == ids)
    let wrong = try CommandLineRun(
      ["tokenize", "--lines", "-m", model], input: Data("no string\n".utf8))
    #expect(wrong.status == 65 && wrong.errors.contains("line 1"))
  }
}
