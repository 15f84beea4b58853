import Foundation
import JanusSystem
import Testing

@testable import JanusConvert

/// What a checkpoint folder must be, and how it is refused when it is not.
@Suite struct CheckpointTests {
  private func refusal(
    _ source: TemporaryFolder, painting: Bool = true
  ) throws -> ConversionError {
    let names = source.names
    let error = try #require(throws: ConversionError.self) {
      try Conversion(source: source.path, includePainting: painting)
        .write(to: source.path + "/m.gguf")
    }
    #expect(!error.description.contains("\n"))
    #expect(source.names == names, "something was left behind")
    return error
  }

  private func expect(
    _ source: TemporaryFolder, _ kind: ConversionError.Kind, _ texts: String...,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let error = try refusal(source)
    #expect(error.kind == kind, sourceLocation: location)
    for text in texts {
      #expect(error.description.contains(text), "\(error)", sourceLocation: location)
    }
  }

  private func changed(_ change: (inout TestCheckpoint) -> Void) throws -> TemporaryFolder {
    var checkpoint = try TestCheckpoint()
    change(&checkpoint)
    return try checkpoint.write()
  }

  // MARK: Files

  @Test func aFolderWithoutWeightsOrConfigurationIsMissingThem() throws {
    let folder = try TemporaryFolder()
    try expect(folder, .missing, "model.safetensors", "pytorch_model.bin")
    let source = try TestCheckpoint().write()
    for name in ["config.json", "tokenizer.json", "preprocessor_config.json"] {
      let path = "\(source.path)/\(name)"
      let text = try bytes(of: path)
      try FileManager.default.removeItem(atPath: path)
      try expect(source, .missing, "\(name)' does not exist")
      try source.write(name, text)
    }
    _ = try Conversion(source: source.path)
    let absent = #expect(throws: ConversionError.self) { try Conversion(source: "/absent/folder") }
    #expect(absent?.kind == .missing)
    let file = #expect(throws: ConversionError.self) {
      try Conversion(source: source.path + "/config.json")
    }
    #expect(file?.kind == .data)
  }

  @Test(arguments: TestCheckpoint.Container.allCases)
  func aMissingShardIsNamed(container: TestCheckpoint.Container) throws {
    let source = try TestCheckpoint().write(container, shards: 3)
    let shard = try #require(source.names.first { $0.contains("00002-of-00003") })
    try FileManager.default.removeItem(atPath: "\(source.path)/\(shard)")
    try expect(source, .missing, shard, "the index places")
  }

  @Test func aTensorThatItsShardLacksIsNamed() throws {
    let source = try TestCheckpoint().write(shards: 2)
    let index = "\(source.path)/model.safetensors.index.json"
    let text = try String(contentsOfFile: index, encoding: .utf8)
    let entry = #""lm_head.weight":"model-0000"#
    let (first, second) = (entry + "1-", entry + "2-")
    try source.write(
      "model.safetensors.index.json",
      text.contains(first)
        ? text.replacing(first, with: second) : text.replacing(second, with: first))
    try expect(source, .data, "tensor 'lm_head.weight' is missing, the index places it here")
  }

  @Test(arguments: [
    "../model.safetensors", "/etc/passwd", "a/b.safetensors", "x.bin", ".safetensors",
  ])
  func anIndexReachesOnlyFilesOfItsFolder(shard: String) throws {
    let source = try TestCheckpoint().write(shards: 2)
    try source.write(
      "model.safetensors.index.json", #"{"weight_map":{"lm_head.weight":"\#(shard)"}}"#)
    try expect(source, .data, "expected the name of a .safetensors file in this folder", shard)
  }

  @Test(arguments: [#"{}"#, #"{"weight_map":{}}"#, #"{"weight_map":{"a":1}}"#, "[", ""])
  func aBrokenIndexIsRefused(text: String) throws {
    let source = try TestCheckpoint().write(shards: 2)
    try source.write("model.safetensors.index.json", text)
    try expect(source, .data, "model.safetensors.index.json")
  }

  // MARK: Tensors

  @Test func aMissingTensorIsNamedInBothNamings() throws {
    try expect(
      changed { $0.remove("model.language_model.layers.1.mlp.up_proj.weight") }, .data,
      "no tensor for blk.1.ffn_up.weight",
      "expected 'model.language_model.layers.1.mlp.up_proj.weight'")
    var deepseek = try TestCheckpoint().inDeepseekNaming()
    deepseek.remove("vision_model.vision_tower.blocks.1.attn.qkv.bias")
    try expect(
      deepseek.write(), .data, "no tensor for v.blk.1.attn_q.bias",
      "expected 'vision_model.vision_tower.blocks.1.attn.qkv.bias'")
  }

  @Test func namesOfTheOtherNamingAreRecognised() throws {
    try expect(
      changed { $0.config = try! TestCheckpoint().inDeepseekNaming().config }, .data,
      "config.json says multi_modality, but the tensors have the names of transformers")
  }

  @Test func aShapeThatContradictsTheConfigurationIsExplained() throws {
    try expect(
      changed { $0.set("text_config.intermediate_size", .integer(128)) }, .data,
      "tensor 'model.language_model.layers.0.mlp.gate_proj.weight'",
      "expected shape [128, 64] (128 is text_config.intermediate_size of config.json)",
      "found [96, 64]")
    // The 7B file leaves the width out. A model of another width must not be taken for it.
    try expect(
      changed { $0.set("text_config.vocab_size", nil) }, .data,
      "32000 is text_config.vocab_size, absent, by default")
  }

  @Test func tensorsBeyondTheConfiguredSizesAreRefused() throws {
    try expect(
      changed { $0.set("text_config.num_hidden_layers", .integer(1)) }, .data,
      "the sizes stated leave no place for the tensor 'model.language_model.layers.1.")
    try expect(
      changed { $0.set("vision_config.depth", .integer(1)) }, .data,
      "no place for the tensor 'model.aligner.hidden_layers.0.bias'")
  }

  @Test func deepseeksNamedVisionTowerIsComparedWithTheTensors() throws {
    var checkpoint = try TestCheckpoint().inDeepseekNaming()
    checkpoint.set("vision_config.params.width", nil)
    checkpoint.set("aligner_config.params.input_dim", .integer(1024))
    try expect(
      checkpoint.write(), .data, "1024 is width of siglip_large_patch16_384", "found [64, 3, 8, 8]")
  }

  // MARK: Configuration

  @Test(
    arguments: [
      ("model_type", JSON.string("llava"), "model_type = 'llava' is not a Janus model"),
      ("model_type", nil, "model_type: expected a string, found nothing"),
      ("text_config", nil, "text_config: expected an object"),
      ("text_config.model_type", .string("qwen2"), #"text_config.model_type = "qwen2" is not"#),
      ("text_config.hidden_act", .string("gelu"), #"hidden_act = "gelu" is not supported"#),
      ("text_config.attention_bias", .bool(true), "attention_bias = true is not supported"),
      ("text_config.mlp_bias", .bool(true), "mlp_bias = true is not supported"),
      ("text_config.rope_scaling", .object(scaling), #"rope_scaling.type = "linear" is not"#),
      ("text_config.rope_parameters.rope_type", .string("yarn"), #"rope_type = "yarn" is not"#),
      ("text_config.num_hidden_layers", .integer(0), "expected an integer from 1 to 1024, found 0"),
      ("text_config.hidden_size", .integer(1 << 40), "expected an integer from 1 to 65536"),
      ("text_config.hidden_size", .string("64"), #"from 1 to 65536, found "64""#),
      ("text_config.num_key_value_heads", .integer(3), "expected a multiple of 3"),
      ("text_config.rms_norm_eps", .integer(-1), "rms_norm_eps: expected a number"),
      ("vision_config.use_qk_norm", .bool(true), "use_qk_norm = true is not supported"),
      ("vision_config.hidden_act", .string("relu"), #"vision_config.hidden_act = "relu""#),
      (
        "vision_config.patch_size", .integer(7),
        "expected a multiple of 7, vision_config.patch_size"
      ),
      ("vision_config.projection_dim", .integer(32), "projection_dim = 32, expected 64"),
      ("vq_config.double_latent", .bool(true), "double_latent = true is not supported"),
      ("vq_config.channel_multiplier", .array([]), "expected 1 to 8 integers"),
      ("vq_config.base_channels", .integer(16), "expected a multiple of 32"),
      (
        "vq_config.base_channels", .integer(48),
        "vq_config.base_channels × vq_config.channel_multiplier[0] = 48, expected a multiple of 32"
      ),
      (
        "text_config.head_dim", .integer(1), "head_dim: expected an integer from 2 to 1024, found 1"
      ),
      (
        "vision_config.mlp_ratio", .number(0.01),
        "vision_config.hidden_size × vision_config.mlp_ratio = 0, expected 1 to 262144"
      ),
      (
        "vision_config.image_size", .integer(4096),
        "vision_config.image_size / vision_config.patch_size = 512, expected 1 to 256"
      ),
      ("vq_config.out_channels", .integer(4), "out_channels: expected 3, found 4"),
    ] as [(String, JSON?, String)])
  func whatIsNotComputedHereIsRefusedByName(key: String, value: JSON?, expected: String) throws {
    try expect(changed { $0.set(key, value) }, .data, "config.json", expected)
  }

  private static var scaling: JSON.Object {
    var object = JSON.Object()
    _ = object.append("type", .string("linear"))
    return object
  }

  @Test func theRotaryBaseIsFoundAtBothPlaces() throws {
    func base(_ change: (inout TestCheckpoint) -> Void) throws -> Double {
      let source = try changed(change)
      return try Checkpoint(folder: source.path, painting: true).geometry.sources[.ropeTheta]
    }
    #expect(try base { $0.set("text_config.rope_parameters.rope_theta", .number(5e4)) } == 5e4)
    #expect(
      try base {
        $0.set("text_config.rope_parameters", nil)
        $0.set("text_config.rope_theta", .integer(70000))
      } == 7e4)
    #expect(try base { $0.set("text_config.rope_parameters", nil) } == 1e4)
  }

  @Test func anEmptyLlamaConfigurationIsThatOfTheSevenBillionModel() throws {
    let text = """
      {"max_position_embeddings": 16384, "model_type": "llama", "num_hidden_layers": 30,
       "torch_dtype": "bfloat16", "vocab_size": 102400}
      """
    var read = ConfiguredDimensions()
    try read.readLanguage(
      ConfigSection(file: "config.json", json: JSONParser.parse(Array(text.utf8))))
    #expect(read[.embeddingLength].value == 4096 && read[.feedForwardLength].value == 11008)
    #expect(read[.headCount].value == 32 && read[.keyValueHeadCount].value == 32)
    #expect(read[.headDim].value == 128 && read[.blockCount].value == 30)
    #expect(read[.normEpsilon] == 1e-6 && read[.ropeTheta] == 10000)
  }

  @Test func aDeepConfigurationIsRefused() throws {
    let source = try TestCheckpoint().write()
    try source.write("config.json", String(repeating: #"{"a":"#, count: 100_000))
    try expect(source, .data, "config.json", "nested more than 64 deep")
  }

  @Test func `a temperature of confidence is taken from generation_config.json, within its limits`()
    throws
  {
    func temperature(_ config: String) throws -> Double? {
      var checkpoint = try TestCheckpoint()
      checkpoint.files["generation_config.json"] = config
      let folder = try checkpoint.write()
      return try withExtendedLifetime(folder) {
        try ConfidenceTemperature.value(in: CheckpointFolder(path: folder.path))
      }
    }
    #expect(try temperature("{}") == nil)
    #expect(try temperature(#"{"confidence_temperature": 0.8}"#) == 0.8)
    for wrong in ["0", "-1", "1e9", "\"warm\""] {
      #expect(throws: ConversionError.self) {
        try temperature(#"{"confidence_temperature": \#(wrong)}"#)
      }
    }
  }

  // MARK: Processor

  @Test func normalisationIsNeverAssumed() throws {
    func preprocessing(_ change: (inout JSON) -> Void) throws -> Preprocessing {
      var checkpoint = try TestCheckpoint()
      var json = try JSONParser.parse(Array(checkpoint.files["preprocessor_config.json"]!.utf8))
      change(&json)
      checkpoint.files["preprocessor_config.json"] = json.text
      let folder = try checkpoint.write()
      return try Preprocessing(
        folder: CheckpointFolder(path: folder.path), imageSize: .fixed(64, "the test"))
    }
    let plain = try preprocessing { _ in }
    #expect(plain.normalizes && plain.background == [127, 127, 127] && plain.minSize == 14)
    #expect(plain.rescaleFactor == 0.00392156862745098)
    let off = try preprocessing { $0 = $0.setting(["do_normalize"], .bool(false)) }
    #expect(!off.normalizes)
    let pink = try preprocessing {
      $0 = $0.setting(["image_mean"], .array([.integer(1), .number(0.5), .number(0.3)]))
    }
    #expect(pink.background == [255, 127, 76])
    #expect(plain.formulaPage == nil)
    let page = try preprocessing {
      $0 = $0.setting(
        ["formula_page"],
        try! JSONParser.parse(Array(#"{"margin":8,"thickness":15}"#.utf8)))
    }
    #expect(page.formulaPage == Preprocessing.FormulaPage(margin: 8, thickness: 15))
    let folded = try preprocessing {
      $0 = $0.setting(
        ["formula_page"],
        try! JSONParser.parse(
          Array(
            #"{"margin":8,"thickness":12,"folds":true,"further_thicknesses":[15,10]}"#.utf8)))
    }
    #expect(folded.formulaPage?.furtherThicknesses == [15, 10])
    #expect(folded.formulaPage?.folds == true && page.formulaPage?.folds == false)
    for (key, value, expected) in [
      (
        "formula_page", try JSONParser.parse(Array(#"{"margin":32,"thickness":15}"#.utf8)),
        "formula_page.margin: expected"
      ),
      (
        "formula_page",
        try JSONParser.parse(
          Array(#"{"margin":8,"thickness":15,"further_thicknesses":[15,0]}"#.utf8)),
        "formula_page.further_thicknesses: expected 1 to 7 integers"
      ),
      ("image_mean", nil, "image_mean: expected 3 numbers"),
      ("image_std", .array([.integer(0), .integer(1), .integer(1)]), "image_std: expected"),
      ("do_rescale", .bool(false), "do_rescale = false is not supported"),
      ("resample", .integer(2), "resample = 2 is not supported"),
      ("size", try JSONParser.parse(Array(#"{"height":64,"width":32}"#.utf8)), "size.width = 32"),
    ] as [(String, JSON?, String)] {
      let error = try #require(throws: ConversionError.self) {
        try preprocessing { $0 = $0.setting([key], value) }
      }
      #expect(error.description.contains(expected), "\(error)")
    }
  }

  @Test func theImageProcessorMayLieInTheProcessorsFile() throws {
    var checkpoint = try TestCheckpoint()
    let processor = checkpoint.files.removeValue(forKey: "preprocessor_config.json") ?? ""
    checkpoint.files["processor_config.json"] = #"{"image_processor": \#(processor)}"#
    let source = try checkpoint.write()
    let conversion = try Conversion(source: source.path)
    #expect(conversion.metadata.contains { $0.key == "janus.image.mean" })
  }
}
