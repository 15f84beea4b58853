import Foundation
import HubTesting
import Testing

/// What `pull` refuses, what it finds in a cache, and what it leaves there.
@Suite struct PullFaultTests {
  /// Requests for weights.
  private static func stored(_ place: PullPlace) throws -> [TestHub.Request] {
    try place.hub.log().filter { $0.path.hasPrefix("/store/") }
  }

  @Test(arguments: ["model", "vocabulary", "shard"])
  func whatCannotBeConvertedIsRefusedBeforeItsWeightsCome(missing: String) throws {
    let place = try PullPlace()
    let expected: String
    switch missing {
    case "model":
      try place.hub.add("config.json", Array(#"{"model_type": "llama"}"#.utf8))
      expected = "llama"
    case "vocabulary":
      try place.hub.remove("tokenizer.json")
      expected = "tokenizer.json"
    default:
      try place.hub.remove("model.safetensors")
      try place.hub.add("model-00001-of-00002.safetensors", [1, 2, 3])
      let index = #"{"weight_map": {"a": "model-00002-of-00002.safetensors"}}"#
      try place.hub.add("model.safetensors.index.json", Array(index.utf8))
      expected = "model-00002-of-00002"
    }
    let run = try place.run("pull", "1b")
    #expect(run.status == 65, "\(run.errors)")
    #expect(run.errorLines.last?.contains(expected) == true, "\(run.errors)")
    #expect(try Self.stored(place).isEmpty)
    #expect(place.hub.cached.isEmpty, "\(place.hub.cached)")
  }

  @Test func weightsMayLieInAFolderOfTheRepository() throws {
    let place = try PullPlace()
    let model = try Data(contentsOf: URL(filePath: "\(Fixture.checkpoint)/model.safetensors"))
    for name in ["model.safetensors", "pytorch_model.bin"] { try place.hub.remove(name) }
    try place.hub.add("weights/model.safetensors", [UInt8](model))
    let run = try place.run("pull", "1b")
    #expect(run.status == 0, "\(run.errors)")
    #expect(try place.run("chat", "-m", "1b", "--max-tokens", "1", "x").status == 0)
  }

  @Test func aStoreThatRefusesIsNamedWithoutItsSignature() throws {
    let place = try PullPlace()
    try place.hub.rules(["match": "^/store/", "status": 403])
    let run = try place.run("pull", "1b")
    #expect(run.status == 77, "\(run.errors)")
    #expect(run.errors.contains("store") && run.errors.contains("localhost"))
    #expect(!run.errors.contains("signature") && !run.errors.contains("token"))
    // An address may expire once; what is refused anew each time has not.
    #expect(try Self.stored(place).count == 3)
  }

  @Test func aServerThatFailsIsSpokenOfWhileItIsAskedAgain() throws {
    let place = try PullPlace()
    try place.hub.rules(["match": "^/store/", "status": 503, "times": 2])
    let run = try place.run("pull", "1b", "--progress", "plain")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("(503") && run.errors.contains("again in"), "\(run.errors)")
    #expect(!run.errors.contains("signature"))
  }

  @Test func whatIsLeftOfAnEarlierCommitGoesWithTheNext() throws {
    let place = try PullPlace()
    // Weights that never come whole: small files and a part are left.
    try place.hub.rules(
      ["match": "^/store/", "cut": 100_000, "times": 1], ["match": "^/store/", "status": 404])
    #expect(try place.run("pull", "1b").status != 0)
    #expect(place.hub.cached.contains { $0.hasSuffix(".janus-partial") })
    try place.hub.rules()
    try place.hub.add(
      "config.json",
      [UInt8](Data(contentsOf: URL(filePath: "\(Fixture.checkpoint)/config.json"))) + [10])
    #expect(try place.run("pull", "1b").status == 0)
    #expect(place.hub.cached == [], "\(place.hub.cached)")
  }

  @Test func whatPythonHadFetchedStaysAndTheRestGoes() throws {
    let place = try PullPlace()
    // As hf_hub_download leaves one file.
    #expect(try place.run("pull", "1b", "--keep-checkpoint").status == 0)
    let repository = "\(place.hub.cache)/models--deepseek-ai--Janus-Pro-1B"
    let commit = try String(contentsOfFile: "\(repository)/refs/main", encoding: .utf8)
    let names = try FileManager.default.contentsOfDirectory(
      atPath: "\(repository)/snapshots/\(commit)")
    for file in names where file != "config.json" {
      let link = "\(repository)/snapshots/\(commit)/\(file)"
      let target = try FileManager.default.destinationOfSymbolicLink(atPath: link)
      let content = try #require(target.split(separator: "/").last)
      try FileManager.default.removeItem(atPath: "\(repository)/blobs/\(content)")
      try FileManager.default.removeItem(atPath: link)
    }
    func files() -> [String] { place.hub.cached.filter { !$0.hasPrefix(".locks") } }
    let before = files()
    let run = try place.run("pull", "1b", "--quant", "int8")
    #expect(run.status == 0, "\(run.errors)")
    #expect(files() == before)
    #expect(
      FileManager.default.contents(atPath: "\(repository)/snapshots/\(commit)/config.json") != nil)
  }

