import JanusSystem

/// The two ways in which published checkpoints name their tensors.
enum Naming: String, CaseIterable, Sendable {
  /// deepseek-ai's own, `multi_modality`.
  case deepseek
  /// transformers', `janus`.
  case transformers

  /// The `model_type` of a configuration.
  var modelType: String { self == .deepseek ? "multi_modality" : "janus" }

  /// How a tensor of the file is made from the checkpoint's.
  enum Part: Equatable, Sendable {
    case whole
    /// One of three equal groups of rows: q, k and v lie in one tensor.
    case third(Int)
    /// Without its first dimension, which is 1.
    case squeezed
  }

  /// A line of a table: the name of a tensor in the file and in the checkpoint.
  ///
  /// A `*` stands for one component between dots and matches in order; in the checkpoint's name `2*`
  /// is twice the number and `*-1` one less.
  struct Rule: Sendable {
    let name: String
    let source: String
    let part: Part

    init(_ name: String, _ source: String, _ part: Part = .whole) {
      (self.name, self.source, self.part) = (name, source, part)
    }
  }

  var rules: [Rule] { self == .deepseek ? Self.deepseekRules : Self.transformersRules }

  /// Prefixes of tensors that a checkpoint holds but no forward pass reads.
  var unused: [String] {
    switch self {
    case .deepseek:
      [
        "vision_model.vision_tower.attn_pool.", "gen_vision_model.encoder.",
        "gen_vision_model.quant_conv.", "gen_vision_model.quantize.codebook_used",
      ]
    case .transformers: ["model.vqmodel.encoder.", "model.vqmodel.quant_conv."]
    }
  }

  /// Prefixes of tensors that only painting reads.
  var painting: [String] {
    switch self {
    case .deepseek: ["gen_vision_model.", "gen_aligner.", "gen_head.", "gen_embed."]
    case .transformers: ["model.vqmodel.", "model.generation_"]
    }
  }

  private static let deepseekRules: [Rule] = [
    Rule("token_embd.weight", "language_model.model.embed_tokens.weight"),
    Rule("blk.*.attn_norm.weight", "language_model.model.layers.*.input_layernorm.weight"),
    Rule("blk.*.attn_q.weight", "language_model.model.layers.*.self_attn.q_proj.weight"),
    Rule("blk.*.attn_k.weight", "language_model.model.layers.*.self_attn.k_proj.weight"),
    Rule("blk.*.attn_v.weight", "language_model.model.layers.*.self_attn.v_proj.weight"),
    Rule("blk.*.attn_output.weight", "language_model.model.layers.*.self_attn.o_proj.weight"),
    Rule("blk.*.ffn_norm.weight", "language_model.model.layers.*.post_attention_layernorm.weight"),
    Rule("blk.*.ffn_gate.weight", "language_model.model.layers.*.mlp.gate_proj.weight"),
    Rule("blk.*.ffn_up.weight", "language_model.model.layers.*.mlp.up_proj.weight"),
    Rule("blk.*.ffn_down.weight", "language_model.model.layers.*.mlp.down_proj.weight"),
    Rule("output_norm.weight", "language_model.model.norm.weight"),
    Rule("output.weight", "language_model.lm_head.weight"),

    Rule("v.patch_embd.*", "vision_model.vision_tower.patch_embed.proj.*"),
    Rule("v.position_embd.weight", "vision_model.vision_tower.pos_embed", .squeezed),
    Rule("v.blk.*.ln1.*", "vision_model.vision_tower.blocks.*.norm1.*"),
    Rule("v.blk.*.ln2.*", "vision_model.vision_tower.blocks.*.norm2.*"),
    Rule("v.blk.*.attn_q.*", "vision_model.vision_tower.blocks.*.attn.qkv.*", .third(0)),
    Rule("v.blk.*.attn_k.*", "vision_model.vision_tower.blocks.*.attn.qkv.*", .third(1)),
    Rule("v.blk.*.attn_v.*", "vision_model.vision_tower.blocks.*.attn.qkv.*", .third(2)),
    Rule("v.blk.*.attn_out.*", "vision_model.vision_tower.blocks.*.attn.proj.*"),
    Rule("v.blk.*.ffn_up.*", "vision_model.vision_tower.blocks.*.mlp.fc1.*"),
    Rule("v.blk.*.ffn_down.*", "vision_model.vision_tower.blocks.*.mlp.fc2.*"),
    Rule("v.post_ln.*", "vision_model.vision_tower.norm.*"),

    // The odd layers of a projector are activations.
    Rule("mm.*.*", "aligner.layers.2*.*"),
    Rule("gen_mm.*.*", "gen_aligner.layers.2*.*"),
    Rule("gen_head.0.*", "gen_head.output_mlp_projector.*"),
    Rule("gen_head.1.*", "gen_head.vision_head.*"),
    Rule("gen_embd.weight", "gen_embed.weight"),

    Rule("vq.codebook.weight", "gen_vision_model.quantize.embedding.weight"),
    Rule("vq.post_quant_conv.*", "gen_vision_model.post_quant_conv.*"),
    Rule("vq.conv_in.*", "gen_vision_model.decoder.conv_in.*"),
    Rule("vq.mid.1.proj.*", "gen_vision_model.decoder.mid.1.proj_out.*"),
    Rule("vq.mid.*.*.*", "gen_vision_model.decoder.mid.*.*.*"),
    Rule(
      "vq.up.*.res.*.shortcut.*", "gen_vision_model.decoder.conv_blocks.*.res.*.nin_shortcut.*"),
    Rule("vq.up.*.res.*.*.*", "gen_vision_model.decoder.conv_blocks.*.res.*.*.*"),
    Rule("vq.up.*.attn.*.proj.*", "gen_vision_model.decoder.conv_blocks.*.attn.*.proj_out.*"),
    Rule("vq.up.*.attn.*.*.*", "gen_vision_model.decoder.conv_blocks.*.attn.*.*.*"),
    Rule("vq.up.*.upsample.*", "gen_vision_model.decoder.conv_blocks.*.upsample.conv.*"),
    Rule("vq.norm_out.*", "gen_vision_model.decoder.norm_out.*"),
    Rule("vq.conv_out.*", "gen_vision_model.decoder.conv_out.*"),
  ]

