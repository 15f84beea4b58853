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

extension PullFaultTests {
  private func repository(_ place: PullPlace) -> String {
    "\(place.hub.cache)/models--deepseek-ai--Janus-Pro-1B"
  }

  /// The weights in two parts, so that one may be there already.
  private func shards(_ place: PullPlace) throws {
    let weights = try Data(contentsOf: URL(filePath: "\(Fixture.checkpoint)/model.safetensors"))
    try place.hub.remove("model.safetensors")
    for part in 1...2 {
      // The second cannot be converted, which does not matter here.
      try place.hub.add(
        "model-0000\(part)-of-00002.safetensors",
        part == 1 ? [UInt8](weights) : TestHub.bytes(400_000))
    }
  }

  @Test(
    arguments: [
      ["match": "00002", "status": 200, "body": "<html>sign in", "times": 1],
      ["match": "^/store.*00002", "flip": true], ["match": "^/store.*00002", "status": 451],
      ["match": "^/store.*00002", "status": 400],
    ] as [[String: any Sendable]])
  func whatIsWrongWithOneFileLeavesTheOthers(rule: [String: any Sendable]) throws {
    let place = try PullPlace()
    try shards(place)
    try place.hub.rules(rule)
    #expect(try place.run("pull", "1b").status != 0)
    let first = place.hub.cached.first { $0.contains("blobs/") && $0.count > 100 }
    #expect(first != nil, "\(place.hub.cached)")
    try place.hub.rules()
    _ = try place.hub.log()
    _ = try place.run("pull", "1b")
    #expect(try Self.stored(place).allSatisfy { !$0.path.contains("00001") })
  }

