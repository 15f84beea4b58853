import JanusSystem

extension ModelGeometry {
  /// Reads a `janus` configuration, transformers' own. Absent keys take the defaults of its classes
  /// (transformers 5.23, models/janus/configuration_janus.py).
  init(transformers config: ConfigSection, painting: Bool) throws(ConversionError) {
    let language = try Self.language(config.section("text_config"))
    let section = try config.section("vision_config")
    try section.demand("hidden_act", .string("gelu"))
    try section.demand("attention_bias", .bool(true))
    try section.demand("use_qk_norm", .bool(false))
    try section.demand("num_channels", .integer(3))
    let width = try section.dimension("hidden_size", default: 1024, upTo: 1 << 16)
    let ratio = try section.number("mlp_ratio", default: 4, in: 0.01...64)
    let vision = Vision(
      imageSize: try section.dimension("image_size", default: 384, upTo: 4096),
      patchSize: try section.dimension("patch_size", default: 16, upTo: 256), width: width,
      feedForward: .fixed(
        Int(Double(width.value) * ratio), "\(width.source) × \(section.name("mlp_ratio"))"),
      layers: try section.dimension("num_hidden_layers", default: 24, upTo: 1024),
      heads: try section.dimension("num_attention_heads", default: 16, upTo: 1024),
      normEpsilon: try section.number("layer_norm_eps", default: 1e-6, in: 1e-12...1),
      alignerDepth: try section.integer("depth", default: 2, in: 1...64))
    try config.demandEqual(
      section.dimension("projection_dim", default: 2048, upTo: 1 << 16), language.width)
    self.init(language: language, vision: vision, painting: nil)
    if painting {
      self.painting = try Self.transformersPainting(config.section("vq_config"), language, vision)
    }
    try check(config)
  }

  private static func transformersPainting(
    _ section: ConfigSection, _ language: Language, _ vision: Vision
  ) throws(ConversionError) -> Painting {
    try section.demand("hidden_act", .string("gelu"))
    try section.demand("double_latent", .bool(false))
    for key in ["projection_dim", "image_token_embed_dim"] {
      try section.demandEqual(
        section.dimension(key, default: 2048, upTo: 1 << 16), language.width)
    }
    // The aligner's depth was called `depth` before it was called `num_hidden_layers`.
    let depthKey = section.has("depth") ? "depth" : "num_hidden_layers"
    return Painting(
      codes: try section.dimension("num_embeddings", default: 16384, upTo: 1 << 20),
      codeWidth: try section.dimension("embed_dim", default: 8, upTo: 4096),
      // Not `num_patches`: transformers' JanusConfig replaces it by this when it loads the file.
      grid: vision.grid,
      alignerDepth: try section.integer(depthKey, default: 2, in: 1...64),
      latentChannels: try section.dimension("latent_channels", default: 256, upTo: 1 << 16),
      baseChannels: try section.dimension("base_channels", default: 128, upTo: 4096),
      channelMultipliers: try section.integers(
        "channel_multiplier", default: [1, 1, 2, 2, 4], in: 1...64, count: 8),
      residualBlocks: try section.integer("num_res_blocks", default: 2, in: 1...64),
      outputChannels: try section.dimension("out_channels", default: 3, upTo: 3),
      multipliersSource: section.name("channel_multiplier"))
  }
}