  private static let transformersRules: [Rule] = [
    Rule("token_embd.weight", "model.language_model.embed_tokens.weight"),
    Rule("blk.*.attn_norm.weight", "model.language_model.layers.*.input_layernorm.weight"),
    Rule("blk.*.attn_q.weight", "model.language_model.layers.*.self_attn.q_proj.weight"),
    Rule("blk.*.attn_k.weight", "model.language_model.layers.*.self_attn.k_proj.weight"),
    Rule("blk.*.attn_v.weight", "model.language_model.layers.*.self_attn.v_proj.weight"),
    Rule("blk.*.attn_output.weight", "model.language_model.layers.*.self_attn.o_proj.weight"),
    Rule("blk.*.ffn_norm.weight", "model.language_model.layers.*.post_attention_layernorm.weight"),
    Rule("blk.*.ffn_gate.weight", "model.language_model.layers.*.mlp.gate_proj.weight"),
    Rule("blk.*.ffn_up.weight", "model.language_model.layers.*.mlp.up_proj.weight"),
    Rule("blk.*.ffn_down.weight", "model.language_model.layers.*.mlp.down_proj.weight"),
    Rule("output_norm.weight", "model.language_model.norm.weight"),
    Rule("output.weight", "lm_head.weight"),

    Rule("v.patch_embd.*", "model.vision_model.embeddings.patch_embedding.*"),
    Rule("v.position_embd.*", "model.vision_model.embeddings.position_embedding.*"),
    Rule("v.blk.*.ln1.*", "model.vision_model.encoder.layers.*.layer_norm1.*"),
    Rule("v.blk.*.ln2.*", "model.vision_model.encoder.layers.*.layer_norm2.*"),
    Rule("v.blk.*.attn_q.*", "model.vision_model.encoder.layers.*.self_attn.q_proj.*"),
    Rule("v.blk.*.attn_k.*", "model.vision_model.encoder.layers.*.self_attn.k_proj.*"),
    Rule("v.blk.*.attn_v.*", "model.vision_model.encoder.layers.*.self_attn.v_proj.*"),
    Rule("v.blk.*.attn_out.*", "model.vision_model.encoder.layers.*.self_attn.projection_layer.*"),
    Rule("v.blk.*.ffn_up.*", "model.vision_model.encoder.layers.*.mlp.fc1.*"),
    Rule("v.blk.*.ffn_down.*", "model.vision_model.encoder.layers.*.mlp.fc2.*"),
    Rule("v.post_ln.*", "model.vision_model.post_layernorm.*"),

    Rule("mm.0.*", "model.aligner.fc1.*"),
    Rule("mm.*.*", "model.aligner.hidden_layers.*-1.*"),
    Rule("gen_mm.0.*", "model.generation_aligner.fc1.*"),
    Rule("gen_mm.*.*", "model.generation_aligner.hidden_layers.*-1.*"),
    Rule("gen_head.0.*", "model.generation_head.proj_out.*"),
    Rule("gen_head.1.*", "model.generation_head.vision_head.*"),
    Rule("gen_embd.weight", "model.generation_embeddings.weight"),

    Rule("vq.codebook.weight", "model.vqmodel.quantize.embedding.weight"),
    Rule("vq.post_quant_conv.*", "model.vqmodel.post_quant_conv.*"),
    Rule("vq.conv_in.*", "model.vqmodel.decoder.conv_in.*"),
    Rule("vq.mid.0.*.*", "model.vqmodel.decoder.mid.block_1.*.*"),
    Rule("vq.mid.1.proj.*", "model.vqmodel.decoder.mid.attn_1.proj_out.*"),
    Rule("vq.mid.1.*.*", "model.vqmodel.decoder.mid.attn_1.*.*"),
    Rule("vq.mid.2.*.*", "model.vqmodel.decoder.mid.block_2.*.*"),
    Rule("vq.up.*.res.*.shortcut.*", "model.vqmodel.decoder.up.*.block.*.nin_shortcut.*"),
    Rule("vq.up.*.res.*.*.*", "model.vqmodel.decoder.up.*.block.*.*.*"),
    Rule("vq.up.*.attn.*.proj.*", "model.vqmodel.decoder.up.*.attn.*.proj_out.*"),
    Rule("vq.up.*.attn.*.*.*", "model.vqmodel.decoder.up.*.attn.*.*.*"),
    Rule("vq.up.*.upsample.*", "model.vqmodel.decoder.up.*.upsample.conv.*"),
    Rule("vq.norm_out.*", "model.vqmodel.decoder.norm_out.*"),
    Rule("vq.conv_out.*", "model.vqmodel.decoder.conv_out.*"),
  ]
}

