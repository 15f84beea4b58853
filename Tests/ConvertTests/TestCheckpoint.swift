import Foundation
import JanusSystem

@testable import JanusConvert

/// The committed small checkpoint, to be changed, renamed and written again in every published form.
struct TestCheckpoint {
  var tensors: [TestTensor]
  var config: JSON
  /// The other files, by name.
  var files: [String: String] = [:]

  /// The checkpoint as it is committed: transformers' naming.
  init() throws {
    let folder = fixture("tiny")
    tensors = try SafetensorsFile(path: "\(folder)/model.safetensors").tensors.map {
      TestTensor(name: $0.name, shape: $0.shape, values: try values($0))
    }
    config = try SourceFile.json("\(folder)/config.json", limit: 1 << 20)
    for name in [
      "tokenizer.json", "tokenizer_config.json", "preprocessor_config.json",
      "processor_config.json",
    ] {
      files[name] = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
    }
  }

  subscript(name: String) -> TestTensor {
    get { tensors.first { $0.name == name }! }
    set { tensors[tensors.firstIndex { $0.name == name }!] = newValue }
  }

  mutating func remove(_ name: String) { tensors.removeAll { $0.name == name } }

  /// Sets a value of the configuration, "text_config.vocab_size" say; nil removes it.
  mutating func set(_ path: String, _ value: JSON?) {
    config = config.setting(path.split(separator: ".").map(String.init)[...], value)
  }

  enum Container: CaseIterable { case safetensors, torch }

