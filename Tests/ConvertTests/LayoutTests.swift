import Foundation
import JanusModelFile
import Testing

@testable import JanusConvert

/// Every layout that people have becomes the file of the plain one.
@Suite struct LayoutTests {
  private static let plain = Result {
    try digests(TestCheckpoint().write())
  }

  private func expectPlain(
    _ source: any Located, base: (any Located)? = nil, location: SourceLocation = #_sourceLocation
  ) throws {
    let found = try digests(source, base: base)
    #expect(try found == Self.plain.get(), sourceLocation: location)
  }

  @Test(arguments: [
    "module.", "_orig_mod.", "base_model.model.", "module._orig_mod.", "_orig_mod.module.",
    "module.base_model.model.", "base_model.model._orig_mod.module.", "model.", "student.vlm.",
    "module.model.", "_forward_module.",
  ])
  func prefixesOfTrainersAreLeftOff(prefix: String) throws {
    for checkpoint in [try TestCheckpoint(), try TestCheckpoint().inDeepseekNaming()] {
      let source = try checkpoint.renamed { prefix + $0 }.write(shards: 2)
      try expectPlain(source)
      let notes = try opened(source).notes
      #expect(notes.contains { $0.contains("without '\(prefix)'") || $0.contains("without '") })
    }
  }

