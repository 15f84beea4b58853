import Foundation
import JanusImages
import Testing

/// Painting from the command line: the files it leaves, and that they can be made again.
@Suite struct PaintingTests {
  let model: String
  let scratch: Scratch

  init() throws {
    model = try Fixture.modelPath
    scratch = try Scratch()
  }

  private func generate(_ arguments: String...) throws -> CommandLineRun {
    try CommandLineRun(["generate", "a red circle", "-m", model, "-o", scratch.path] + arguments)
  }

  @Test func aPictureIsItsOwnSeedsWhateverIsPaintedBesideIt() throws {
    #expect(try generate("-n", "3", "--seed", "7", "--batch", "2").status == 0)
    let together = try scratch.names.map { try Data(contentsOf: URL(filePath: scratch.file($0))) }
    #expect(
      try scratch.names == ["a-red-circle-7.png", "a-red-circle-8.png", "a-red-circle-9.png"])
    #expect(Set(together).count == 3)
    #expect(try generate("--seed", "8", "--threads", "3").status == 0)
    let alone = try Data(contentsOf: URL(filePath: scratch.file("a-red-circle-8.png")))
    #expect(alone == together[1])
  }

  @Test func jsonHasExactlyThePromisedKeysAndDecodeGivesTheSamePicture() throws {
    let run = try generate("--seed", "3", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    #expect(Set(object.keys) == ["images", "prompt_token_count", "timings"])
    let images = try #require(object["images"] as? [[String: Any]])
    #expect(images.count == 1 && Set(images[0].keys) == ["path", "seed", "text", "token_ids"])
    #expect((images[0]["token_ids"] as? [Int])?.count == 64)
    let timings = try #require(object["timings"] as? [String: Double])
    #expect(
      Set(timings.keys) == ["prefill_s", "tokens_s", "decode_s", "total_s", "peak_rss_bytes"])

    let codes = try scratch.write("codes.json", Data(run.output.utf8))
    let again = scratch.file("again.png")
    #expect(try CommandLineRun(["decode", codes, "-m", model, "-o", again]).status == 0)
    let painted = try #require(images[0]["path"] as? String)
    // With the prompt, the seed and all settings in it.
    #expect(
      try Data(contentsOf: URL(filePath: painted)) == Data(contentsOf: URL(filePath: again)))
    #expect(
      try CommandLineRun(["generate", "--like", again, "-o", scratch.path, "-m", model]).status == 0
    )
    // What a report says from elsewhere is text and nothing else.
    var image = images[0]
    image["text"] = [
      ["Description", "a\0\u{1b}b"], ["a key that is far \0 too long", "x"], ["Seed"],
    ]
    let strange = try JSONSerialization.data(withJSONObject: ["images": [image]])
    let decoded = try CommandLineRun(
      ["decode", "-", "-m", model, "-o", again], input: strange)
    #expect(decoded.status == 0, "\(decoded.errors)")
  }

  @Test func anyPictureOfAReportCanBeDecoded() throws {
    let codes = try scratch.write(
      "codes.json", Data(try generate("-n", "2", "--seed", "3", "--json").output.utf8))
    let again = scratch.file("again.png")
    let decode = ["decode", codes, "-m", model, "-o", again, "--picture"]
    #expect(try CommandLineRun(decode + ["2"]).status == 0)
    let painted = try Data(contentsOf: URL(filePath: scratch.file("a-red-circle-4.png")))
    let first = try Picture(decoding: [UInt8](painted))
    let second = try Picture(decoding: [UInt8](Data(contentsOf: URL(filePath: again))))
    #expect(first == second)
    let beyond = try CommandLineRun(decode + ["3"])
    #expect(beyond.status == 65 && beyond.errors.contains("found 2"), "\(beyond.errors)")
    #expect(try CommandLineRun(decode + ["0"]).status == 64)
  }

  @Test func theWholeDistributionOfEachCodeIsThereWhereItIsAskedFor() throws {
    let run = try generate("--seed", "3", "--json", "--logprobs", "1000", "--temperature", "0")
    #expect(run.status == 0, "\(run.errors)")
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    let image = try #require((object["images"] as? [[String: Any]])?.first)
    let codes = try #require(image["token_ids"] as? [Int])
    let places = try #require(image["logprobs"] as? [[[Double]]])
    #expect(codes.count == 64 && places.count == 64)
    for (code, place) in zip(codes, places) {
      #expect(place.count == 256)
      #expect(place[0][0] == Double(code))
      #expect(abs(place.reduce(0) { $0 + exp($1[1]) } - 1) < 1e-4)
    }
  }

  @Test func filesCarryWhatTheyWereMadeWith() throws {
    #expect(try generate("--seed", "5", "--cfg", "2.5").status == 0)
    let png = try Data(contentsOf: URL(filePath: scratch.file("a-red-circle-5.png")))
    #expect(try generate("--seed", "5", "--cfg", "2.5", "--format", "jpeg").status == 0)
    let jpeg = try Data(contentsOf: URL(filePath: scratch.file("a-red-circle-5.jpg")))
    for file in [png, jpeg] {
      let text = String(decoding: file, as: UTF8.self)
      for part in [
        "Description", "a red circle", "Seed", "Guidance", "2.5", "tiny.gguf", "Cache", "f16",
        "Instruction set",
      ] {
        #expect(text.contains(part), "\(part)")
      }
    }
  }

  @Test func aContactSheetAndAPreviewAreWritten() throws {
    let (grid, preview) = (scratch.file("grid.png"), scratch.file("preview.png"))
    #expect(try generate("-n", "3", "--grid", grid, "--preview", preview).status == 0)
    let sheet = try Picture(decoding: [UInt8](Data(contentsOf: URL(filePath: grid))))
    let last = try Picture(decoding: [UInt8](Data(contentsOf: URL(filePath: preview))))
    // Each picture stands above a band with its seed.
    #expect(sheet.width == 2 * last.width + 4 && sheet.height == 2 * (last.height + 20) + 4)
  }

  @Test func aSheetMayLieInTheFolderThatIsMadeForItsPictures() throws {
    let folder = scratch.file("new/pictures")
    let run = try CommandLineRun([
      "generate", "a red circle", "-m", model, "-o", folder, "-n", "2", "--seed", "1", "--grid",
      "\(folder)/sheet.jpg",
    ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
        "a-red-circle-1.png", "a-red-circle-2.png", "sheet.jpg",
      ])
    let sheet = try Data(contentsOf: URL(filePath: "\(folder)/sheet.jpg"))
    #expect(String(decoding: sheet, as: UTF8.self).contains("a red circle"))
  }

  @Test func picturesDoNotTakeEachOthersPlaces() throws {
    for more in [
      ["--grid", scratch.file("a-red-circle-6.png")],
      ["--preview", scratch.file("./a-red-circle-5.png")],
    ] {
      let run = try CommandLineRun(
        ["generate", "a red circle", "-m", model, "-o", scratch.path, "-n", "2", "--seed", "5"]
          + more)
      #expect(run.status == 64 && run.errors.contains("another picture"))
    }
    #expect(try scratch.names.isEmpty)
  }

  @Test(arguments: ["a red circle", String(repeating: "long ", count: 9_000)])
  func whatIsRefusedLeavesNoFolder(_ prompt: String) throws {
    let run = try CommandLineRun([
      "generate", prompt, "-m", model, "-o", scratch.file("new"), "--context", "60",
    ])
    #expect(run.status == 65 && run.errorLines.count == 1, "\(run.errors)")
    #expect(try scratch.names.isEmpty)
  }

  @Test func anotherPictureOfTheSameNameStays() throws {
    #expect(try generate("--seed", "5").status == 0)
    #expect(try generate("--seed", "5").status == 0)
    #expect(try scratch.names == ["a-red-circle-5.png"])
    let first = try Data(contentsOf: URL(filePath: scratch.file("a-red-circle-5.png")))
    let run = try generate(
      "--seed", "5", "--cfg", "1", "--grid", scratch.file("a-red-circle-5-2.png"))
    #expect(run.status == 0 && run.outputLines == [scratch.file("a-red-circle-5-3.png")])
    #expect(
      try scratch.names == ["a-red-circle-5-2.png", "a-red-circle-5-3.png", "a-red-circle-5.png"])
    #expect(try Data(contentsOf: URL(filePath: scratch.file("a-red-circle-5.png"))) == first)
  }

  @Test func aLongWordIsCutToAName() throws {
    let word = String(repeating: "é", count: 60)
    let run = try CommandLineRun([
      "generate", word, "-m", model, "-o", scratch.path, "--seed", "1",
    ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try scratch.names == [String(repeating: "é", count: 24) + "-1.png"])
  }

  @Test func codesMayComeThroughAPipe() throws {
    let run = try generate("--seed", "3", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let file = scratch.file("again.png")
    let again = try CommandLineRun(
      ["decode", "-", "-m", model, "-o", file], input: Data(run.output.utf8))
    #expect(again.status == 0, "\(again.errors)")
    #expect(
      try Picture(decoding: [UInt8](Data(contentsOf: URL(filePath: file))))
        == Picture(
          decoding: [UInt8](Data(contentsOf: URL(filePath: scratch.file("a-red-circle-3.png"))))))
  }

  @Test(arguments: [
    (["generate", " "], 64), (["generate", "\u{1c}\u{1d}"], 64),
    (["generate", "x", "--cfg", "-1"], 64), (["generate", "x", "-n", "-1"], 64),
    (["generate", "x", "--batch", "1025"], 64), (["generate", "x", "--logprobs", "3"], 64),
    (["generate", "x", "--json", "-n", "3", "--logprobs", "500"], 64),
    (["generate", String(repeating: "x", count: 60_001), "--format", "jpeg"], 64),
    (["generate", String(repeating: "x", count: 60_001), "--grid", "x.jpg"], 64),
    (["decode", "/tmp", "-o", "x.png"], 74), (["decode", "x", "-o", "x"], 64),
    (["generate", "x", "-n", "0"], 64),
    (["generate", "x", "-n", "10000"], 64), (["generate", "x", "--temperature=-1"], 64),
    (["generate", "x", "--cfg=-1"], 64), (["generate", "x", "--grid", "sheet.gif"], 64),
    (["generate", "x", "--cfg", "nan"], 64), (["generate", "x", "--temperature", "nan"], 64),
    (["generate", "x", "--top-k", "0"], 64), (["generate", "x", "--top-p", "0"], 64),
    (["generate", "x", "-n", "257", "--grid", "sheet.png"], 64),
    (["generate", "x", "--batch", "0"], 64), (["generate", "x", "--format", "gif"], 64),
    (["generate", "x", "--format", "jpeg", "--quality", "0"], 64),
    (["generate", "x", "--format", "jpeg", "--quality", "101"], 64),
    (["generate", "x", "-o", "/proc/none"], 74),
    (["generate", "x", "-o", Fixture.picture("rings")], 64),
    (["generate", "x", "--grid", "/none/sheet.png"], 74),
    (["generate", "x", "--preview", "/none/preview.png"], 74),
    (["decode", Fixture.picture("rings"), "-o", "/none/x.png"], 74),
    (["generate", String(repeating: "long ", count: 9_000)], 65),
    (["decode", "absent.json", "-o", "x.png"], 66),
  ])
  func badInputIsOneLineAndACode(_ arguments: [String], _ code: Int) throws {
    let run = try CommandLineRun(arguments + ["-m", model])
    #expect(run.status == Int32(code), "\(run.errors)")
    #expect(run.errorLines.filter { $0.hasPrefix("janus-lite: error: ") }.count == 1)
    #expect(run.output.isEmpty)
  }

  @Test(arguments: ["[1, 2, 3]", "[]", "{}", "not JSON", "[99999999999999999999]"])
  func codesThatAreNoPictureAreRefused(_ text: String) throws {
    let codes = try scratch.write("codes.json", Data(text.utf8))
    let run = try CommandLineRun(["decode", codes, "-m", model, "-o", scratch.file("x.png")])
    #expect(run.status == 65, "\(run.errors)")
    #expect(run.errorLines.count == 1)
    #expect(try scratch.names == ["codes.json"])
  }

  @Test func aCodeOutOfRangeIsNamed() throws {
    let list = "[" + (0..<64).map { $0 == 9 ? "256" : "1" }.joined(separator: ",") + "]"
    let codes = try scratch.write("codes.json", Data(list.utf8))
    let run = try CommandLineRun(["decode", codes, "-m", model, "-o", scratch.file("x.png")])
    #expect(run.status == 65)
    #expect(run.errors.contains("code 9") && run.errors.contains("256"))
  }

  @Test func aModelWithoutItsPaintingPartsSaysSo() throws {
    let file = scratch.file("reader.gguf")
    let converted = try CommandLineRun([
      "convert", Fixture.checkpoint, "-o", file, "--without-painting",
    ])
    #expect(converted.status == 0, "\(converted.errors)")
    let run = try CommandLineRun(["generate", "x", "-m", file, "-o", scratch.path])
    #expect(run.status == 65)
    #expect(run.errors.contains("painting"))
  }
}
