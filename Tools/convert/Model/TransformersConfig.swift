import JanusModelFile
import JanusSystem

extension ModelGeometry {
  /// Reads a `janus` configuration, transformers' own. Absent keys take the defaults of its classes
  /// (transformers 5.23, models/janus/configuration_janus.py).
  init(transformers config: ConfigSection, painting: Bool) throws(ConversionError) {
    var dimensions = ConfiguredDimensions()
    try dimensions.readLanguage(config.section("text_config"))
    try dimensions.readTransformersVision(config.section("vision_config"))
    if painting { try dimensions.readTransformersPainting(config.section("vq_config")) }
    try self.init(dimensions, painting: painting, config: config)
  }
}

extension ConfiguredDimensions {
  fileprivate mutating func readTransformersVision(
    _ section: ConfigSection
  ) throws(ConversionError) {
    try section.demand("hidden_act", .string("gelu"))
    try section.demand("attention_bias", .bool(true))
    try section.demand("use_qk_norm", .bool(false))
    try section.demand("num_channels", .integer(3))
    self[.visionEmbeddingLength] = try section.dimension(
      "hidden_size", .visionEmbeddingLength, default: 1024)
    let ratio = try section.number("mlp_ratio", default: 4, in: ConfigSection.mlpRatios)
    try setVisionFeedForward(ratio: ratio, named: section.name("mlp_ratio"), section)
    self[.visionImageSize] = try section.dimension("image_size", .visionImageSize, default: 384)
    self[.visionPatchSize] = try section.dimension("patch_size", .visionPatchSize, default: 16)
    self[.visionBlockCount] = try section.dimension(
      "num_hidden_layers", .visionBlockCount, default: 24)
    self[.visionHeadCount] = try section.dimension(
      "num_attention_heads", .visionHeadCount, default: 16)
    self[.visionNormEpsilon] = try section.number(
      "layer_norm_eps", .visionNormEpsilon, default: 1e-6)
    self[.visionAlignerDepth] = try section.dimension("depth", .visionAlignerDepth, default: 2)
    try section.demandEqual(
      section.dimension("projection_dim", .embeddingLength, default: 2048),
      self[.embeddingLength])
  }

  fileprivate mutating func readTransformersPainting(
    _ section: ConfigSection
  ) throws(ConversionError) {
    try section.demand("hidden_act", .string("gelu"))
    try section.demand("double_latent", .bool(false))
    for key in ["projection_dim", "image_token_embed_dim"] {
      try section.demandEqual(
        section.dimension(key, .embeddingLength, default: 2048), self[.embeddingLength])
    }
    self[.paintingCodeCount] = try section.dimension(
      "num_embeddings", .paintingCodeCount, default: 16384)
    self[.paintingCodeLength] = try section.dimension(
      "embed_dim", .paintingCodeLength, default: 8)
    // The aligner's depth was called `depth` before it was called `num_hidden_layers`.
    self[.paintingAlignerDepth] = try section.dimension(
      section.has("depth") ? "depth" : "num_hidden_layers", .paintingAlignerDepth, default: 2)
    self[.vqLatentChannels] = try section.dimension(
      "latent_channels", .vqLatentChannels, default: 256)
    self[.vqBaseChannels] = try section.dimension("base_channels", .vqBaseChannels, default: 128)
    self[.vqChannelMultipliers] = try section.integers(
      "channel_multiplier", .vqChannelMultipliers, default: [1, 1, 2, 2, 4])
    self[.vqResidualBlocks] = try section.dimension(
      "num_res_blocks", .vqResidualBlocks, default: 2)
    self[.vqOutputChannels] = try section.dimension("out_channels", .vqOutputChannels, default: 3)
    // Not `num_patches`: transformers' JanusConfig replaces it by this when it loads the file.
    try setFixedPainting(section)
  }
}