  @Test(arguments: ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"])
  func wrappersInsideOfNamesAreLeftOff(wrapper: String) throws {
    let source = try TestCheckpoint().renamed {
      $0.replacing("language_model.", with: "language_model.\(wrapper).")
        .replacing(".mlp.", with: ".\(wrapper).mlp.")
    }
    try expectPlain(source.write())
  }

  @Test func modulesThatPEFTTrainedWholeReplaceTheirOriginals() throws {
    var source = try TestCheckpoint().renamed {
      $0 == "lm_head.weight" ? "lm_head.modules_to_save.default.weight" : $0
    }
    var original = source["lm_head.modules_to_save.default.weight"]
    original.name = "lm_head.original_module.weight"
    original.values = original.values.map { -$0 }
    source.tensors.append(original)
    try expectPlain(source.renamed { "base_model.model." + $0 }.write())
  }

  @Test(arguments: TestCheckpoint.Container.allCases)
  func numberedShardsNeedNoIndex(container: TestCheckpoint.Container) throws {
    let source = try TestCheckpoint().write(container, shards: 3)
    let index = try #require(source.names.first { $0.hasSuffix(".index.json") })
    try source.remove(index)
    try expectPlain(source)
    let shard = try #require(source.names.first { $0.contains("00002-of-00003") })
    try expectPlain(source["\(shard)"])
    try source.remove(shard)
    let error = #expect(throws: ConversionError.self) { try opened(source) }
    #expect(error?.kind == .missing && error?.description.contains(shard) == true)
  }

  @Test(arguments: TestCheckpoint.Container.allCases)
  func oneFileMayHaveAnyName(container: TestCheckpoint.Container) throws {
    let (from, to) =
      container == .safetensors
      ? ("model.safetensors", "janus tuned.safetensors") : ("pytorch_model.bin", "weights.pt")
    let source = try TestCheckpoint().write(container)
    try source.move(from, to: to)
    try source.write("training_args.bin", "not weights")
    try source.write("optimizer.pt", "not weights")
    try expectPlain(source)
    try expectPlain(source["\(to)"])
    try source.move(to, to: "model-00001-of-00001." + (to as NSString).pathExtension)
    try expectPlain(source)
  }

  @Test func weightsMayLieInTheOneFolderThatHasThem() throws {
    let source = try TestCheckpoint().write(shards: 2)
    for name in source.names where name.contains("safetensors") {
      try source.move(name, to: "weights/\(name)")
    }
    try source.write("notes.txt", "x")
    try expectPlain(source)
    let all = try TestCheckpoint().write()
    try all.moveAll(into: "checkpoint-500")
    try expectPlain(all)
    try FileManager.default.copyItem(
      atPath: "\(all.path)/checkpoint-500", toPath: "\(all.path)/checkpoint-1000")
    let error = #expect(throws: ConversionError.self) { try opened(all) }
    #expect(error?.description.contains("checkpoint-1000, checkpoint-500") == true)
    try expectPlain(all["checkpoint-1000"])
  }

  @Test func aFolderOfAHubsCacheIsItsSnapshot() throws {
    let folder = try TemporaryFolder()
    let place = folder["models--org--Janus-Tiny"]
    let repository = place.path
    let source = try TestCheckpoint().write()
    let commit = String(repeating: "a1", count: 20)
    let snapshot = "\(repository)/snapshots/\(commit)"
    for path in ["\(repository)/blobs", "\(repository)/refs", snapshot] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    for name in source.names {
      try FileManager.default.moveItem(
        atPath: "\(source.path)/\(name)", toPath: "\(repository)/blobs/x-\(name)")
      try FileManager.default.createSymbolicLink(
        atPath: "\(snapshot)/\(name)", withDestinationPath: "../../blobs/x-\(name)")
    }
    try expectPlain(place)
    try FileManager.default.createDirectory(
      atPath: "\(repository)/snapshots/older", withIntermediateDirectories: true)
    #expect(throws: ConversionError.self) { try opened(place) }
    try folder.write("models--org--Janus-Tiny/refs/main", commit + "\n")
    try expectPlain(place)
    #expect(try CheckpointLocation(snapshot).name == "Janus-Tiny")
    try FileManager.default.removeItem(atPath: "\(repository)/blobs/x-model.safetensors")
    let error = #expect(throws: ConversionError.self) { try opened(place) }
    #expect(error?.description.contains("link to a file that is missing") == true)
  }

  @Test func archivesThatAreNotPackedAreReadInPlace() throws {
    let source = try TestCheckpoint().write(shards: 2)
    let folder = try TemporaryFolder()
    for prefix in ["", "./", "Janus/", "a/b/Janus/"] {
      let extra = [("__MACOSX/x", [UInt8](repeating: 1, count: 8))]
      try folder.write("z.zip", zip(source.entries(prefix) + extra))
      try expectPlain(folder["z.zip"])
      try folder.write("t.tar", tar(source.entries(prefix)))
      try expectPlain(folder["t.tar"])
    }
    let whole = tar(try source.entries())
    try folder.write("cut.tar", Array(whole.prefix(whole.count / 2)))
    let error = #expect(throws: ConversionError.self) { try opened(folder["cut.tar"]) }
    #expect(error?.description.contains("truncated") == true)
  }

  @Test func aBaseLendsWhatIsMissing() throws {
    let base = try TestCheckpoint().write()
    let source = try TestCheckpoint().write()
    for name in source.names where name.hasSuffix(".json") && name != "config.json" {
      try source.remove(name)
    }
    #expect(throws: ConversionError.self) { try opened(source) }
    try expectPlain(source, base: base)
    try source.remove("config.json")
    try expectPlain(source["model.safetensors"], base: base)
    // The base's weights are not taken for the tuned ones.
    try source.remove("model.safetensors")
    #expect(throws: ConversionError.self) { try opened(source, base: base) }
  }

  @Test func anIndexMayLeaveTensorsOutThatItsShardsHold() throws {
    let source = try TestCheckpoint().write(shards: 2)
    let name = "model.safetensors.index.json"
    let index = try SourceFile.json("\(source.path)/\(name)", limit: 1 << 20)
    try source.write(name, index.setting(["weight_map", "lm_head.weight"], nil).text)
    try expectPlain(source)
  }

  @Test func formatsMayBeMixed() throws {
    let checkpoint = try TestCheckpoint()
    var data: [UInt8] = []
    var entries: [String] = []
    for (index, tensor) in checkpoint.tensors.enumerated() {
      let isFloat = index.isMultiple(of: 2)
      let begin = data.count
      data += isFloat ? tensor.values.flatMap { littleEndian($0.bitPattern) } : tensor.bytes
      entries.append(
        #""\#(tensor.name)":{"dtype":"\#(isFloat ? "F32" : "BF16")","shape":\#(tensor.shape),"#
          + #""data_offsets":[\#(begin),\#(data.count)]}"#)
    }
    let source = try checkpoint.write()
    try source.write(
      "model.safetensors",
      safetensors(header: "{\(entries.joined(separator: ","))}", data: data))
    try expectPlain(source)
  }

  @Test func theFirstGenerationSpeaksOfUserAndAssistant() throws {
    func words(_ change: (String) -> String) throws -> [String] {
      var checkpoint = try TestCheckpoint()
      checkpoint.files["tokenizer.json"] = change(checkpoint.files["tokenizer.json"]!)
      let source = try checkpoint.write()
      defer { withExtendedLifetime(source) {} }
      let folder = try CheckpointFolder(path: source.path)
      let tokenizer = try TokenizerFile(folder: folder, vocabulary: .fixed(544, "the test"))
      let words = try PromptWords(folder: folder, tokenizer: tokenizer).words
      return words.filter { $0.key == .promptUser || $0.key == .promptAssistant }.map(\.text)
    }
    #expect(try words { $0 } == ["<|User|>", "<|Assistant|>"])
    // Janus-1.3B: thirteen tokens of bytes before the padding.
    let shifted = try words { text in
      (514...525).reversed().reduce(text) {
        $0.replacing("\"id\": \($1),", with: "\"id\": \($1 + 13),")
          .replacing("\"id\":\($1),", with: "\"id\":\($1 + 13),")
      }
    }
    #expect(shifted == ["User", "Assistant"])
    #expect(try words { $0.replacing("<|User|>", with: "<|Human|>") } == ["User", "Assistant"])
  }
}
