import Foundation
import HubTesting
import Testing

/// From a name to a model, against a hub on this machine.
@Suite struct PullTests {
  @Test(arguments: [false, true])
  func aNameBecomesAModelThatAnswersByThatName(isEncrypted: Bool) throws {
    let place = try PullPlace(isEncrypted: isEncrypted)
    let pull = try place.run("pull", "1b")
    #expect(pull.status == 0, "\(pull.errors)")
    #expect(pull.outputLines == [place.model])
    #expect(pull.errors.contains("7 files") && pull.errors.contains("-m 1b"))
    for name in [
      "1b", "deepseek-ai/Janus-Pro-1B", "Janus-Pro-1B-int4", "deepseek-ai/Janus-Pro-1B-int4",
      "1b-int4", place.model,
    ] {
      let chat = try place.run("chat", "-m", name, "--max-tokens", "2", "hello")
      #expect(chat.status == 0, "\(name): \(chat.errors)")
    }
    #expect(try place.run("info", "1b").output.contains("name        Janus-Pro-1B"))
    // The checkpoint is gone, with every trace of it.
    #expect(!place.hub.cached.contains { $0.contains("blobs") || $0.contains("snapshots") })
    _ = try place.hub.log()
    let again = try place.run("pull", "1b")
    #expect(again.status == 0 && again.outputLines == [place.model])
    #expect(again.errors.contains("already there"))
    #expect(try place.hub.log().allSatisfy { $0.path.hasPrefix("/api/") })
  }