  @Test func whatAnotherProgramTookMeanwhileStays() throws {
    let place = try PullPlace()
    try place.hub.rules(["match": "^/store/", "slow": 400_000])
    let process = CommandLineRun.process(["pull", "1b"], environment: place.environment)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    var marks: [String] = []
    for _ in 0..<500 where marks.isEmpty {
      Thread.sleep(forTimeInterval: 0.02)
      marks =
        (try? FileManager.default.contentsOfDirectory(atPath: "\(repository(place))/snapshots"))
        ?? []
    }
    let commit = try #require(marks.first)
    // As snapshot_download begins.
    try FileManager.default.createDirectory(
      atPath: "\(repository(place))/refs", withIntermediateDirectories: true)
    try Data(commit.utf8).write(to: URL(filePath: "\(repository(place))/refs/main"))
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let files = try FileManager.default.contentsOfDirectory(
      atPath: "\(repository(place))/snapshots/\(commit)")
    #expect(files.count == 7, "\(files)")
    for file in files {
      #expect(
        FileManager.default.contents(atPath: "\(repository(place))/snapshots/\(commit)/\(file)")
          != nil)
    }
  }

  @Test func whateverStandsInAMarkIsHarmless() throws {
    let place = try PullPlace()
    let marks = "\(repository(place))/.janus-lite"
    try FileManager.default.createDirectory(atPath: marks, withIntermediateDirectories: true)
    let outside = "\(place.hub.folder.path)/precious"
    try Data("x".utf8).write(to: URL(filePath: outside))
    for (index, text) in [
      " \n", "revision main\nfetched ../../../../precious\nwanted ../../precious\n", "\n\n \n\t\n",
      "fetched", "",
      "revision main\nwhole\nshared\n", String(repeating: "wanted ", count: 100_000),
    ].enumerated() {
      try Data(text.utf8).write(
        to: URL(filePath: "\(marks)/\(String(repeating: "\(index)", count: 40))"))
    }
    #expect(mkfifo("\(marks)/\(String(repeating: "a", count: 40))", 0o600) == 0)
    try FileManager.default.createDirectory(
      atPath: "\(repository(place))/refs", withIntermediateDirectories: true)
    #expect(mkfifo("\(repository(place))/refs/main", 0o600) == 0)
    let run = try place.run("pull", "1b")
    #expect(run.status == 0, "\(run.errors)")
    #expect(FileManager.default.fileExists(atPath: outside))
    #expect(
      try place.run("pull", "1b", "--quant", "int8", also: ["HF_HUB_OFFLINE": "1"]).status == 69)
    #expect(
      try place.run("convert", "deepseek-ai/Janus-Pro-1B", "-o", "\(outside).gguf").status == 66)
  }

  @Test func namesThatDifferInCaseAreTwoModels() throws {
    let place = try PullPlace()
    let root = place.hub.folder.appendingPathComponent("root")
    try FileManager.default.createDirectory(
      at: root.appendingPathComponent("DeepSeek-AI"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: root.appendingPathComponent("deepseek-ai/Janus-Pro-1B"),
      to: root.appendingPathComponent("DeepSeek-AI/janus-pro-1b"))
    #expect(try place.run("pull", "1b").status == 0)
    let other = try place.run("pull", "DeepSeek-AI/janus-pro-1b")
    #expect(other.status == 0, "\(other.errors)")
    for (name, path) in [
      ("1b", place.model), ("deepseek-ai/Janus-Pro-1B", place.model),
      ("DeepSeek-AI/janus-pro-1b", other.outputLines[0]),
    ] {
      #expect(try place.run("models", "path", name).outputLines == [path], "\(name)")
    }
    #expect(try place.run("models", "path", "DEEPSEEK-AI/JANUS-PRO-1B").status == 64)
    #expect(try place.run("models", "rm", "1b").status == 0)
    #expect(!FileManager.default.fileExists(atPath: place.model))
  }

  @Test func aSignedAddressOfTheHubsOwnIsNotShown() throws {
    let place = try PullPlace()
    try place.hub.rules(
      [
        "match": "/resolve/.*safetensors", "status": 302,
        "headers": ["Location": "\(place.hub.hub)/signed/x?signature=SECRET"],
      ], ["match": "^/signed/", "status": 403])
    let run = try place.run("pull", "1b")
    #expect(run.status == 77 && !run.errors.contains("SECRET"), "\(run.errors)")
    #expect(run.errors.contains("store") && !run.errors.contains("HF_TOKEN"), "\(run.errors)")
  }

  @Test func aPlaceThatIsNoFileIsToldBeforeTheFirstRequest() throws {
    let place = try PullPlace()
    let pipe = "\(place.hub.folder.path)/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    for output in ["/dev/null", "/dev/full", pipe] {
      #expect(try place.run("pull", "1b", "-o", output).status == 74)
    }
    try FileManager.default.createDirectory(atPath: place.model, withIntermediateDirectories: true)
    #expect(try place.run("pull", "1b").status == 74)
    #expect(try place.hub.log().isEmpty)
  }

  @Test func addressesOfPagesAreTakenAtTheirWord() throws {
    let place = try PullPlace()
    let page = "\(place.hub.hub)/deepseek-ai/Janus-Pro-1B"
    #expect(try place.run("pull", page, "--dry-run").status == 0)
    #expect(try place.run("pull", page + "/tree/main", "--dry-run").status == 0)
    #expect(try place.run("pull", page + "/tree/nonexistent").status == 66)
    #expect(try place.run("pull", page + "/tree/main", "--revision", "other").status == 64)
    #expect(
      try place.run("pull", "https://huggingface.co/deepseek-ai/Janus-Pro-1B", "--dry-run").status
        == 0)
    for address in [
      "https://evil.example/deepseek-ai/Janus-Pro-1B", "https://modelscope.cn/models/a/b",
    ] {
      #expect(try place.run("pull", address).status == 64)
    }
  }

  @Test func aCheckpointThatIsToStayStays() throws {
    let place = try PullPlace()
    #expect(try place.run("pull", "1b", "--keep-checkpoint").status == 0)
    #expect(try place.run("pull", "1b").status == 0)
    #expect(place.hub.cached.contains { $0.hasSuffix("model.safetensors") })
    let late = try PullPlace()
    #expect(try late.run("pull", "1b").status == 0)
    let told = try late.run("pull", "1b", "--keep-checkpoint")
    #expect(told.status == 0 && told.errors.contains("not fetched"), "\(told.errors)")
  }
}
