import Foundation
import Testing

@Suite struct ConvertCommandTests {
  let scratch: Scratch
  let output: String

  init() throws {
    scratch = try Scratch()
    output = scratch.file("model.gguf")
  }

  private func convert(_ options: String...) throws -> CommandLineRun {
    try CommandLineRun(["convert", Fixture.checkpoint, "-o", output] + options)
  }

  private func model() throws -> [String: Any] {
    let run = try CommandLineRun(["info", output, "--verify", "--json"])
    let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
    return try #require(object?["model"] as? [String: Any])
  }

  @Test(arguments: ["f32", "bf16", "int8", "int4-v1", "int4"])
  func everyRecipeGivesAWholeFileThatAnswers(recipe: String) throws {
    let run = try convert("--quant", recipe)
    #expect(run.status == 0 && run.output.isEmpty, "\(run.errors)")
    #expect(try scratch.names == ["model.gguf"])
    #expect(try model()["recipe"] as? String == recipe)
    let answer = try CommandLineRun(
      ["ocr", Fixture.picture("rings"), "-m", output, "--max-tokens", "3", "--json"])
    #expect(answer.status == 0 && answer.outputLines.count == 1)
  }

  @Test func anotherThreadCountGivesTheSameBytes() throws {
    #expect(try convert("--threads", "1").status == 0)
    let first = try Data(contentsOf: URL(filePath: output))
    #expect(try convert("--threads", "3").status == 0)
    #expect(try Data(contentsOf: URL(filePath: output)) == first)
  }

  @Test func theReportHasALineForEachTensor() throws {
    let run = try convert("--report")
    #expect(run.status == 0)
    let tensors = try #require(try model()["parts"] as? [[String: Any]])
      .reduce(0) { $0 + ($1["tensors"] as? Int ?? 0) }
    #expect(run.outputLines.count == tensors + 1)
    let columns = run.outputLines.dropFirst().map { $0.split(separator: "\t") }
    #expect(columns.allSatisfy { $0.count == 5 && (Double($0[4]) ?? 0) > 0.98 })
    #expect(columns.contains { $0[1] == "int4-c8-p16" && (Double($0[3]) ?? 0) > 0.01 })
  }

  private func object(_ run: CommandLineRun) throws -> [String: Any] {
    #expect(run.status == 0 && run.outputLines.count == 1, "\(run.errors)")
    return try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
  }

  @Test(arguments: ["f32", "int4"])
  func aForecastKnowsTheFileAndMakesNone(recipe: String) throws {
    let forecast = try object(convert("--quant", recipe, "--dry-run", "--json"))
    #expect(try scratch.names.isEmpty)
    #expect(forecast["forecast"] as? Bool == true && forecast["recipe"] as? String == recipe)
    let made = try object(convert("--quant", recipe, "--json"))
    #expect(made["forecast"] as? Bool == false)
    let file = try FileManager.default.attributesOfItem(atPath: output)[.size] as? Int
    #expect(file != nil && made["file_bytes"] as? Int == file)
    #expect(forecast["file_bytes"] as? Int == file)
    #expect(forecast["tensors"] as? Int == made["tensors"] as? Int)
    #expect(made["path"] as? String == output)
    // The whole fixture is a piece or two, so the bound is not far above.
    let (most, peak) = (forecast["peak_bytes"] as? Int ?? 0, made["peak_bytes"] as? Int ?? 0)
    #expect(peak > 0 && most >= peak && most < 3 * peak, "\(most) \(peak)")
    #expect((forecast["duration_s"] as? Double ?? -1) >= 0)
    let text = try convert("--quant", recipe, "--dry-run")
    #expect(text.outputLines.count == 3 && text.output.contains("at most"))
  }

