import Foundation
import Testing

@Suite struct InfoTests {
  private func object(_ run: CommandLineRun) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
  }

  @Test func withoutAFileTheMachineIsShown() throws {
    let run = try CommandLineRun(["info", "--json"])
    #expect(run.status == 0 && run.outputLines.count == 1)
    let machine = try #require(try object(run)["machine"] as? [String: Any])
    let available = try #require(machine["available_instruction_sets"] as? [String])
    #expect(available.contains("portable"))
    #expect(available.contains(try #require(machine["instruction_set"] as? String)))
    #expect(try #require(machine["threads"] as? Int) >= 1)
  }

  @Test func aVariableThatNamesNoModelIsTold() throws {
    let scratch = try Scratch()
    let text = try scratch.write("t.gguf", Data("text".utf8))
    let run = try CommandLineRun(["info"], environment: ["JANUS_LITE_MODEL": text])
    #expect(run.status == 0 && run.output.contains("no model: '\(text)': not a GGUF file"))
    let json = try CommandLineRun(["info", "--json"], environment: ["JANUS_LITE_MODEL": text])
    let choice = try #require(try object(json)["default_model"] as? [String: Any])
    #expect((choice["problem"] as? String)?.hasPrefix("no model") == true)
    let model = try CommandLineRun(
      ["info", "--json"], environment: ["JANUS_LITE_MODEL": Fixture.modelPath])
    let other = try #require(try object(model)["default_model"] as? [String: Any])
    #expect(other["problem"] == nil)
  }

  @Test func theForcedInstructionSetIsTheOneInUse() throws {
    for run in [
      try CommandLineRun(["info", "--json", "--isa", "portable"]),
      try CommandLineRun(["info", "--json"], environment: ["JANUS_LITE_ISA": "portable"]),
      try CommandLineRun(
        ["info", "--json", "--isa", "portable"], environment: ["JANUS_LITE_ISA": "mmx"]),
    ] {
      let machine = try #require(try object(run)["machine"] as? [String: Any])
      #expect(machine["instruction_set"] as? String == "portable")
    }
    let wrong = try CommandLineRun(["info"], environment: ["JANUS_LITE_ISA": "mmx"])
    #expect(wrong.status == 64 && wrong.errors.contains("portable"))
  }

  @Test func aFileIsShownWithItsPartsAndFormats() throws {
    let path = try Fixture.modelPath
    let run = try CommandLineRun(["info", path, "--verify", "--json"])
    #expect(run.status == 0, "\(run.errors)")
    let model = try #require(try object(run)["model"] as? [String: Any])
    #expect(model["recipe"] as? String == "int8")
    let checksums = try #require(model["checksums"] as? [String: Any])
    #expect(checksums["checked"] as? Bool == true)
    #expect((checksums["damaged"] as? [String]) == [])
    func sum(_ key: String, _ field: String) throws -> Int {
      try #require(model[key] as? [[String: Any]]).reduce(0) { $0 + ($1[field] as? Int ?? 0) }
    }
    #expect(try sum("parts", "bytes") == sum("formats", "bytes"))
    #expect(try sum("parts", "bytes") < #require(model["bytes"] as? Int))

    let table = try CommandLineRun(["info", path])
    #expect(table.status == 0)
    for word in ["language model", "vision tower", "int8-p16", "not compared", "kernels"] {
      #expect(table.output.contains(word))
    }
  }

  @Test func severalFilesAreShownOneAfterAnother() throws {
    let model = try Fixture.modelPath
    let scratch = try Scratch()
    let card = scratch.file("card.png")
    let made = try CommandLineRun(
      ["generate", "x", "-m", model, "--seed", "1", "-o", card, "--kv", "int8"])
    #expect(made.status == 0, "\(made.errors)")
    let files = [card, scratch.file("absent.gguf"), model]
    let run = try CommandLineRun(["info"] + files)
    #expect(run.status == 66 && run.errorLines.count == 1, "\(run.errors)")
    #expect(run.outputLines.filter { $0.hasPrefix("== ") } == files.map { "== \($0) ==" })
    let json = try CommandLineRun(["info", "--json"] + files)
    #expect(json.status == 66 && json.outputLines.count == 3, "\(json.errors)")
    #expect(
      json.outputLines[1].contains("\"error\":") && json.outputLines[1].contains("absent.gguf"))
    let picture = try #require(
      try JSONSerialization.jsonObject(with: Data(json.outputLines[0].utf8)) as? [String: Any])
    #expect(picture["cache"] as? String == "int8" && picture["instruction_set"] != nil)
    #expect(json.outputLines[2].contains("\"recipe\":\"int8\""))
  }

  @Test func aPictureMayComeFromStandardInputAndItsCommandCanBeCopied() throws {
    let scratch = try Scratch()
    let made = try CommandLineRun(
      ["generate", "x", "-m", Fixture.modelPath, "--seed", "1", "-o", "./-d.png"], in: scratch)
    #expect(made.status == 0, "\(made.errors)")
    let file = try Data(contentsOf: URL(filePath: scratch.file("-d.png")))
    let piped = try CommandLineRun(["info", "-"], input: file)
    #expect(piped.status == 0 && piped.output.contains("Seed"), "\(piped.errors)")
    let named = try CommandLineRun(["info", "--", "-d.png"], in: scratch)
    #expect(named.output.contains("--like ./-d.png"), "\(named.output)")
    let model = try CommandLineRun(
      ["info", "-"], input: try Data(contentsOf: URL(filePath: Fixture.modelPath)))
    #expect(model.status == 65 && model.errors.contains("named by its file"), "\(model.errors)")
  }

  /// The model with some of its bytes replaced by as many others.
  private func altered(_ old: [UInt8], _ new: [UInt8], in scratch: Scratch) throws -> String {
    var model = try Data(contentsOf: URL(filePath: try Fixture.modelPath))
    let range = try #require(model.firstRange(of: old))
    model.replaceSubrange(range, with: new)
    return try scratch.write("altered.gguf", model)
  }

  @Test func whatAFileSaysOfItselfHarmsNoTerminal() throws {
    let scratch = try Scratch()
    // A number of 32 bits that is no integer: type 6 for 4, and the bits of 1e30.
    let key = Array("janus.block_count".utf8)
    let bits = withUnsafeBytes(of: Float(1e30).bitPattern.littleEndian, Array.init)
    let large = try altered(
      key + [4, 0, 0, 0, 2, 0, 0, 0], key + [6, 0, 0, 0] + bits, in: scratch)
    let run = try CommandLineRun(["info", large])
    #expect(run.status == 0 && run.output.contains("? blocks"), "\(run.errors)")

    let escaping = try altered(
      Array("janus-lite 0".utf8), Array("\u{1b}]0;wrongly\u{7}".utf8), in: scratch)
    let shown = try CommandLineRun(["info", escaping])
    #expect(shown.status == 0 && !shown.output.contains("\u{1b}"), "\(shown.output)")
    #expect(shown.output.contains("\u{FFFD}]0;wrongly\u{FFFD}"))
  }

  @Test func levelsThatAreMissingOrOutOfOrderAreRefused() throws {
    let scratch = try Scratch()
    let missing = try altered(
      Array("janus.quant.levels".utf8), Array("janus.quant.levelz".utf8), in: scratch)
    let run = try CommandLineRun(["chat", "hi", "-m", missing])
    #expect(run.status == 65 && run.errors.contains("janus.quant.levels"), "\(run.errors)")
    let levels: [Int8] = [-32, -25, -20, -16]
    let turned: [Int8] = [-32, -20, -25, -16]
    let wrong = try altered(
      levels.map(UInt8.init(bitPattern:)), turned.map(UInt8.init(bitPattern:)), in: scratch)
    let other = try CommandLineRun(["chat", "hi", "-m", wrong])
    #expect(other.status == 65 && other.errors.contains("ascending"), "\(other.errors)")
  }

  @Test func damageIsFoundByVerify() throws {
    let scratch = try Scratch()
    var bytes = try Data(contentsOf: URL(filePath: try Fixture.modelPath))
    // The padding of the last tensor is no part of it.
    bytes[bytes.count - 100] ^= 1
    let path = try scratch.write("damaged.gguf", bytes)
    #expect(try CommandLineRun(["info", path]).status == 0)
    let run = try CommandLineRun(["info", path, "--verify"])
    #expect(run.status == 65)
    #expect(run.errors.contains("1 tensors differ") || run.errors.contains("checksum"))
    #expect(run.output.contains("damaged"))
  }

  @Test func aTruncatedFileIsOneLine() throws {
    let scratch = try Scratch()
    let bytes = try Data(contentsOf: URL(filePath: try Fixture.modelPath))
    for count in [0, 3, 40, bytes.count / 2, bytes.count - 1] {
      let path = try scratch.write("short.gguf", bytes.prefix(count))
      for arguments in [["info", path], ["chat", "hello", "-m", path]] {
        let run = try CommandLineRun(arguments)
        #expect(run.status == 65 && run.errorLines.count == 1 && run.output.isEmpty)
        #expect(run.errors.contains("truncated"))
      }
    }
  }
}