  @Test func modelsAreListedFoundAndRemoved() throws {
    let place = try PullPlace()
    let none = try place.run("models")
    #expect(none.status == 0 && none.output.isEmpty && none.errors.contains("janus-lite pull 1b"))
    #expect(try place.run("pull", "1b", "--quant", "int8").status == 0)
    #expect(try place.run("pull", "1b").status == 0)
    let list = try place.run("models")
    #expect(list.outputLines.count == 3)
    #expect(list.outputLines[0].hasPrefix("name"))
    #expect(list.outputLines[1].contains("deepseek-ai/Janus-Pro-1B-int4"))
    #expect(list.outputLines[1].contains("\(place.hub.hub)/deepseek-ai/Janus-Pro-1B"))
    let json = try place.run("models", "list", "--json").outputLines
    struct Line: Decodable {
      let recipe: String
      let commit: String
    }
    let lines = try json.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    #expect(lines.map(\.recipe) == ["int4", "int8"] && lines.allSatisfy { $0.commit.count == 40 })
    #expect(try place.run("models", "path", "1b").outputLines == [place.model])
    #expect(
      try place.run("models", "path", "1b-int8").outputLines
        == [place.model.replacing("int4", with: "int8")])
    #expect(try place.run("models", "rm", "1b").status == 0)
    #expect(!FileManager.default.fileExists(atPath: place.model))
    #expect(try place.run("models", "rm", "Janus-Pro-1B-int8").status == 0)
    #expect(try place.run("models").output.isEmpty)
    let gone = try place.run("models", "rm", "1b")
    #expect(gone.status == 66 && gone.errorLines.count == 1)
    for outside in ["../x", "/etc/passwd", ".", "..", ""] {
      #expect(try place.run("models", "rm", outside).status == 66)
    }
  }

  @Test func whatIsNotThereIsNamedWithTheCommandThatFetchesIt() throws {
    let place = try PullPlace()
    for (name, command) in [("1b", "pull 1b"), ("7B", "pull 7B"), ("org/name", "pull org/name")] {
      let run = try place.run("chat", "-m", name, "hello")
      #expect(run.status == 66 && run.errors.contains("janus-lite \(command)"), "\(run.errors)")
    }
    let file = try place.run("chat", "-m", "absent.gguf", "hello")
    #expect(file.status == 66 && !file.errors.contains("pull"))
  }

  @Test func theCacheMayKeepTheCheckpointForOthers() throws {
    let place = try PullPlace()
    #expect(try place.run("pull", "1b", "--keep-checkpoint").status == 0)
    let snapshots = "\(place.hub.cache)/models--deepseek-ai--Janus-Pro-1B/snapshots"
    let commit = try #require(try FileManager.default.contentsOfDirectory(atPath: snapshots).first)
    // What somebody has is not removed by a pull that does not need it any more.
    #expect(try place.run("pull", "1b", "--quant", "int8").status == 0)
    #expect(FileManager.default.fileExists(atPath: "\(snapshots)/\(commit)/model.safetensors"))
    // Converted by its name, and without a network.
    let output = "\(place.hub.folder.path)/m.gguf"
    let offline = ["HF_HUB_OFFLINE": "1"]
    let convert = try place.run("convert", "deepseek-ai/Janus-Pro-1B", "-o", output, also: offline)
    #expect(convert.status == 0, "\(convert.errors)")
    let bf16 = try place.run("pull", "1b", "--quant", "bf16", also: offline)
    #expect(bf16.status == 0, "\(bf16.errors)")
    let absent = try place.run("pull", "7b", also: offline)
    #expect(absent.status == 69 && absent.errors.contains("HF_HUB_OFFLINE"))
    #expect(try place.run("convert", "no/such", "-o", output).status == 66)
  }

  @Test func aDryRunSaysWhatItWouldDoAndDoesNothing() throws {
    let place = try PullPlace()
    let run = try place.run("pull", "1b", "--dry-run")
    #expect(run.status == 0 && run.output.isEmpty && run.errors.contains("to fetch from"))
    #expect(place.hub.cached.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: "\(place.hub.folder.path)/data"))
  }

  @Test func badRequestsAreOneLineEach() throws {
    let place = try PullPlace()
    for name in ["two words", "../evil", "a/../b", "", "a/b/c", "x\u{1b}[31m/y"] {
      let run = try place.run("pull", name)
      #expect(run.status == 64 && run.errorLines.count == 1 && run.output.isEmpty, "\(name)")
      #expect(!run.errors.contains("\u{1b}"))
    }
    #expect(try place.run("pull", "no/such").status == 77)
    #expect(try place.run("pull", "1b", "--revision", "v9").status == 66)
    let network = try place.run("pull", "1b", also: ["HF_ENDPOINT": "http://127.0.0.1:9"])
    #expect(network.status == 69 && network.errorLines.count == 1)
    #expect(network.errors.contains("127.0.0.1:9") && network.errors.contains("by hand"))
    let readOnly = try place.run("pull", "1b", "-o", "/proc/x.gguf")
    #expect(readOnly.status == 74 && readOnly.errorLines.last?.contains("/proc") == true)
    let cache = try place.run("pull", "1b", also: ["HF_HUB_CACHE": "/proc/cache"])
    #expect(cache.status == 74, "\(cache.errors)")
    let text = "\(place.hub.folder.path)/notes.txt"
    try Data("precious".utf8).write(to: URL(filePath: text))
    #expect(try place.run("pull", "1b", "-o", text).status == 64)
    #expect(try String(contentsOfFile: text, encoding: .utf8) == "precious")
    _ = try place.hub.log()
    for output in ["", "-", "folder/"] {
      #expect(try place.run("pull", "1b", "-o", output).status == 64, "\(output)")
    }
    #expect(try place.run("pull", "1b", "-o", place.hub.folder.path).status == 74)
    let secret = place.hub.hub.replacingOccurrences(of: "://", with: "://user:secret@")
    let address = try place.run("pull", "1b", also: ["HF_ENDPOINT": secret])
    #expect(address.status == 64 && !(address.output + address.errors).contains("secret"))
    #expect(try place.hub.log().isEmpty, "all of it before the first request")
  }

  @Test func anAdaptersRepositoryIsRefusedBeforeTheDownload() throws {
    let hub = try TestHub()
    try hub.add("adapter_config.json", Array("{}".utf8))
    try hub.add("adapter_model.safetensors", Array("{}".utf8))
    let run = try CommandLineRun(
      ["pull", "1b"],
      environment: ["HOME": hub.folder.path, "HF_ENDPOINT": hub.hub, "HF_HUB_CACHE": hub.cache])
    #expect(run.status == 65 && run.errors.contains("adapter"), "\(run.errors)")
    #expect(try hub.log().allSatisfy { $0.path.hasPrefix("/api/") })
  }

  @Test func aFullDiskInTheMiddleKeepsWhatHasCome() throws {
    let place = try PullPlace()
    let limited = try CommandLineRun(
      ["pull", "1b"], environment: place.environment, fileBlocks: 600)
    #expect(
      limited.status == 74 && limited.errorLines.last?.contains("cannot write") == true,
      "\(limited.errors)")
    #expect(!FileManager.default.fileExists(atPath: place.model))
    #expect(try place.run("pull", "1b").status == 0)
  }

  @Test func killedAtAnyMomentItGoesOnToTheSameBytes() throws {
    let whole = try PullPlace()
    #expect(try whole.run("pull", "1b").status == 0)
    let place = try PullPlace()
    // Slow enough to be met in every phase.
    try place.hub.rules(["match": "^/store/", "slow": 1_500_000])
    var random = SystemRandomNumberGenerator()
    var kills = 0
    for _ in 0..<20 {
      let process = CommandLineRun.process(["pull", "1b"], environment: place.environment)
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      Thread.sleep(forTimeInterval: .random(in: 0.02...0.9, using: &random))
      if process.isRunning {
        kills += 1
        kill(process.processIdentifier, SIGKILL)
      }
      process.waitUntilExit()
      if FileManager.default.fileExists(atPath: place.model) { break }
    }
    try place.hub.rules()
    let last = try place.run("pull", "1b")
    #expect(last.status == 0 && kills > 0, "\(last.errors)")
    #expect(try place.tensors() == whole.tensors())
    // No partial file under a final name, and none that a later run would not take up or remove.
    let left = place.hub.cached.filter { $0.contains("blobs/") && !$0.hasSuffix("janus-partial") }
    #expect(left.isEmpty, "\(left)")
  }

  @Test func twoAtOnceMakeOneModel() throws {
    let place = try PullPlace()
    try place.hub.rules(["match": "^/store/", "slow": 1_500_000])
    #expect(try place.runAtOnce((0..<3).map { _ in ["pull", "1b"] }) == [0, 0, 0])
    let moved = try place.hub.log().filter { $0.path.hasPrefix("/store/") }.compactMap(\.sent)
    let size = try Data(contentsOf: URL(filePath: "\(Fixture.checkpoint)/model.safetensors")).count
    #expect(moved.reduce(0, +) == size)
    #expect(try place.run("chat", "-m", "1b", "--max-tokens", "1", "x").status == 0)
  }

  @Test func twoKindsOfOneModelAtOnceAreBothMadeAndLeaveNothing() throws {
    let place = try PullPlace()
    for round in 0..<4 {
      if round == 2 { try place.hub.rules(["match": "^/store/", "slow": 2_000_000]) }
      let outputs = ["int4", "int8"].map { "\(place.hub.folder.path)/\($0)-\(round).gguf" }
      let pulls = zip(["int4", "int8"], outputs).map { ["pull", "1b", "--quant", $0, "-o", $1] }
      #expect(try place.runAtOnce(pulls) == [0, 0])
      for output in outputs { #expect(try place.run("info", output, "--verify").status == 0) }
      #expect(place.hub.cached == [], "the last one removes the checkpoint")
    }
  }
}
