import JanusSystem
import Testing

@testable import JanusConvert

/// The published models, whose counts of tensors and numbers are known.
@Suite struct NamingTests {
  /// deepseek-ai's configuration of Janus-Pro-1B, or of 7B where `language` is shorter.
  private func geometry(width: Int, language: String) throws -> ModelGeometry {
    let projector = #""cls":"MlpProjector","params":{"depth":2,"projector_type":"mlp_gelu","#
    let text = """
      {"aligner_config":{\(projector)"input_dim":1024,"n_embed":\(width)}},
       "gen_aligner_config":{\(projector)"input_dim":8,"n_embed":\(width)}},
       "gen_head_config":{"cls":"vision_head","params":{"image_token_embed":\(width),
         "image_token_size":16384,"n_embed":\(width)}},
       "gen_vision_config":{"cls":"VQ-16","params":{"image_token_size":16384,"n_embed":8}},
       "language_config":{"max_position_embeddings":16384,"model_type":"llama",\(language)
         "torch_dtype":"bfloat16","vocab_size":102400},"model_type":"multi_modality",
       "vision_config":{"cls":"CLIPVisionTower","model_type":"vision","params":{"image_size":384,
         "model_name":"siglip_large_patch16_384","select_feature":"same","select_layer":-1}}}
      """
    return try ModelGeometry(
      deepseek: ConfigSection(file: "config.json", json: JSONParser.parse(Array(text.utf8))),
      painting: true)
  }

  private func oneBillion() throws -> ModelGeometry {
    try geometry(
      width: 2048,
      language: #"""
        "hidden_size":2048,"intermediate_size":5632,"num_attention_heads":16,
        "num_hidden_layers":24,"num_key_value_heads":16,
        """#)
  }

  private func sevenBillion() throws -> ModelGeometry {
    try geometry(width: 4096, language: #""num_hidden_layers":30,"#)
  }

  @Test func thePublishedModelsHaveTheirCounts() throws {
    // Checkpoints hold 882 and 936 tensors in deepseek's naming, 964 and 1018 in transformers'; 146
    // of the VQ encoder and, in deepseek's, 14 more are not used.
    for (geometry, deepseek, transformers, numbers) in [
      (try oneBillion(), 882 - 160, 964 - 146, 2_047_336_579),
      (try sevenBillion(), 936 - 160, 1018 - 146, 7_378_473_091),
    ] {
      let tensors = geometry.tensors
      let names = tensors.map(\.name)
      #expect(Set(names).count == names.count)
      #expect(Set(names.map { Naming.deepseek.source(of: $0).name }).count == deepseek)
      #expect(Set(names.map { Naming.transformers.source(of: $0).name }).count == transformers)
      #expect(tensors.reduce(0) { $0 + $1.storedShape.reduce(1, *) } == numbers)
    }
  }

  @Test(arguments: [
    (
      "blk.23.ffn_down.weight", "language_model.model.layers.23.mlp.down_proj.weight",
      Naming.Part.whole
    ),
    ("v.position_embd.weight", "vision_model.vision_tower.pos_embed", .squeezed),
    ("v.blk.7.attn_k.bias", "vision_model.vision_tower.blocks.7.attn.qkv.bias", .third(1)),
    ("mm.1.weight", "aligner.layers.2.weight", .whole),
    ("gen_head.0.bias", "gen_head.output_mlp_projector.bias", .whole),
    ("vq.mid.1.proj.weight", "gen_vision_model.decoder.mid.1.proj_out.weight", .whole),
    (
      "vq.up.3.res.0.shortcut.bias",
      "gen_vision_model.decoder.conv_blocks.3.res.0.nin_shortcut.bias", .whole
    ),
  ])
  func deepseeksNames(name: String, source: String, part: Naming.Part) {
    let found = Naming.deepseek.source(of: name)
    #expect(found.name == source && found.part == part)
  }

  @Test(arguments: [
    ("blk.0.ffn_norm.weight", "model.language_model.layers.0.post_attention_layernorm.weight"),
    ("output.weight", "lm_head.weight"),
    ("mm.0.bias", "model.aligner.fc1.bias"),
    ("gen_mm.1.weight", "model.generation_aligner.hidden_layers.0.weight"),
    ("vq.mid.2.conv1.weight", "model.vqmodel.decoder.mid.block_2.conv1.weight"),
    ("vq.up.0.attn.2.norm.bias", "model.vqmodel.decoder.up.0.attn.2.norm.bias"),
    ("vq.up.1.upsample.weight", "model.vqmodel.decoder.up.1.upsample.conv.weight"),
  ])
  func transformersNames(name: String, source: String) {
    let found = Naming.transformers.source(of: name)
    #expect(found.name == source && found.part == .whole)
  }
}