  @Test func aCacheThatHoldsAllIsNotWrittenTo() throws {
    let place = try PullPlace()
    #expect(try place.run("pull", "1b", "--keep-checkpoint").status == 0)
    let files = place.hub.cached.filter { !$0.hasPrefix(".locks") }
    func dates() throws -> [Date?] {
      try files.map {
        try FileManager.default.attributesOfItem(atPath: "\(place.hub.cache)/\($0)")[
          .modificationDate] as? Date
      }
    }
    let before = try dates()
    #expect(try place.run("pull", "1b", "--quant", "int8").status == 0)
    #expect(try dates() == before)
  }

  @Test func theModelOfAnEarlierPullIsFoundWithoutANetwork() throws {
    let place = try PullPlace()
    #expect(try place.run("pull", "1b").status == 0)
    for also in [["HF_HUB_OFFLINE": "1"], ["HF_ENDPOINT": "http://127.0.0.1:9"]] {
      let again = try place.run("pull", "1b", also: also)
      #expect(again.status == 0 && again.outputLines == [place.model], "\(again.errors)")
      #expect(again.errors.contains("as it was made before"))
      #expect(try place.run("pull", "1b", "--revision", "v2", also: also).status == 69)
      #expect(try place.run("pull", "1b", "--quant", "int8", also: also).status == 69)
    }
  }

  @Test func theClosingLineNamesThisModelAndNoOther() throws {
    let place = try PullPlace()
    let first = try place.run("pull", "1b", "--quant", "bf16")
    #expect(first.errors.contains("-m 1b\n"), "\(first.errors)")
    #expect(
      try place.run("pull", "deepseek-ai/Janus-Pro-1B").errors.contains(
        "-m deepseek-ai/Janus-Pro-1B\n"))
    #expect(try place.run("pull", "1b", "--quant", "bf16").errors.contains("-m 1b-bf16\n"))
  }

  @Test func aNameThatMayBeSeveralModelsIsNotGuessed() throws {
    let place = try PullPlace()
    #expect(try place.run("pull", "1b").status == 0)
    let library = "\(place.hub.folder.path)/data/janus-lite/models"
    for folder in ["me", "you"] {
      try FileManager.default.createDirectory(
        atPath: "\(library)/\(folder)", withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: place.model, toPath: "\(library)/\(folder)/tuned.gguf")
    }
    try FileManager.default.copyItem(atPath: place.model, toPath: "\(library)/me/Tuned.gguf")
    for arguments in [["models", "path", "TUNED"], ["chat", "-m", "TUNED", "x"]] {
      let run = try CommandLineRun(arguments, environment: place.environment)
      #expect(run.status == 64 && run.errorLines.count == 1, "\(run.errors)")
      #expect(run.errors.contains("me/tuned") && run.errors.contains("you/tuned"), "\(run.errors)")
    }
    for (name, file) in [
      ("me/tuned", "me/tuned"), ("me/Tuned", "me/Tuned"), ("YOU/tuned", "you/tuned"),
      ("Tuned", "me/Tuned"),
    ] {
      #expect(
        try place.run("models", "path", name).outputLines == ["\(library)/\(file).gguf"], "\(name)")
    }
    #expect(try place.run("chat", "-m", "you/tuned", "--max-tokens", "1", "x").status == 0)
    // Named twice it is removed once.
    let twice = try place.run("models", "rm", "you/tuned", "YOU/tuned.gguf")
    #expect(twice.status == 0 && twice.errorLines.count == 1, "\(twice.errors)")
  }

  @Test func aTokenFileThatIsAPipeIsNotWaitedFor() throws {
    let place = try PullPlace()
    let pipe = "\(place.hub.folder.path)/token"
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(try place.run("pull", "1b", "--dry-run", also: ["HF_TOKEN_PATH": pipe]).status == 0)
  }

  @Test func anEmptyFileOfTheRepositoryIsAFile() throws {
    let place = try PullPlace()
    try place.hub.add("special_tokens_map.json", Array("{}".utf8))
    try place.hub.add("generation_config.json", [])
    let run = try place.run("pull", "1b")
    #expect(run.status == 65 && run.errors.contains("generation_config.json"), "\(run.errors)")
    #expect(place.hub.cached.isEmpty)
  }
}
