import Foundation
import GGUF
import JanusSystem
import Quant
import Testing

@testable import JanusConvert

@Suite struct ConversionTests {
  private func convert(
    _ source: TemporaryFolder, _ quantization: Quantization = .f32,
    overrides: [TensorOverride] = [], painting: Bool = true, threads: Int = 2
  ) throws -> Container {
    let conversion = try Conversion(
      source: source.path, quantization: quantization, overrides: overrides,
      includePainting: painting, threads: threads)
    let path = source.path + "/\(UUID().uuidString).gguf"
    _ = try conversion.write(to: path)
    return try Container(path: path)
  }

  private func floats(_ container: Container, _ name: String) throws -> [Float] {
    let tensor = try container.tensor(name)
    let bytes = container.bytes(of: tensor)
    var values = [Float](repeating: .nan, count: tensor.layout.rows * tensor.layout.columns)
    values.withUnsafeMutableBufferPointer {
      decode(
        bytes, as: tensor.format, rowCount: tensor.layout.rows, columns: tensor.layout.columns,
        into: $0)
    }
    return values
  }

  @Test func allNamingsContainersAndShardingsGiveEqualTensors() throws {
    let transformers = try TestCheckpoint()
    var tensors: [[String]] = []
    for checkpoint in [transformers, transformers.inDeepseekNaming()] {
      for container in TestCheckpoint.Container.allCases {
        for shards in [1, 3] {
          let file = try convert(checkpoint.write(container, shards: shards), .int4)
          #expect(file.tensors.count > 100)
          tensors.append(file.tensors.map { "\($0.name) \($0.format) \($0.shape) \($0.sha256)" })
        }
      }
    }
    #expect(tensors.count == 8)
    #expect(Set(tensors).count == 1)
  }

  @Test func numbersArriveUnderTheirNames() throws {
    let checkpoint = try TestCheckpoint()
    let file = try convert(checkpoint.write())
    for (name, source) in [
      ("token_embd.weight", "model.language_model.embed_tokens.weight"),
      ("blk.1.attn_output.weight", "model.language_model.layers.1.self_attn.o_proj.weight"),
      ("blk.0.ffn_norm.weight", "model.language_model.layers.0.post_attention_layernorm.weight"),
      ("output.weight", "lm_head.weight"),
      ("v.patch_embd.weight", "model.vision_model.embeddings.patch_embedding.weight"),
      ("v.position_embd.weight", "model.vision_model.embeddings.position_embedding.weight"),
      ("v.blk.1.attn_k.bias", "model.vision_model.encoder.layers.1.self_attn.k_proj.bias"),
      ("v.blk.0.ffn_down.weight", "model.vision_model.encoder.layers.0.mlp.fc2.weight"),
      ("mm.0.weight", "model.aligner.fc1.weight"),
      ("mm.1.bias", "model.aligner.hidden_layers.0.bias"),
      ("gen_mm.1.weight", "model.generation_aligner.hidden_layers.0.weight"),
      ("gen_head.1.weight", "model.generation_head.vision_head.weight"),
      ("gen_embd.weight", "model.generation_embeddings.weight"),
      ("vq.codebook.weight", "model.vqmodel.quantize.embedding.weight"),
      ("vq.mid.1.proj.bias", "model.vqmodel.decoder.mid.attn_1.proj_out.bias"),
      ("vq.up.0.attn.1.q.weight", "model.vqmodel.decoder.up.0.attn.1.q.weight"),
    ] {
      #expect(try floats(file, name) == checkpoint[source].values, "\(name)")
    }
  }

  @Test func convolutionsAreStoredWithTheirInputsInnermost() throws {
    let checkpoint = try TestCheckpoint()
    let file = try convert(checkpoint.write(), .int4)
    let source = checkpoint["model.vqmodel.decoder.conv_in.weight"]
    let (outputs, inputs, side) = (source.shape[0], source.shape[1], source.shape[2])
    let tensor = try file.tensor("vq.conv_in.weight")
    #expect(tensor.shape == [outputs, side, side, inputs])
    #expect(tensor.format == .bf16)
    var expected: [Float] = []
    for output in 0..<outputs {
      for tap in 0..<side * side {
        for input in 0..<inputs {
          expected.append(source.values[(output * inputs + input) * side * side + tap])
        }
      }
    }
    #expect(try floats(file, "vq.conv_in.weight") == expected)
  }

  @Test func aFileIsTheSameForAnyNumberOfThreads() throws {
    let source = try TestCheckpoint().write()
    var files: [[UInt8]] = []
    for threads in [1, 2, 5] {
      let path = "\(source.path)/\(threads).gguf"
      _ = try Conversion(source: source.path, threads: threads).write(to: path)
      files.append(try bytes(of: path))
    }
    #expect(files[0] == files[1] && files[0] == files[2])
  }

