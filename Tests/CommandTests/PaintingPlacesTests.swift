import Foundation
import JanusImages
import Testing

/// Where paintings come from and go to: prompts in files and pipes, names, settings that are used again.
@Suite struct PaintingPlacesTests {
  let model: String
  let scratch: Scratch

  init() throws {
    model = try Fixture.modelPath
    scratch = try Scratch()
  }

  private func generate(_ arguments: String..., input: String = "") throws -> CommandLineRun {
    try CommandLineRun(["generate", "-m", model] + arguments, input: Data(input.utf8))
  }

  private func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(filePath: scratch.file(name)))
  }

  @Test func aNameOfAPictureIsAFile() throws {
    #expect(try generate("x", "--seed", "1", "-o", scratch.file("card.png")).status == 0)
    #expect(try scratch.names == ["card.png"])
    #expect(try generate("x", "-n", "2", "--seed", "1", "-o", scratch.file("two.jpg")).status == 0)
    #expect(try scratch.names == ["card.png", "two-1.jpg", "two-2.jpg"])
  }

  @Test func aPaintingIsReplacedAloudAndAnythingElseOnlyByForce() throws {
    let card = scratch.file("card.png")
    #expect(try generate("x", "--seed", "1", "-o", card).status == 0)
    let again = try generate("x", "--seed", "2", "-o", card)
    #expect(again.status == 0 && again.errors.contains("replaces"), "\(again.errors)")
    let photo = try Data(contentsOf: URL(filePath: Fixture.picture("rings")))
    for name in ["photo.png", "notes.png"] {
      let file = try scratch.write(name, name == "photo.png" ? photo : Data("notes".utf8))
      let before = try bytes(name)
      for option in ["-o", "--grid", "--preview"] {
        let run = try generate("x", "--seed", "1", option, file, "--batch", "1")
        #expect(run.status == 64 && run.errors.contains("--force"), "\(option): \(run.errors)")
        #expect(try bytes(name) == before)
      }
      #expect(try generate("x", "--seed", "1", "-o", file, "--force").status == 0)
      #expect(try bytes(name) != before)
    }
  }

  @Test func aPictureGoesToStandardOutput() throws {
    #expect(try generate("x", "--seed", "1", "-o", scratch.file("a.png")).status == 0)
    let line =
      "'\(CommandLineRun.executable.path)' generate x --seed 1 -m '\(model)' -o - > '\(scratch.file("b.png"))'"
    let shell = try CommandLineRun(["-c", line], command: URL(filePath: "/bin/sh"))
    #expect(shell.status == 0 && shell.errors.isEmpty, "\(shell.errors)")
    #expect(try bytes("a.png") == bytes("b.png"))
    #expect(try generate("x", "-o", "-", "-n", "2").status == 64)
  }

  @Test func promptsComeFromAPipe() throws {
    #expect(try generate("-o", scratch.path, "--seed", "1", input: "a red ring\n").status == 0)
    #expect(try generate("-", "-o", scratch.path, "--seed", "2", input: "a ring").status == 0)
    #expect(try scratch.names == ["a-red-ring-1.png", "a-ring-2.png"])
  }

  @Test func promptsOfAFileArePaintedOneAfterAnother() throws {
    let list = """
      a red ring

      {"prompt": "a blue ring", "seed": 7, "n": 2}
      """
    let file = try scratch.write("prompts.txt", Data(list.utf8))
    let run = try generate(
      "--prompts", file, "--seed", "3", "-o", scratch.file("out"), "--name", "{i}-{seed}", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.file("out")).sorted()
    #expect(names == ["1-3.png", "2-7.png", "3-8.png"])
    #expect(run.outputLines.count == 2)
    #expect(run.outputLines[1].contains("\"prompt\":\"a blue ring\""))
  }

  @Test(arguments: [
    "", "\n\n", "{\"prompt\": 3}", "{", "{\"prompt\": \"x\", \"n\": 0}",
    "{\"prompt\": \"x\", \"seed\": -1}",
  ])
  func promptsThatCannotBeReadAreRefused(_ text: String) throws {
    let file = try scratch.write("prompts.txt", Data(text.utf8))
    let run = try generate("--prompts", file, "-o", scratch.file("out"))
    #expect(run.status == 65 && run.errorLines.count == 1, "\(run.errors)")
    #expect(run.errors.contains("prompts.txt"))
    #expect(try scratch.names == ["prompts.txt"])
  }

  @Test(arguments: [
    ["x", "--temperature", "0", "-n", "2"], ["x", "--seed", "18446744073709551615", "-n", "2"],
    ["x", "--name", "a/b"], ["x", "--keep-rows", "2"], ["x", "--prompts", "y"],
  ])
  func whatCannotBeMeantIsRefused(_ arguments: [String]) throws {
    let run = try CommandLineRun(["generate", "-m", model, "-o", scratch.path] + arguments)
    #expect(run.status == 64, "\(run.errors)")
    #expect(try scratch.names.isEmpty)
  }

  @Test func settingsOfAPictureAreShownAndUsedAgain() throws {
    let card = scratch.file("card.png")
    let made = try generate(
      "a red\u{301} ring", "--negative", "blue", "--seed", "9", "--guidance", "3.5", "--top-k",
      "40",
      "-o", card)
    #expect(made.status == 0, "\(made.errors)")
    let info = try CommandLineRun(["info", card, "--json"])
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(info.output.utf8)) as? [String: Any])
    #expect(report["prompt"] as? String == "a red\u{301} ring")
    #expect(report["negative"] as? String == "blue" && report["seed"] as? Int == 9)
    #expect(report["cfg"] as? Double == 3.5 && report["top_k"] as? Int == 40)

    #expect(try generate("--like", card, "-o", scratch.file("again.png")).status == 0)
    #expect(try bytes("card.png") == bytes("again.png"))
    #expect(
      try generate("--like", card, "--negative", "", "-o", scratch.file("other.png")).status == 0)
    #expect(try pixels("other.png") != pixels("card.png"))
    let photo = try generate("--like", Fixture.picture("rings"), "-o", scratch.path)
    #expect(photo.status == 65 && photo.errors.contains("rings"), "\(photo.errors)")
    #expect(try CommandLineRun(["info", Fixture.picture("rings")]).status == 65)
  }

  /// Words of the command that `info` says paints a picture again, without the program and `generate`.
  private func again(_ path: String) throws -> [String] {
    let info = try CommandLineRun(["info", path])
    let line = try #require(info.outputLines.first { $0.hasPrefix("again: janus-lite generate ") })
    return line.split(separator: " ").dropFirst(3).map { $0.filter { $0 != "'" } }
  }

  @Test func theCommandThatInfoSaysPaintsTheSameBytes() throws {
    let card = scratch.file("card.png")
    let how = ["--kv", "int8", "--isa", "portable"]
    let made = try CommandLineRun(
      ["generate", "-m", model, "a red ring", "--seed", "9", "-o", card] + how)
    #expect(made.status == 0, "\(made.errors)")
    // The model is named by its file's name, wherever it lies.
    let words = try again(card)
    #expect(Array(words[2..<6]) == how && words[6] == "-m")
    let other = try CommandLineRun(
      ["generate"] + words.dropLast() + [model, "-o", scratch.file("other.png")])
    #expect(other.status == 0, "\(other.errors)")
    #expect(try bytes("other.png") == bytes("card.png"))

    let sheet = scratch.file("sheet.png")
    let grid = try generate("x", "-n", "2", "--seed", "5", "-o", scratch.path, "--grid", sheet)
    #expect(grid.status == 0, "\(grid.errors)")
    #expect(try again(sheet).contains(["-n", "2", "--grid"]))
  }

  @Test func aKeyThatAPromptDoesNotHaveIsRefused() throws {
    let list = try scratch.write(
      "list.txt", Data("{\"prompt\":\"a\",\"n\":1}\n{\"prompt\":\"a\",\"sede\":7}\n".utf8))
    let run = try generate("--prompts", list, "-o", scratch.path)
    #expect(run.status == 65 && run.errors.contains("line 2") && run.errors.contains("'sede'"))
    #expect(try scratch.names == ["list.txt"])
  }

  @Test func aVariationKeepsTheFirstRows() throws {
    let report = try generate("x", "--seed", "5", "-o", scratch.file("card.png"), "--json")
    let varied = try generate(
      "--like", scratch.file("card.png"), "--keep-rows", "3", "--seed", "6", "-o",
      scratch.file("varied.png"), "--json")
    #expect(varied.status == 0, "\(varied.errors)")
    let (first, second) = (try codes(report), try codes(varied))
    #expect(first.count == 64 && first.prefix(24) == second.prefix(24) && first != second)
    let again = try generate("--like", scratch.file("varied.png"), "-o", scratch.file("again.png"))
    #expect(again.status == 0, "\(again.errors)")
    #expect(try bytes("again.png") == bytes("varied.png"))
    let all = try generate(
      "--like", scratch.file("card.png"), "--keep-rows", "9", "-o", scratch.file("x.png"))
    #expect(all.status == 64 && all.errors.contains("at most 8"), "\(all.errors)")
  }

  private func codes(_ run: CommandLineRun) throws -> [Int] {
    let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
    return try #require((object?["images"] as? [[String: Any]])?.first?["token_ids"] as? [Int])
  }

  private func pixels(_ name: String) throws -> Picture {
    try Picture(decoding: [UInt8](bytes(name)))
  }
}
