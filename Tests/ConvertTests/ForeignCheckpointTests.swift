import Foundation
import Testing

@testable import JanusConvert

/// What cannot be converted is called by its name, with what to do.
@Suite struct ForeignCheckpointTests {
  private func expect(
    _ source: any Located, _ texts: String...,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let error = try #require(throws: ConversionError.self, sourceLocation: location) {
      try opened(source)
    }
    #expect(error.kind == .data || error.kind == .missing, sourceLocation: location)
    #expect(!error.description.contains("\n"), sourceLocation: location)
    for text in texts {
      #expect(
        error.description.lowercased().contains(text.lowercased()), "\(error)",
        sourceLocation: location)
    }
  }

  private static let pointer =
    "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "5", count: 64))\n"
    + "size 4178942\n"

  @Test(arguments: TestCheckpoint.Container.allCases)
  func aPointerOrAPageMayStandInAnyFilesPlace(container: TestCheckpoint.Container) throws {
    for shards in [1, 2] {
      let names = try TestCheckpoint().write(container, shards: shards).names
      for name in names {
        let source = try TestCheckpoint().write(container, shards: shards)
        try source.write(name, Self.pointer)
        try expect(source, name, "Git LFS", "git lfs pull")
        for page in [
          "<!DOCTYPE html>\n<html><head></head></html>", "\u{feff}\n  <html lang=en><body>Sign in",
          "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>",
        ] {
          try source.write(name, page)
          try expect(source, name, "web page")
        }
        try source.write(name, "")
        try expect(source, name, "empty", "incomplete")
        try source.write(name, "Entry not found")
        try expect(source, name, "'Entry not found'")
      }
    }
  }

  @Test(arguments: [
    (["adapter_config.json"], "adapter", "merge"), (["adapter_model.bin"], "adapter", "merge"),
    (["zero_to_fp32.py", "latest"], "DeepSpeed", "zero_to_fp32"),
    (["bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt"], "DeepSpeed", "gather"),
    (["mp_rank_00_model_states.pt"], "DeepSpeed", "gather"),
    (["__0_0.distcp", ".metadata"], "distributed checkpoint", "merge-weights"),
    (["model.onnx"], "ONNX", "made from"), (["Janus-Pro-1B.gguf"], "GGUF", "llama.cpp"),
    (["flax_model.msgpack"], "another framework", "PyTorch"),
    (["model.safetensors.incomplete"], "unfinished", "incomplete"),
    (["config.json", "README.md"], "none of model.safetensors", "README.md"),
    ([], "empty", "model.safetensors"),
  ])
  func aFolderWithoutWeightsIsCalledWhatItIs(names: [String], first: String, second: String) throws
  {
    let folder = try TemporaryFolder()
    for name in names { try folder.write(name, "{}") }
    try expect(folder, first, second)
  }

  @Test func foldersOfShardsAreCalledWhatTheyAre() throws {
    let folder = try TestCheckpoint().write()
    try folder.move("model.safetensors", to: "global_step500/x.txt")
    try expect(folder, "DeepSpeed")
    let other = try TestCheckpoint().write()
    try other.move("model.safetensors", to: "pytorch_model_fsdp_0/__0_0.distcp")
    try expect(other, "distributed checkpoint")
  }

  @Test func singleFilesAreCalledWhatTheyAre() throws {
    let folder = try TestCheckpoint().write()
    for (name, bytes, text) in [
      ("x.tar.gz", [0x1f, 0x8b, 8, 0], "gzip"), ("x.7z", Array("7z".utf8) + [0xbc, 0xaf], "7z"),
      ("x.gguf", Array("GGUF".utf8) + [3, 0, 0, 0], "names no architecture"),
      ("x.txt", Array("hello".utf8), "hello"),
      ("config.json", Array("{}".utf8), "expected a checkpoint's folder"),
      ("adapter_model.safetensors", Array("{}".utf8), "adapter"),
      ("x.safetensors", Array("hello world".utf8), "the text 'hello world'"),
    ] as [(String, [UInt8], String)] {
      try folder.write(name, bytes)
      try expect(folder[name], text)
      if name.hasPrefix("adapter") { try folder.remove(name) }
    }
  }

  @Test func adaptersThatAreNotMergedAreRefused() throws {
    let q = "model.language_model.layers.0.self_attn.q_proj"
    for name in [
      "\(q).lora_A.weight", "\(q).lora_B.default.weight", "base_model.model.\(q).lora_A.weight",
      "\(q).lora_magnitude_vector.default.weight", "\(q).lora_embedding_A.default",
      "module.\(q).hada_w1_a",
    ] {
      var checkpoint = try TestCheckpoint()
      checkpoint.tensors.append(TestTensor(name: name, shape: [2], values: [0, 0]))
      try expect(checkpoint.write(), "LoRA", "merge")
    }
    let source = try TestCheckpoint().write()
    try source.write("adapter_model.safetensors", safetensors([]))
    try expect(source, "an adapter lies beside the weights")
  }

  /// A checkpoint in which one weight is stored in another format.
  private func packed(_ dtype: String, _ suffix: String, bytes: Int) throws -> TemporaryFolder {
    let checkpoint = try TestCheckpoint()
    var data: [UInt8] = []
    var entries: [String] = []
    let q = "model.language_model.layers.0.self_attn.q_proj.weight"
    for tensor in checkpoint.tensors {
      let begin = data.count
      let isPacked = tensor.name == q
      let name = isPacked ? String(q.dropLast("weight".count)) + suffix : tensor.name
      data += isPacked ? [UInt8](repeating: 1, count: 64 * bytes) : tensor.bytes
      entries.append(
        #""\#(name)":{"dtype":"\#(isPacked ? dtype : "BF16")","#
          + #""shape":\#(isPacked ? [64] : tensor.shape),"data_offsets":[\#(begin),\#(data.count)]}"#
      )
    }
    let source = try checkpoint.write()
    try source.write(
      "model.safetensors",
      safetensors(header: "{\(entries.joined(separator: ","))}", data: data))
    return source
  }

  @Test(arguments: [
    ("U8", "weight.absmax", 1, "bitsandbytes"), ("F32", "weight.quant_map", 4, "bitsandbytes"),
    ("U8", "weight.quant_state.bitsandbytes__nf4", 1, "bitsandbytes"),
    ("F32", "SCB", 4, "bitsandbytes"), ("I32", "qweight", 4, "GPTQ or AWQ"),
    ("I32", "g_idx", 4, "GPTQ"), ("F8_E4M3", "weight", 1, "FP8"),
    ("F32", "weight_scale_inv", 4, "FP8"), ("I32", "weight_packed", 4, "compressed-tensors"),
    ("U8", "weight", 1, "already quantised"),
  ])
  func quantisedWeightsAreNamed(dtype: String, suffix: String, bytes: Int, tool: String) throws {
    try expect(packed(dtype, suffix, bytes: bytes), "already quantised by", tool, "bf16")
  }

  @Test func aQuantisationThatIsOnlyStatedIsAWarning() throws {
    var checkpoint = try TestCheckpoint()
    checkpoint.set(
      "quantization_config", try JSONParser.parse(Array(#"{"quant_method":"awq"}"#.utf8)))
    let warnings = try opened(checkpoint.write()).warnings
    #expect(warnings.contains { $0.contains("awq") })
  }

  @Test func otherFamiliesAreNamed() throws {
    var flow = try TestCheckpoint().inDeepseekNaming()
    flow.set("vision_und_enc_config", .object(JSON.Object()))
    try expect(flow.write(), "JanusFlow", "Janus-Pro")
    var parts = try TestCheckpoint()
    parts.tensors.append(TestTensor(name: "vision_gen_dec_model.x", shape: [1], values: [0]))
    try expect(parts.write(), "JanusFlow")
    var vl = try TestCheckpoint().inDeepseekNaming()
    for key in ["gen_vision_config", "gen_head_config", "gen_aligner_config"] { vl.set(key, nil) }
    vl.tensors.removeAll { $0.name.hasPrefix("gen_") }
    try expect(vl.write(), "DeepSeek-VL")
  }

  @Test func aMissingHeadIsWarnedOfWhereTheFlagDeniesSharing() throws {
    for (outer, inner, isDoubtful) in [
      (false, false, true), (true, false, false), (nil, nil, false), (nil, false, true),
      (false, true, true),
    ] as [(Bool?, Bool?, Bool)] {
      var checkpoint = try TestCheckpoint()
      checkpoint.set("tie_word_embeddings", outer.map { .bool($0) })
      checkpoint.set("text_config.tie_word_embeddings", inner.map { .bool($0) })
      // Where it is stored, the stored one counts.
      let stored = try checkpoint.write()
      let whole = try opened(stored)
      #expect(!(whole.notes + whole.warnings).contains { $0.contains("head") })
      checkpoint.remove("lm_head.weight")
      let headless = try opened(checkpoint.write())
      #expect(headless.warnings.contains { $0.contains("text head") } == isDoubtful)
    }
  }

  @Test func emptyTensorsOfDeepSpeedAreExplained() throws {
    var checkpoint = try TestCheckpoint()
    let name = "model.language_model.layers.0.self_attn.q_proj.weight"
    checkpoint[name] = TestTensor(name: name, shape: [0], values: [])
    try expect(checkpoint.write(), "zero_to_fp32")
  }

  @Test func severalModelsInOneCheckpointAreRefused() throws {
    var checkpoint = try TestCheckpoint().renamed { "model." + $0 }
    checkpoint.tensors += try TestCheckpoint().renamed { "ema." + $0 }.tensors
    try expect(checkpoint.write(), "several models", "'ema.'", "'model.'")
    var twice = try TestCheckpoint()
    twice.tensors += try TestCheckpoint().renamed { "module." + $0 }.tensors
    try expect(twice.write(), "are both")
  }

  // MARK: Hostile files

  @Test func viewsOfFewBytesCannotBecomeMany() throws {
    let checkpoint = try TestCheckpoint()
    let members = checkpoint.tensors.map { tensor in
      (
        tensor.name,
        Pickle.tensor(
          key: "0", count: 1, size: tensor.shape, stride: tensor.shape.map { _ in 0 })
      )
    }
    let source = try checkpoint.write(.torch)
    try source.write(
      "pytorch_model.bin",
      zip([("a/data.pkl", Pickle.document(members)), ("a/data/0", [0, 0])]))
    try expect(source, "overlapping elements", "at most 4 times")
  }

  @Test func namesInAnIndexAreComparedByBytes() throws {
    let source = try TestCheckpoint().write(shards: 2)
    for shard in [
      "sub/\u{301}x.safetensors", "..\u{301}/x.safetensors", "a\u{200d}/x.safetensors",
      "x.safetensors\u{301}", ".\u{301}x.safetensors", "a\u{0}b.safetensors",
    ] {
      let map = JSON.null.setting(["weight_map", "lm_head.weight"], .string(shard))
      try source.write("model.safetensors.index.json", map.text)
      let error = try #require(throws: ConversionError.self) { try opened(source) }
      #expect(error.description.contains("expected the name of a .safetensors file"))
      #expect(!error.description.unicodeScalars.contains { $0.value < 0x20 })
    }
  }

  @Test func aNameInAnIndexReachesNoTerminalAsItIs() throws {
    let source = try TestCheckpoint().write(shards: 2)
    let map = JSON.null.setting(["weight_map", "a"], .string("\u{1b}]0;x\u{7}.safetensors"))
    try source.write("model.safetensors.index.json", map.text)
    let error = try #require(throws: ConversionError.self) { try opened(source) }
    #expect(error.kind == .missing)
    #expect(!error.description.unicodeScalars.contains { $0.value < 0x20 })
  }

  @Test func jsonOfManyValuesIsRefusedBeforeItFillsTheMemory() throws {
    let source = try TestCheckpoint().write()
    let text = "[" + String(repeating: "[0],", count: 1 << 20) + "0]"
    try source.write("tokenizer.json", #"{"model":\#(text)}"#)
    try expect(source, "tokenizer.json", "too many values")
  }
}
