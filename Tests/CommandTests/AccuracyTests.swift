import Foundation
import Testing

/// `compare`, `calibrate` and `convert --importance` from the command line.
@Suite struct AccuracyTests {
  let scratch: Scratch
  let exact: String
  let four: String
  let texts: String
  let prompts: String

  init() throws {
    scratch = try Scratch()
    (exact, four) = (scratch.file("bf16.gguf"), scratch.file("int4.gguf"))
    texts = try scratch.write("texts.txt", Data("x^{2} + 1\n\na cat and a dog\n".utf8))
    prompts = try scratch.write("prompts.txt", Data("a red circle\n".utf8))
    for (path, recipe) in [(exact, "bf16"), (four, "int4")] {
      let run = try CommandLineRun(["convert", Fixture.checkpoint, "-o", path, "--quant", recipe])
      #expect(run.status == 0, "\(run.errors)")
    }
  }

  private var inputs: [String] {
    [
      "--pictures", Fixture.picture("rings"), "--texts", texts, "--prompts", prompts,
      "--max-tokens", "4",
    ]
  }

  private func object(_ run: CommandLineRun) throws -> [String: Any] {
    #expect(run.status == 0, "\(run.errors)")
    return try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
  }

  @Test func jsonHasExactlyThePromisedKeys() throws {
    let found = try object(
      CommandLineRun(["compare", exact, four, "--json", "--worst", "1"] + inputs))
    #expect(
      Set(found.keys) == ["first", "second", "texts", "pictures", "codes", "worst"])
    #expect((found["second"] as? [String: Any])?["recipe"] as? String == "int4")
    let common: Set = [
      "inputs", "places", "kl_mean", "kl_median", "kl_99", "kl_max", "agreement",
    ]
    for (kind, inputs) in [("texts", 2), ("pictures", 1), ("codes", 1)] {
      let figures = try #require(found[kind] as? [String: Any])
      let own: Set = kind == "texts" ? ["perplexity_first", "perplexity_second"] : []
      #expect(Set(figures.keys) == common.union(own))
      #expect(figures["inputs"] as? Int == inputs)
      #expect(try #require(figures["kl_mean"] as? Double) > 0)
      #expect(
        try #require(figures["kl_max"] as? Double) >= #require(figures["kl_99"] as? Double))
    }
    let worst = try #require(found["worst"] as? [[String: Any]])
    #expect(worst.map { $0["kind"] as? String } == ["texts", "pictures", "codes"])
    #expect(
      Set(worst[0].keys) == [
        "kind", "input", "place", "kl", "first_id", "second_id", "first_text", "second_text",
      ])
    #expect(Set(worst[2].keys) == ["kind", "input", "place", "kl", "first_id", "second_id"])
  }

  @Test func aFileDoesNotDifferFromItself() throws {
    let run = try CommandLineRun(["compare", four, four] + inputs)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.outputLines[0].contains("KL mean"))
    for (line, kind) in zip(run.outputLines.dropFirst(), ["texts", "pictures", "codes"]) {
      #expect(line.hasPrefix(kind) && line.contains(" 0 ") && line.hasSuffix("100.00 %"))
    }
  }

  @Test func eachMixtureOfPartsIsComparedAtThePlacesThatRunThem() throws {
    let found = try object(CommandLineRun(["compare", exact, four, "--json", "--parts"] + inputs))
    let parts = try #require(found["parts"] as? [[String: Any]])
    let names = parts.map { Set($0["from_second"] as? [String] ?? []) }
    #expect(Set(names).count == 7 && !names.contains([]))
    func mean(_ kind: String, _ from: Set<String>) throws -> Double {
      let mixture = try #require(parts[#require(names.firstIndex(of: from))])
      return try #require(mixture[kind] as? Double)
    }
    // What no place of a kind runs changes nothing there, and all parts are the second model.
    #expect(try mean("texts", ["vision", "painting"]) == 0)
    #expect(try mean("pictures", ["painting"]) == 0)
    #expect(try mean("codes", ["vision"]) == 0)
    for (kind, own) in [("texts", nil), ("pictures", "vision"), ("codes", "painting")] {
      let whole = try #require((found[kind] as? [String: Any])?["kl_mean"] as? Double)
      let all = try mean(kind, ["language", "vision", "painting"])
      #expect(all == whole)
      if let own {
        let (alone, language) = (try mean(kind, [own]), try mean(kind, ["language"]))
        #expect(alone > 0 && language > 0 && alone != language)
      }
    }
    let lines = try CommandLineRun(["compare", exact, four, "--parts"] + inputs).outputLines
    #expect(lines.contains { $0.hasPrefix("language, vision, painting") })
  }

  @Test func filesOfOtherModelsAndWrongUsageAreRefused() throws {
    let other = scratch.file("other.gguf")
    let run = try CommandLineRun([
      "convert", "\(Fixture.folder)/gqa224", "-o", other, "--quant", "bf16",
    ])
    #expect(run.status == 0)
    let different = try CommandLineRun(["compare", exact, other] + inputs)
    #expect(different.status == 65 && different.errors.contains("found"), "\(different.errors)")
    #expect(try CommandLineRun(["compare", exact, four]).status == 64)
    #expect(try CommandLineRun(["compare", exact] + inputs).status == 64)
    let none = try scratch.write("none.txt", Data("\n \n".utf8))
    let empty = try CommandLineRun(["compare", exact, four, "--texts", none])
    #expect(empty.status == 65 && empty.errors.contains("none.txt"))
    let importance = scratch.file("other-importance.gguf")
    let measured = try CommandLineRun(["calibrate", "-m", other, "-o", importance] + inputs)
    #expect(measured.status == 0, "\(measured.errors)")
    let foreign = try CommandLineRun([
      "convert", Fixture.checkpoint, "-o", four, "--importance", importance,
    ])
    #expect(foreign.status == 65 && foreign.errors.contains("--importance"), "\(foreign.errors)")
    let model = try CommandLineRun([
      "convert", Fixture.checkpoint, "-o", four, "--importance", four,
    ])
    #expect(model.status == 65 && model.errors.contains("calibrate"), "\(model.errors)")
  }

  @Test func whatWasMeasuredInPartsIsWhatWasMeasuredAtOnce() throws {
    let (whole, words, others) = (
      scratch.file("whole.gguf"), scratch.file("words.gguf"), scratch.file("others.gguf")
    )
    let run = try CommandLineRun(["calibrate", "-m", exact, "-o", whole] + inputs)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try scratch.names.filter { $0.contains("resume") } == [])
    // A part of the inputs is not enough.
    let part = try CommandLineRun(["calibrate", "-m", exact, "-o", words, "--texts", texts])
    #expect(part.errors.contains("for a run with --resume"), "\(part.errors)")
    #expect(part.status == 65 && part.errors.contains("pictures"), "\(part.errors)")
    #expect(!FileManager.default.fileExists(atPath: words))
    // What was counted is there for the next run.
    let resumed = try CommandLineRun(["calibrate", "-m", exact, "-o", words, "--resume"] + inputs)
    #expect(resumed.status == 0 && resumed.errors.contains("after 2 inputs"), "\(resumed.errors)")
    #expect(try scratch.names.filter { $0.contains("resume") } == [])

    let more = try scratch.write("more.txt", Data("1 + 1\n".utf8))
    let second = try CommandLineRun([
      "calibrate", "-m", exact, "-o", others, "--pictures", Fixture.picture("waves"), "--texts",
      more, "--prompts", texts, "--max-tokens", "4",
    ])
    #expect(second.status == 0, "\(second.errors)")
    let merged = scratch.file("merged.gguf")
    let merging = ["calibrate", "-o", merged, "--merge", whole, "--merge"]
    #expect(try CommandLineRun(merging + [others]).status == 0)
    let twice = try CommandLineRun(merging + [whole])
    #expect(twice.status == 65 && twice.errors.contains("counted already"), "\(twice.errors)")

    let files = try [[merged], [whole, others]].map { paths in
      let path = scratch.file("\(paths.count).gguf")
      let run = try CommandLineRun(
        ["convert", Fixture.checkpoint, "-o", path]
          + paths.flatMap { ["--importance", $0] })
      #expect(run.status == 0, "\(run.errors)")
      return try Data(contentsOf: URL(filePath: path))
    }
    // Sums are rounded where they are written, so that a scale here and there may be another.
    let plain = try Data(contentsOf: URL(filePath: four))
    func differing(_ a: Data, _ b: Data) -> Int { zip(a, b).count { $0 != $1 } }
    #expect(files[0].count == plain.count && files[1].count == plain.count)
    let much = differing(files[0], plain)
    #expect(much > plain.count / 500)
    #expect(differing(files[0], files[1]) < much / 10)
  }

  @Test func whatLiesBesideTheWeightsIsUsedWhereItIsOfThisModel() throws {
    let measured = scratch.file("importance.gguf")
    #expect(try CommandLineRun(["calibrate", "-m", exact, "-o", measured] + inputs).status == 0)
    let (folder, other) = (scratch.file("checkpoint"), scratch.file("other"))
    for (copy, original) in [
      (folder, Fixture.checkpoint), (other, "\(Fixture.folder)/gqa224"),
    ] {
      try FileManager.default.copyItem(atPath: original, toPath: copy)
      try FileManager.default.copyItem(atPath: measured, toPath: "\(copy)/importance.gguf")
    }
    func converted(_ source: String, _ more: String...) throws -> (bytes: Data, errors: String) {
      let output = scratch.file("out.gguf")
      let run = try CommandLineRun(["convert", source, "-o", output] + more)
      #expect(run.status == 0, "\(run.errors)")
      return (try Data(contentsOf: URL(filePath: output)), run.errors)
    }
    let found = try converted(folder)
    #expect(found.errors.contains("importance.gguf"))
    let named = try converted(Fixture.checkpoint, "--importance", measured).bytes
    // The files tell the names of their folders.
    #expect(found.bytes.suffix(named.count / 2) == named.suffix(named.count / 2))
    let foreign = try converted(other)
    #expect(foreign.errors.contains("warning: importance.gguf is not used"), "\(foreign.errors)")
    let bf16 = try converted(folder, "--quant", "bf16")
    #expect(!bf16.errors.contains("importance.gguf"))
  }
}
