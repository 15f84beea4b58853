import JanusModelFile
import JanusSystem

extension ModelGeometry {
  /// Reads a `multi_modality` configuration, deepseek-ai's own.
  ///
  /// The vision tower and the VQ model are known by name; the fields of deepseek's classes
  /// (`width`, `layers`, `heads`, `patch_size`, `mlp_ratio`; `z_channels`, `ch`, `decoder_ch_mult`,
  /// `num_res_blocks`) override what a name stands for. The tensors have the last word: the
  /// conversion compares every size with them.
  init(deepseek config: ConfigSection, painting: Bool) throws(ConversionError) {
    var dimensions = ConfiguredDimensions()
    try dimensions.readLanguage(config.section("language_config"))
    try dimensions.readDeepseekVision(config)
    if painting { try dimensions.readDeepseekPainting(config) }
    try self.init(dimensions, painting: painting, config: config)
  }
}

extension ConfiguredDimensions {
  /// What deepseek's configuration only names: SigLIP_MODEL_CONFIG of its `siglip_vit.py`.
  private struct NamedTower {
    let width: Int
    let layers: Int
    let heads: Int
    let patchSize: Int
    let mlpRatio: Double
  }

  private static let namedTowers = [
    "siglip_large_patch16_384": NamedTower(
      width: 1024, layers: 24, heads: 16, patchSize: 16, mlpRatio: 4),
    "siglip_so400m_patch14_384": NamedTower(
      width: 1152, layers: 27, heads: 16, patchSize: 14, mlpRatio: 3.7362),
  ]

  fileprivate mutating func readDeepseekVision(_ config: ConfigSection) throws(ConversionError) {
    let section = try config.section("vision_config")
    try section.demand("cls", .string("CLIPVisionTower"))
    let params = try section.section("params")
    try params.demand("select_layer", .integer(-1))
    try params.demand("pixel_mean")
    try params.demand("pixel_std")
    let tower = try params.string("model_name")
    guard let named = Self.namedTowers[tower] else {
      throw .data(
        file: config.file,
        problem: "\(params.name("model_name")) = '\(shown(tower))' is not supported, expected "
          + Self.namedTowers.keys.sorted().joined(separator: " or "))
    }
    func dimension(_ name: String, _ key: IntegerKey, _ value: Int) throws(ConversionError)
      -> Dimension
    {
      params.has(name) ? try params.dimension(name, key) : .fixed(value, "\(name) of \(tower)")
    }
    self[.visionEmbeddingLength] = try dimension("width", .visionEmbeddingLength, named.width)
    let ratio = try params.number(
      "mlp_ratio", default: named.mlpRatio, in: ConfigSection.mlpRatios)
    try setVisionFeedForward(ratio: ratio, named: "mlp_ratio \(ratio)", config)
    self[.visionImageSize] = try params.dimension("image_size", .visionImageSize, default: 384)
    self[.visionPatchSize] = try dimension("patch_size", .visionPatchSize, named.patchSize)
    self[.visionBlockCount] = try dimension("layers", .visionBlockCount, named.layers)
    self[.visionHeadCount] = try dimension("heads", .visionHeadCount, named.heads)
    self[.visionNormEpsilon] = 1e-6
    self[.visionAlignerDepth] = try Self.deepseekAligner(
      config.section("aligner_config"), .visionAlignerDepth,
      input: (.visionEmbeddingLength, self[.visionEmbeddingLength]),
      output: (.embeddingLength, self[.embeddingLength]))
  }

  /// Checks a projector and returns its number of linear layers.
  private static func deepseekAligner(
    _ section: ConfigSection, _ depth: IntegerKey, input: (IntegerKey, Dimension),
    output: (IntegerKey, Dimension)
  ) throws(ConversionError) -> Dimension {
    try section.demand("cls", .string("MlpProjector"))
    let params = try section.section("params")
    try params.demand("projector_type", .string("mlp_gelu"))
    try section.demandEqual(params.dimension("input_dim", input.0), input.1)
    try section.demandEqual(params.dimension("n_embed", output.0), output.1)
    return try params.dimension("depth", depth, default: 1)
  }

  fileprivate mutating func readDeepseekPainting(
    _ config: ConfigSection
  ) throws(ConversionError) {
    let section = try config.section("gen_vision_config")
    try section.demand("cls", .string("VQ-16"))
    let params = try section.section("params")
    let codes = try params.dimension("image_token_size", .paintingCodeCount)
    let codeLength = try params.dimension("n_embed", .paintingCodeLength)
    let language = self[.embeddingLength]

    let headSection = try config.section("gen_head_config")
    try headSection.demand("cls", .string("vision_head"))
    let head = try headSection.section("params")
    try config.demandEqual(head.dimension("image_token_size", .paintingCodeCount), codes)
    for key in ["image_token_embed", "n_embed"] {
      try config.demandEqual(head.dimension(key, .embeddingLength), language)
    }
    self[.paintingCodeCount] = codes
    self[.paintingCodeLength] = codeLength
    self[.paintingAlignerDepth] = try Self.deepseekAligner(
      config.section("gen_aligner_config"), .paintingAlignerDepth,
      input: (.paintingCodeLength, codeLength), output: (.embeddingLength, language))
    self[.vqLatentChannels] = try params.dimension("z_channels", .vqLatentChannels, default: 256)
    self[.vqBaseChannels] = try params.dimension("ch", .vqBaseChannels, default: 128)
    self[.vqChannelMultipliers] = try params.integers(
      "decoder_ch_mult", .vqChannelMultipliers, default: [1, 1, 2, 2, 4])
    self[.vqResidualBlocks] = try params.dimension(
      "num_res_blocks", .vqResidualBlocks, default: 2)
    self[.vqOutputChannels] = .fixed(3, "the channels of a picture")
    try setFixedPainting(params)
  }
}