  @Test func theRecipeGivesEachTensorItsFormat() throws {
    let file = try convert(TestCheckpoint().write(), .int4)
    for (name, format) in [
      ("token_embd.weight", ElementFormat.q8Rows), ("blk.0.attn_q.weight", .int8Panels),
      ("blk.0.attn_output.weight", .int8Panels),
      ("blk.1.ffn_down.weight", .int4CodedPanels), ("blk.0.attn_norm.weight", .f32),
      ("output.weight", .int8Planes), ("v.patch_embd.weight", .int8Panels),
      ("v.blk.0.ffn_up.weight", .int8Panels), ("v.blk.0.ffn_up.bias", .f32),
      ("v.position_embd.weight", .f32), ("mm.0.weight", .int8Panels), ("gen_mm.0.weight", .f32),
      ("gen_mm.1.weight", .int8Panels), ("gen_head.1.weight", .int8Panels),
      ("gen_embd.weight", .f32), ("vq.codebook.weight", .f32), ("vq.conv_out.weight", .bf16),
    ] {
      #expect(try file.tensor(name).format == format, "\(name)")
    }
    let formats = { (quantization: Quantization) in
      Set(try self.convert(TestCheckpoint().write(), quantization).tensors.map(\.format))
    }
    #expect(try formats(.f32) == [.f32])
    #expect(try formats(.bf16) == [.f32, .bf16])
    #expect(try formats(.int8) == [.f32, .bf16, .q8Rows, .int8Panels, .int8Planes])
    #expect(
      try formats(.int4v1) == [.f32, .bf16, .q8Rows, .int8Panels, .int4Panels],
      "as version 1 had it")
  }

  /// Earlier versions read what needs none of the second version's formats.
  @Test(arguments: [
    (Quantization.int8, ElementFormat.int8Panels, 2), (.bf16, .bf16, 1), (.int4v1, .int4Panels, 1),
    (.int4, .int4CodedPanels, 2),
  ])
  func aFileHasTheOldestVersionThatReadsIt(
    recipe: Quantization, format: ElementFormat, version: Int
  ) throws {
    let file = try convert(TestCheckpoint().write(), recipe)
    #expect(try file.metadata.integer("janus.format_version") == version)
    #expect(try file.metadata.string("janus.recipe") == recipe.rawValue)
    let formats = Set(
      file.tensors.filter { $0.name.hasPrefix("blk.") && $0.name.contains("ffn_") }.map(\.format))
    #expect(formats == [.f32, format])
  }

  /// int4 of an override is the recipe's; each layout has a name of its own, too.
  @Test func anOverrideMayNameALayoutOfInt4() throws {
    let source = try TestCheckpoint().write()
    for (recipe, text, format) in [
      (Quantization.int4v1, "output.weight=int4", ElementFormat.int4Panels),
      (.int4, "output.weight=int4", .int4CodedPanels),
      (.int8, "output.weight=int4", .int4CodedPanels),
      (.int4, "output.weight=int4-p16", .int4Panels),
      (.int4v1, "output.weight=int4-c8-p16", .int4CodedPanels),
    ] {
      let file = try convert(source, recipe, overrides: [TensorOverride(parsing: text)])
      #expect(try file.tensor("output.weight").format == format, "\(recipe) \(text)")
    }
  }

  @Test func overridesChangeWhatTheyMatch() throws {
    let source = try TestCheckpoint().write()
    let overrides = try ["blk.*=int8", "blk.1.*=bf16", "token_embd.weight=f32"].map {
      try TensorOverride(parsing: $0)
    }
    let file = try convert(source, .int4, overrides: overrides)
    #expect(try file.tensor("blk.0.attn_q.weight").format == .int8Panels)
    #expect(try file.tensor("blk.1.attn_q.weight").format == .bf16)
    #expect(try file.tensor("blk.1.attn_norm.weight").format == .f32)
    #expect(try file.tensor("token_embd.weight").format == .f32)
  }

  @Test(arguments: [
    ("blk.9.*=int8", "no tensor matches 'blk.9.*'"),
    ("token_embd.weight=int4", "token_embd.weight cannot be int4, expected f32, bf16, q8_0"),
    ("blk.0.attn_norm.weight=bf16", "cannot be bf16, expected f32"),
    ("vq.conv_in.weight=int8", "cannot be int8, expected f32, bf16"),
    ("blk.*=q4_k", "expected PATTERN=TYPE with a TYPE of int8, int4, f32"),
    ("blk.*", "expected PATTERN=TYPE"), ("=int8", "expected PATTERN=TYPE"),
  ])
  func impossibleOverridesAreRefused(text: String, expected: String) throws {
    let source = try TestCheckpoint().write()
    let error = try #require(throws: ConversionError.self) {
      try convert(source, overrides: [TensorOverride(parsing: text)])
    }
    #expect(error.kind == .usage && error.description.contains(expected), "\(error)")
  }

  @Test func checksumsAreThoseOfTheBytes() throws {
    let file = try convert(TestCheckpoint().write(), .int4)
    for tensor in file.tensors { try file.verify(tensor) }
  }

  @Test func withoutPaintingNothingOfItIsStored() throws {
    var checkpoint = try TestCheckpoint()
    checkpoint.tensors.removeAll {
      $0.name.contains("vqmodel") || $0.name.contains("generation_")
    }
    let file = try convert(checkpoint.write(), painting: false)
    #expect(!file.tensors.contains { $0.name.hasPrefix("vq.") || $0.name.hasPrefix("gen_") })
    #expect(try file.metadata.bool("janus.painting") == false)
    #expect(!file.metadata.keys.contains { $0.hasPrefix("janus.vq") })
  }

  @Test func aSharedHeadIsStoredTwice() throws {
    var checkpoint = try TestCheckpoint()
    checkpoint.remove("lm_head.weight")
    let source = try checkpoint.write()
    let conversion = try Conversion(source: source.path)
    #expect(conversion.notes.contains { $0.contains("shares the embeddings") })
    let file = try convert(source)
    #expect(try floats(file, "output.weight") == floats(file, "token_embd.weight"))
  }

  @Test func unknownTensorsAreListedAndLeftOut() throws {
    var checkpoint = try TestCheckpoint()
    checkpoint.tensors.append(TestTensor(name: "model.new.part", shape: [1], values: [0]))
    let source = try checkpoint.write()
    let conversion = try Conversion(source: source.path)
    #expect(conversion.warnings.count == 1)
    #expect(conversion.warnings[0].contains("model.new.part"))
    let plain = try TestCheckpoint().write()
    #expect(try Conversion(source: plain.path).warnings.isEmpty)
  }

  @Test func bothContainersPresentMeansSafetensorsAndIsSaid() throws {
    let source = try TestCheckpoint().write()
    try source.write("pytorch_model.bin", "not even a zip")
    let conversion = try Conversion(source: source.path)
    #expect(
      conversion.notes.contains("weights from model.safetensors (pytorch_model.bin not used)"))
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func aWeightThatIsNoNumberIsNamedWithItsPlace(value: Float) throws {
    var checkpoint = try TestCheckpoint()
    let name = "model.language_model.layers.1.mlp.up_proj.weight"
    checkpoint[name].values[64 * 37 + 5] = value
    let source = try checkpoint.write()
    let names = source.names
    let error = try #require(throws: ConversionError.self) {
      try Conversion(source: source.path).write(to: source.path + "/m.gguf")
    }
    #expect(error.kind == .data)
    #expect(error.description.contains(name), "\(error)")
    #expect(error.description.contains("row 37, column 5"), "\(error)")
    #expect(source.names == names)
  }

  @Test func aCancelledConversionLeavesNothing() throws {
    let source = try TestCheckpoint().write()
    let names = source.names
    var calls = 0
    let error = try #require(throws: ConversionError.self) {
      try Conversion(source: source.path).write(to: source.path + "/m.gguf") { _ in
        calls += 1
        return calls < 20
      }
    }
    #expect(error == .cancelled)
    #expect(calls == 20)
    #expect(source.names == names)
  }

  @Test func progressEndsAtTheWhole() throws {
    let source = try TestCheckpoint().write()
    let conversion = try Conversion(source: source.path)
    var seen: [Conversion.Progress] = []
    _ = try conversion.write(to: source.path + "/m.gguf") {
      seen.append($0)
      return true
    }
    #expect(seen.map(\.bytesDone) == seen.map(\.bytesDone).sorted())
    #expect(seen.last?.bytesDone == conversion.byteCount)
    #expect(seen.last?.bytesTotal == conversion.byteCount)
    #expect(seen.first?.tensor == "token_embd.weight")
  }

  @Test func theReportSaysWhatEachFormatCosts() throws {
    let source = try TestCheckpoint().write()
    let report = try Conversion(source: source.path).write(
      to: source.path + "/m.gguf", measuringErrors: true)
    func error(_ name: String) throws -> Double {
      try #require(report.tensors.first { $0.name == name }?.error).relativeRMSE
    }
    #expect(try (0.03..<0.12).contains(error("blk.0.ffn_up.weight")))
    #expect(try (0.001..<0.01).contains(error("output.weight")))
    #expect(try error("blk.0.attn_norm.weight") == 0)
  }

  @Test func anUnwritableOutputIsAnErrorOfTheSystem() throws {
    let source = try TestCheckpoint().write()
    for path in ["\(source.path)/absent/m.gguf", source.path] {
      let error = #expect(throws: ConversionError.self) {
        try Conversion(source: source.path).write(to: path)
      }
      #expect(error?.kind == .inputOutput || error?.kind == .missing)
    }
  }
}
