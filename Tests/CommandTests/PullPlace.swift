import Foundation
import HubTesting
import Testing

/// A hub with the small checkpoint, and a home folder of its own.
struct PullPlace {
  let hub: TestHub

  init(isEncrypted: Bool = false) throws {
    hub = try TestHub(isEncrypted: isEncrypted)
    for name in [
      "config.json", "generation_config.json", "preprocessor_config.json",
      "processor_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors",
    ] {
      let file = URL(filePath: "\(Fixture.checkpoint)/\(name)")
      try hub.add(name, [UInt8](Data(contentsOf: file)))
    }
    try hub.add("README.md", Array("# Janus".utf8))
    try hub.add("pytorch_model.bin", Array("not asked for".utf8))
  }

  var environment: [String: String] {
    var variables = [
      "HOME": hub.folder.path, "XDG_DATA_HOME": "\(hub.folder.path)/data",
      "HF_ENDPOINT": hub.hub, "HF_HUB_CACHE": hub.cache, "HTTP_PROXY": "", "http_proxy": "",
      "HF_TOKEN": "",
    ]
    if let authority = hub.authority { variables["SSL_CERT_FILE"] = authority.path }
    return variables
  }

  func run(_ arguments: String..., also: [String: String] = [:]) throws -> CommandLineRun {
    try CommandLineRun(arguments, environment: environment.merging(also) { $1 })
  }

  var model: String {
    "\(hub.folder.path)/data/janus-lite/models/deepseek-ai/Janus-Pro-1B-int4.gguf"
  }
}

extension PullPlace {
  /// Starts the command several times and waits for all; their exit codes.
  func runAtOnce(_ runs: [[String]]) throws -> [Int32] {
    let processes = try runs.map { arguments in
      let process = CommandLineRun.process(arguments, environment: environment)
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      return process
    }
    return processes.map { process in
      process.waitUntilExit()
      return process.terminationStatus
    }
  }

  /// Everything of the model but its name of a hub.
  func tensors() throws -> Data {
    let verify = try run("info", "1b", "--verify", "--json")
    #expect(verify.status == 0)
    let data = try Data(contentsOf: URL(filePath: model))
    // The address has the hub's port.
    return data.suffix(data.count / 2)
  }
}