  /// Writes a checkpoint folder.
  func write(_ container: Container = .safetensors, shards: Int = 1) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write("config.json", config.text)
    for (name, text) in files { try folder.write(name, text) }
    let (stem, suffix) =
      container == .safetensors ? ("model", "safetensors") : ("pytorch_model", "bin")
    func bytes(_ tensors: [TestTensor]) -> [UInt8] {
      container == .safetensors ? safetensors(tensors) : torchArchive(tensors)
    }
    guard shards > 1 else {
      try folder.write("\(stem).\(suffix)", bytes(tensors))
      return folder
    }
    var map = JSON.Object()
    for shard in 0..<shards {
      let name = "\(stem)-0000\(shard + 1)-of-0000\(shards).\(suffix)"
      let part = tensors.indices.filter { $0 % shards == shard }.map { tensors[$0] }
      try folder.write(name, bytes(part))
      for tensor in part { _ = map.append(tensor.name, .string(name)) }
    }
    var index = JSON.Object()
    _ = index.append("weight_map", .object(map))
    try folder.write("\(stem).\(suffix).index.json", JSON.object(index).text)
    return folder
  }

  /// The same model as deepseek publishes it: other names, q, k and v in one tensor, a batch
  /// dimension on the position embeddings, and tensors that no forward pass reads.
  func inDeepseekNaming() -> TestCheckpoint {
    var result = self
    result.tensors = []
    for tensor in tensors {
      var renamed = tensor
      renamed.name = Self.deepseekName(tensor.name)
      if tensor.name.hasSuffix("position_embedding.weight") { renamed.shape.insert(1, at: 0) }
      if tensor.name.contains("vision_model"), tensor.name.contains(".q_proj.") {
        for part in [".k_proj.", ".v_proj."] {
          renamed.values += self[tensor.name.replacing(".q_proj.", with: part)].values
        }
        renamed.shape[0] *= 3
        renamed.name = renamed.name.replacing(".q_proj.", with: ".qkv.")
      } else if tensor.name.contains("vision_model"),
        tensor.name.contains(".k_proj.") || tensor.name.contains(".v_proj.")
      {
        continue
      }
      result.tensors.append(renamed)
    }
    for name in [
      "vision_model.vision_tower.attn_pool.latent", "gen_vision_model.quantize.codebook_used",
    ] {
      result.tensors.append(TestTensor(name: name, shape: [2], values: [1, 2]))
    }
    result.config = deepseekConfig
    return result
  }

  private static func deepseekName(_ name: String) -> String {
    var name = name
    for (from, to) in [
      (
        "model.vision_model.embeddings.patch_embedding",
        "vision_model.vision_tower.patch_embed.proj"
      ),
      (
        "model.vision_model.embeddings.position_embedding.weight",
        "vision_model.vision_tower.pos_embed"
      ),
      ("model.vision_model.encoder.layers", "vision_model.vision_tower.blocks"),
      ("model.vision_model.post_layernorm", "vision_model.vision_tower.norm"),
      ("model.aligner.fc1", "aligner.layers.0"),
      ("model.aligner.hidden_layers.0", "aligner.layers.2"),
      ("model.generation_aligner.fc1", "gen_aligner.layers.0"),
      ("model.generation_aligner.hidden_layers.0", "gen_aligner.layers.2"),
      ("model.generation_head.proj_out", "gen_head.output_mlp_projector"),
      ("model.generation_head.vision_head", "gen_head.vision_head"),
      ("model.generation_embeddings", "gen_embed"),
      ("model.language_model", "language_model.model"),
      ("model.vqmodel", "gen_vision_model"),
    ] where name.hasPrefix(from) {
      name = to + name.dropFirst(from.count)
    }
    if name == "lm_head.weight" { return "language_model.lm_head.weight" }
    if name.hasPrefix("vision_model") {
      name = name.replacing("layer_norm", with: "norm")
        .replacing("self_attn.projection_layer", with: "attn.proj")
        .replacing("self_attn", with: "attn")
    }
    if name.hasPrefix("gen_vision_model") {
      name = name.replacing("decoder.up.", with: "decoder.conv_blocks.")
        .replacing(".block.", with: ".res.").replacing("mid.block_1", with: "mid.0")
        .replacing("mid.attn_1", with: "mid.1").replacing("mid.block_2", with: "mid.2")
    }
    return name
  }

  private var deepseekConfig: JSON {
    let projector = #""cls": "MlpProjector", "params": {"depth": 2, "projector_type": "mlp_gelu","#
    let text = """
      {"model_type": "multi_modality", "language_config": {"hidden_size": 64,
        "intermediate_size": 96, "max_position_embeddings": 512, "model_type": "llama",
        "num_attention_heads": 4, "num_hidden_layers": 2, "vocab_size": 544},
       "aligner_config": {\(projector) "input_dim": 64, "n_embed": 64}},
       "gen_aligner_config": {\(projector) "input_dim": 8, "n_embed": 64}},
       "gen_head_config": {"cls": "vision_head",
         "params": {"image_token_embed": 64, "image_token_size": 256, "n_embed": 64}},
       "gen_vision_config": {"cls": "VQ-16", "params": {"image_token_size": 256, "n_embed": 8,
         "z_channels": 32, "ch": 32, "decoder_ch_mult": [1, 1], "num_res_blocks": 1}},
       "vision_config": {"cls": "CLIPVisionTower", "params": {"image_size": 64,
         "model_name": "siglip_large_patch16_384", "select_layer": -1, "width": 64, "layers": 2,
         "heads": 4, "patch_size": 8, "mlp_ratio": 2}}}
      """
    return try! JSONParser.parse(Array(text.utf8))
  }
}

extension JSON {
  func setting(_ path: ArraySlice<String>, _ value: JSON?) -> JSON {
    guard let key = path.first else { return value ?? .null }
    var result = JSON.Object()
    var isFound = false
    for (name, member) in (object ?? JSON.Object()).members {
      if name != key {
        _ = result.append(name, member)
      } else {
        isFound = true
        if path.count > 1 || value != nil {
          _ = result.append(name, member.setting(path.dropFirst(), value))
        }
      }
    }
    if !isFound { _ = result.append(key, JSON.null.setting(path.dropFirst(), value)) }
    return .object(result)
  }
}
