import Foundation
import JanusImages
import Testing

/// Runs of many pictures: those that are stopped and gone on with, and prompts with settings of their own.
@Suite struct PaintingRunTests {
  let model: String
  let scratch: Scratch

  init() throws {
    model = try Fixture.modelPath
    scratch = try Scratch()
  }

  private func generate(_ arguments: String...) throws -> CommandLineRun {
    try CommandLineRun(["generate", "-m", model] + arguments)
  }

  private func contents() throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for name in try scratch.names {
      contents[name] = try Data(contentsOf: URL(filePath: scratch.file(name)))
    }
    return contents
  }

  @Test func aRunGoesOnWhereItEndedWithTheSamePicturesAndSheet() throws {
    let sheet = scratch.file("sheet.png")
    func run(_ options: String...) throws -> CommandLineRun {
      let usual = ["x", "-n", "5", "--seed", "4", "-o", scratch.path, "--grid", sheet]
      return try CommandLineRun(["generate", "-m", model] + usual + options)
    }
    let first = try run()
    #expect(first.status == 0, "\(first.errors)")
    let all = try contents()
    for name in ["x-5.png", "x-8.png", "sheet.png"] {
      try FileManager.default.removeItem(atPath: scratch.file(name))
    }
    let second = try run("--resume")
    #expect(second.status == 0 && second.errors.contains("3 of 5 pictures painted before"))
    #expect(Set(second.outputLines) == Set(first.outputLines))
    #expect(try contents() == all)
    // Nothing is left to paint.
    let third = try run("--resume")
    #expect(third.status == 0 && third.errors.contains("5 of 5 pictures painted before"))
    #expect(try contents() == all)
  }

  @Test func picturesOfOtherSettingsAreNotThoseOfTheRun() throws {
    #expect(try generate("x", "--seed", "4", "--cfg", "2", "-o", scratch.path).status == 0)
    let run = try generate("x", "--seed", "4", "-o", scratch.path, "--resume")
    #expect(run.status == 0 && run.errors.contains("0 of 1 picture painted before"))
    #expect(try scratch.names == ["x-4-2.png", "x-4.png"])
    // Under its other name it is found, too.
    let again = try generate("x", "--seed", "4", "-o", scratch.path, "--resume")
    #expect(again.errors.contains("1 of 1 picture painted before"), "\(again.errors)")
    #expect(again.outputLines == [scratch.file("x-4-2.png")])
  }

  @Test func picturesBehindAGapAreFoundAndCutOnesPaintedAgain() throws {
    func run(_ more: String...) throws -> CommandLineRun {
      try CommandLineRun(
        [
          "generate", "x", "-n", "4", "--seed", "1", "--name", "ring", "-m", model, "-o",
          scratch.path,
        ]
          + more)
    }
    #expect(try run().status == 0)
    #expect(try scratch.names == ["ring-2.png", "ring-3.png", "ring-4.png", "ring.png"])
    let all = try contents()
    try FileManager.default.removeItem(atPath: scratch.file("ring-2.png"))
    let second = try run("--resume")
    #expect(second.errors.contains("3 of 4 pictures painted before"), "\(second.errors)")
    #expect(try contents() == all)
    try #require(all["ring-4.png"]).dropLast(40).write(
      to: URL(filePath: scratch.file("ring-4.png")))
    let third = try run("--resume")
    #expect(third.errors.contains("3 of 4 pictures painted before"), "\(third.errors)")
    // The cut one stays: it is not what the run would write.
    #expect(try contents()["ring-5.png"] == all["ring-4.png"])
  }

  @Test(arguments: ["jpeg", "webp"])
  func aPromptThatLooksLikeSettingsKeepsItsOwn(_ format: String) throws {
    if format == "webp", !PictureLibrary.webP.isInstalled { return }
    let prompt = "a red ring\nNegative prompt: blue\nSeed: 7\n"
    let words = [
      "generate", prompt, "-m", model, "--seed", "2", "-o", scratch.path, "--format", format,
    ]
    let run = try CommandLineRun(words)
    #expect(run.status == 0, "\(run.errors)")
    let info = try CommandLineRun(["info", "--json", run.outputLines[0]])
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(info.output.utf8)) as? [String: Any])
    #expect(report["prompt"] as? String == prompt && report["seed"] as? Int == 2)
    #expect(report["negative"] == nil)
    #expect(try CommandLineRun(words + ["--resume"]).errors.contains("1 of 1 picture painted"))
  }

  @Test func likeSaysWhatIsNotAsItWas() throws {
    let card = scratch.file("card.png")
    #expect(try generate("x", "--seed", "1", "--kv", "int8", "-o", card).status == 0)
    let other = try generate("--like", card, "-o", scratch.file("other.png"))
    #expect(other.status == 0 && other.errors.contains("cache was 'int8' and is 'f16' now"))
    let same = try generate("--like", card, "--kv", "int8", "-o", scratch.file("same.png"))
    #expect(same.status == 0 && !same.errors.contains("--like:"), "\(same.errors)")
  }

  @Test(arguments: [
    (["x", "--resume"], "--seed"), (["x", "--seed", "1", "--resume", "--json"], "--json"),
    (["x", "--seed", "1", "--resume", "-o", "card.png"], "a folder"),
    (["x", "--seed", "1", "--resume", "-o", "-"], "a folder"),
  ])
  func aRunThatCannotGoOnIsRefused(_ arguments: [String], _ reason: String) throws {
    let run = try CommandLineRun(["generate", "-m", model] + arguments, in: scratch)
    #expect(run.status == 64 && run.errors.contains(reason), "\(run.errors)")
    #expect(try scratch.names.isEmpty)
  }

  @Test func aPromptThatComesAgainGoesOnBehindItsSeeds() throws {
    let list = "a\nb\na\n{\"prompt\": \"a\", \"n\": 2}\n{\"prompt\": \"a\", \"seed\": 1}\n"
    let file = try scratch.write("list.txt", Data(list.utf8))
    let run = try generate(
      "--prompts", file, "--seed", "1", "-o", scratch.path, "--name", "{prompt}-{seed}")
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      try scratch.names == ["a-1.png", "a-2.png", "a-3.png", "a-4.png", "b-1.png", "list.txt"])
  }

  @Test func aPromptOfAListMayHaveItsOwnSettingsAndName() throws {
    let list = """
      {"prompt": "a", "seed": 7, "cfg": 2.5, "temperature": 0.5, "top_k": 9, "top_p": 0.9, "name": "first-{seed}.png"}
      b
      """
    let file = try scratch.write("list.txt", Data(list.utf8))
    let run = try generate("--prompts", file, "--seed", "1", "--top-k", "5", "-o", scratch.path)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try scratch.names == ["b-1.png", "first-7.png", "list.txt"])
    let own = try generate(
      "a", "--seed", "7", "--cfg", "2.5", "--temperature", "0.5", "--top-k", "9", "--top-p", "0.9",
      "-o", scratch.file("own.png"))
    #expect(own.status == 0, "\(own.errors)")
    let other = try generate("b", "--seed", "1", "--top-k", "5", "-o", scratch.file("other.png"))
    #expect(other.status == 0, "\(other.errors)")
    let files = try contents()
    #expect(files["own.png"] == files["first-7.png"])
    #expect(files["other.png"] == files["b-1.png"])
  }

  @Test(arguments: [
    ("\"cfg\": 101", "cfg"), ("\"temperature\": -1", "temperature"), ("\"top_k\": 0", "top_k"),
    ("\"top_p\": 1.5", "top_p"),
    ("\"temperature\": 0, \"n\": 2", "temperature"), ("\"top_k\": 1, \"n\": 2", "top_k"),
    ("\"seed\": 18446744073709551615, \"n\": 2", "seed"), ("\"name\": \"x.jpg\"", "jpeg"),
    ("\"name\": \"../x\"", "name"), ("\"name\": \"{foo}\"", "{foo}"),
  ])
  func aSettingOutOfItsRangeIsNamedWithItsLine(_ setting: String, _ name: String) throws {
    let file = try scratch.write("list.txt", Data("a\n{\"prompt\": \"a\", \(setting)}\n".utf8))
    let run = try generate("--prompts", file, "-o", scratch.path)
    #expect(run.status == 65 && run.errors.contains("line 2"), "\(run.errors)")
    #expect(run.errors.contains(name), "\(run.errors)")
    #expect(try scratch.names == ["list.txt"])
  }

  @Test func aPatternOfNamesMayHaveTheEndingAndNoUnknownBraces() throws {
    let ended = try generate("x", "--seed", "1", "-o", scratch.path, "--name", "p-{seed}.png")
    #expect(ended.status == 0, "\(ended.errors)")
    let jpeg = try generate(
      "x", "--seed", "1", "-o", scratch.path, "--name", "p.JPEG", "--format", "jpeg")
    #expect(jpeg.status == 0, "\(jpeg.errors)")
    #expect(try scratch.names == ["p-1.png", "p.jpg"])
    let unknown = try generate("x", "-o", scratch.path, "--name", "{prompt}-{nr}")
    #expect(unknown.status == 64 && unknown.errors.contains("{nr}"), "\(unknown.errors)")
  }

  @Test func aPromptOfAListThatIsEmptyIsNamedWithItsLine() throws {
    for line in ["{\"prompt\": \"\"}", "[{\"prompt\": \"a\"}]"] {
      let file = try scratch.write("list.txt", Data("a\n\(line)\n".utf8))
      let run = try generate("--prompts", file, "-o", scratch.path)
      #expect(run.status == 65 && run.errors.contains("list.txt', line 2"), "\(run.errors)")
    }
  }

  @Test func theNameOfAFileIsNoPrompt() throws {
    let list = try scratch.write("words.txt", Data("a\n".utf8))
    let run = try generate(list, "-o", scratch.path)
    #expect(run.status == 64 && run.errors.contains("--prompts"), "\(run.errors)")
    #expect(try generate("x", "--seed", "1", "-o", scratch.path).status == 0)
    let picture = try generate(scratch.file("x-1.png"), "-o", scratch.path)
    #expect(picture.status == 64 && picture.errors.contains("--like"), "\(picture.errors)")
    let chat = try CommandLineRun(["chat", scratch.file("x-1.png"), "-m", model])
    #expect(chat.status == 64 && chat.errors.contains("--image"), "\(chat.errors)")
  }
}