extension Naming {
  /// The checkpoint's name of a tensor of the file, and which part of it that is.
  func source(of name: String) -> (name: String, part: Part) {
    for rule in rules {
      if let captures = Self.captures(name, rule.name) {
        return (Self.fill(rule.source, captures), rule.part)
      }
    }
    preconditionFailure("no rule names '\(name)'")
  }

  /// Whether a checkpoint's tensor of this name is one that a larger model would use.
  func knows(source: String) -> Bool {
    rules.contains { rule in
      let pattern = rule.source.replacing("2*", with: "*").replacing("*-1", with: "*")
      return Self.captures(source, pattern) != nil
    }
  }

  /// The parts of a name that match the stars of a pattern; `nil` where it does not match.
  private static func captures(_ name: String, _ pattern: String) -> [Substring]? {
    let components = name.split(separator: ".")
    let patterns = pattern.split(separator: ".")
    guard components.count == patterns.count else { return nil }
    var captures: [Substring] = []
    for (component, pattern) in zip(components, patterns) {
      if pattern == "*" {
        captures.append(component)
      } else if pattern != component {
        return nil
      }
    }
    return captures
  }

  private static func fill(_ pattern: String, _ captures: [Substring]) -> String {
    var rest = captures[...]
    let components = pattern.split(separator: ".").map { component in
      guard component.contains("*"), let capture = rest.popFirst() else { return String(component) }
      guard let number = Int(capture) else { return String(capture) }
      return switch component {
      case "2*": "\(2 * number)"
      case "*-1": "\(number - 1)"
      default: String(capture)
      }
    }
    return components.joined(separator: ".")
  }
}
