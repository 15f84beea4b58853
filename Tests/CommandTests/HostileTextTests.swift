import Foundation
import Testing

/// Text from outside never reaches a terminal as something that it obeys.
@Suite struct HostileTextTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Escape sequences, C1 control characters, directions, and line ends.
  static let hostile = "x\u{1B}]0;PWNED\u{7}\u{9B}31m\u{202E}\u{2066}\u{85}\r\u{2028}y"

  private func isClean(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      let isControl = scalar.properties.generalCategory == .control && scalar != "\n"
      return !isControl && !scalar.properties.isBidiControl && scalar != "\u{2028}"
    }
  }

  @Test(arguments: [
    ["info"], ["tokenize", "a", "-m"], ["ocr", "-m"], ["chat", "hello", "-m"],
    ["generate", "red", "-m"], ["convert", "-o", "/nowhere/x", "--base"], ["models", "rm"],
    ["pull"], ["decode", "-o", "x.png"], ["chat", "--isa"], ["nothing"], ["--nothing"],
  ])
  func namesInErrorsAreShownWithoutControls(_ arguments: [String]) throws {
    for name in [Self.hostile, scratch.file(Self.hostile), "\(scratch.path)/a\nb"] {
      let run = try CommandLineRun(
        arguments + [name], environment: ["HF_HUB_OFFLINE": "1", "XDG_DATA_HOME": scratch.path])
      #expect(run.status != 0)
      #expect(isClean(run.errors), "\(run.errors.debugDescription)")
      #expect(isClean(run.output))
    }
  }

  @Test func anErrorIsOneLineWhateverItsNamesHold() throws {
    let run = try CommandLineRun(["info", "\(scratch.path)/a\nb\n\nc"])
    #expect(run.status == 66 && run.errorLines.count == 1)
  }

  @Test func aCheckpointsTextsAreShownWithoutControls() throws {
    let folder = scratch.file("checkpoint")
    try FileManager.default.copyItem(atPath: Fixture.checkpoint, toPath: folder)
    try FileManager.default.removeItem(atPath: folder + "/model.safetensors")
    let names = ["\(Self.hostile).safetensors", "a\u{301}/\u{1B}[31m.safetensors"]
    for name in names {
      let index = ["weight_map": ["a": name]]
      try JSONEncoder().encode(index).write(
        to: URL(filePath: folder + "/model.safetensors.index.json"))
      let run = try CommandLineRun(["convert", folder, "-o", scratch.file("out.gguf")])
      #expect([65, 66].contains(run.status))
      #expect(run.errorLines.count >= 1 && isClean(run.errors), "\(run.errors.debugDescription)")
    }
  }

  @Test func jsonHoldsEscapesInTheirPlace() throws {
    let run = try CommandLineRun(
      ["tokenize", "--json", "a\u{9B}31m\u{202E}b", "-m", try Fixture.modelPath])
    #expect(run.status == 0 && isClean(run.output))
    let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
    #expect(((object?["tokens"] as? [String])?.joined())?.contains("a") == true)
  }

  @Test func whatAModelFileWouldRefuseIsNotConverted() throws {
    let folder = scratch.file("checkpoint")
    try FileManager.default.copyItem(atPath: Fixture.checkpoint, toPath: folder)
    let file = URL(filePath: folder + "/tokenizer.json")
    var json = try #require(
      try JSONSerialization.jsonObject(with: try Data(contentsOf: file)) as? [String: Any])
    let byteLevel: [String: Any] = ["type": "ByteLevel", "use_regex": false]
    func split(_ pattern: [String: String]) -> [String: Any] {
      ["type": "Split", "behavior": "Isolated", "pattern": pattern]
    }
    let letters = String(String.UnicodeScalarView((0x4E00..<0x6000).compactMap(UnicodeScalar.init)))
    let stages: [[[String: Any]]] = [
      Array(repeating: ["type": "Digits", "individual_digits": true], count: 40),
      [split(["Regex": "(?:a?b?c?){1000}x"])],
      [split(["String": letters])],
      [split(["Regex": "(?<=a)b"])],
    ]
    for stages in stages {
      json["pre_tokenizer"] = ["type": "Sequence", "pretokenizers": stages + [byteLevel]]
      try JSONSerialization.data(withJSONObject: json).write(to: file)
      let begin = ContinuousClock.now
      let run = try CommandLineRun(["convert", folder, "-o", scratch.file("out.gguf")])
      #expect(run.status == 65 && run.errors.contains("tokenizer.json"), "\(run.errors)")
      #expect(ContinuousClock.now - begin < .seconds(20))
      #expect(try scratch.names == ["checkpoint"])
    }
  }

  #if os(Linux)
    @Test func aTerminalGetsAnswersWithoutControls() throws {
      let folder = scratch.file("out\u{1B}[31m\u{9B}32m\u{202E}")
      let arguments = [
        "generate", "red", "-m", try Fixture.modelPath, "-o", folder, "--seed", "1",
      ]
      let piped = try CommandLineRun(arguments)
      #expect(piped.status == 0 && piped.output.contains("\u{1B}[31m"))
      // Without lines that are written over, every control character would be the name's.
      let terminal = try Terminal(arguments, environment: ["TERM": "dumb"], columns: 200)
      terminal.readToEnd()
      #expect(terminal.waitForExit() == 0)
      let shown = terminal.shown.replacingOccurrences(of: "\r\n", with: "\n")
      #expect(shown.contains("red") && isClean(shown), "\(shown.debugDescription)")
    }

    @Test func aModelThatIsCutEndsTheCommandWithItsName() throws {
      let model = scratch.file("cut.gguf")
      try FileManager.default.copyItem(atPath: try Fixture.modelPath, toPath: model)
      let pictures = try Scratch()
      let process = CommandLineRun.process([
        "generate", "red", "-m", model, "-o", pictures.path, "-n", "9999", "--batch", "2",
      ])
      let errors = Pipe()
      process.standardOutput = FileHandle.nullDevice
      process.standardError = errors
      try process.run()
      let deadline = Date.now + 60
      while try pictures.names.isEmpty, Date.now < deadline { usleep(1000) }
      truncate(model, 4096)
      let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 74, "\(text)")
      #expect(
        text.contains("cut.gguf") && text.components(separatedBy: "janus-lite: error: ").count == 2,
        "\(text)")
    }
  #endif
}