  @Test func jsonHoldsTheReport() throws {
    let made = try object(convert("--json", "--report"))
    let report = try #require(made["report"] as? [[String: Any]])
    #expect(report.count == made["tensors"] as? Int)
    #expect(
      report.allSatisfy {
        Set($0.keys) == ["tensor", "format", "shape", "relative_rmse", "cosine"]
      })
    let stream = try CommandLineRun(["convert", Fixture.checkpoint, "-o", "-", "--json"])
    #expect(stream.status == 64 && stream.output.isEmpty)
    let forecast = try CommandLineRun(
      ["convert", Fixture.checkpoint, "-o", "-", "--json", "--dry-run"])
    #expect(forecast.status == 0 && forecast.outputLines.count == 1)
  }

  @Test func progressOfAConversionCanBeAskedFor() throws {
    let plain = try convert("--progress", "plain")
    #expect(plain.errorLines.contains { $0.hasPrefix("converting: 100%") }, "\(plain.errors)")
    let none = try convert("--progress", "none")
    #expect(!none.errors.contains("converting"))
  }

  @Test func whatLacksAPartIsNamedWithTheOptionThatBringsIt() throws {
    let place = FileManager.default.temporaryDirectory.appending(path: "parts-\(UUID())")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: place) }
    func run(_ options: String...) throws -> CommandLineRun {
      let run = try CommandLineRun(["convert"] + options + ["-o", "\(place.path)/m.gguf"])
      #expect(run.errorLines.count == 1, "\(run.errors)")
      return run
    }
    let weights = place.appending(path: "model.safetensors")
    try FileManager.default.copyItem(
      at: URL(filePath: "\(Fixture.checkpoint)/model.safetensors"), to: weights)
    let bare = try run(place.path)
    #expect(bare.status == 66 && bare.errors.contains("config.json"))
    #expect(bare.errors.contains("--base FOLDER"), "\(bare.errors)")
    try Data("{}".utf8).write(to: place.appending(path: "adapter_config.json"))
    try FileManager.default.removeItem(at: weights)
    let adapter = try run(place.path)
    #expect(
      adapter.status == 65 && adapter.errors.contains("--adapter FOLDER"), "\(adapter.errors)")
    let absent = try run(Fixture.checkpoint, "--adapter", "\(place.path)/none")
    #expect(absent.status == 66 && absent.errors.contains("expected the folder of an adapter"))
  }

  @Test func aTensorsFormatCanBeChosenAndPaintingLeftOut() throws {
    let run = try convert("--without-painting", "--tensor-type", "blk.*.ffn_down.weight=bf16")
    #expect(run.status == 0, "\(run.errors)")
    #expect(try model()["painting"] as? Bool == false)
    let formats = try #require(try model()["formats"] as? [[String: Any]])
    let bf16 = formats.first { $0["name"] as? String == "bf16" }
    #expect(bf16?["tensors"] as? Int == 2)
    for wrong in ["blk.*=int5", "nothing.*=int8", "blk.0"] {
      let run = try convert("--tensor-type", wrong)
      #expect(run.status == 64 && run.errors.contains("--tensor-type"))
    }
  }

  @Test func aFailureLeavesNothingAndKeepsAnOlderFile() throws {
    try scratch.write("model.gguf", Data("GGUF, older".utf8))
    let folder = scratch.file("checkpoint")
    try FileManager.default.copyItem(atPath: Fixture.checkpoint, toPath: folder)
    let weights = "\(folder)/model.safetensors"
    let whole = try Data(contentsOf: URL(filePath: weights))
    try whole.prefix(whole.count - 1).write(to: URL(filePath: weights))
    let run = try CommandLineRun(["convert", folder, "-o", output])
    #expect(run.status == 65 && run.output.isEmpty)
    #expect(run.errorLines.last?.hasPrefix("janus-lite: error: ") == true)
    #expect(try scratch.names == ["checkpoint", "model.gguf"])
    #expect(try Data(contentsOf: URL(filePath: output)) == Data("GGUF, older".utf8))

    try FileManager.default.removeItem(atPath: weights)
    #expect(try CommandLineRun(["convert", folder, "-o", output]).status == 66)
  }

  @Test func onlyAModelIsReplaced() throws {
    let scratch = try Scratch()
    let weights = Data("not a model".utf8)
    let file = try scratch.write("model.safetensors", weights)
    let run = try CommandLineRun(["convert", Fixture.checkpoint, "-o", file])
    #expect(run.status == 64 && run.errorLines.count == 1, "\(run.errors)")
    #expect(try Data(contentsOf: URL(filePath: file)) == weights)
    try Data().write(to: URL(filePath: file))
    #expect(try CommandLineRun(["convert", Fixture.checkpoint, "-o", file]).status == 0)
    #expect(try CommandLineRun(["convert", Fixture.checkpoint, "-o", file]).status == 0)
  }

  @Test func anUnwritablePlaceIsAnError() throws {
    for place in [scratch.file("absent/model.gguf"), scratch.path, "/dev/null"] {
      let run = try CommandLineRun(["convert", Fixture.checkpoint, "-o", place])
      #expect(run.status == 74)
      #expect(run.errorLines.last?.contains(place) == true)
    }
    #expect(try scratch.names.isEmpty)
  }
}
