import JanusSystem

extension ModelGeometry {
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

  /// Reads a `multi_modality` configuration, deepseek-ai's own.
  ///
  /// The vision tower and the VQ model are known by name; the fields of deepseek's classes
  /// (`width`, `layers`, `heads`, `patch_size`, `mlp_ratio`; `z_channels`, `ch`, `decoder_ch_mult`,
  /// `num_res_blocks`) override what a name stands for. The tensors have the last word: the
  /// conversion compares every size with them.
  init(deepseek config: ConfigSection, painting: Bool) throws(ConversionError) {
    let language = try Self.language(config.section("language_config"))
    let vision = try Self.deepseekVision(config)
    let depth = try Self.deepseekAligner(
      config.section("aligner_config"), input: vision.width, output: language.width)
    self.init(language: language, vision: vision, painting: nil)
    self.vision.alignerDepth = depth
    if painting { self.painting = try Self.deepseekPainting(config, language, vision) }
    try check(config)
  }

  private static func deepseekVision(_ config: ConfigSection) throws(ConversionError) -> Vision {
    let section = try config.section("vision_config")
    try section.demand("cls", .string("CLIPVisionTower"))
    let params = try section.section("params")
    try params.demand("select_layer", .integer(-1))
    try params.demand("pixel_mean")
    try params.demand("pixel_std")
    let name = try params.string("model_name")
    guard let named = namedTowers[name] else {
      throw .data(
        file: config.file,
        problem: "\(params.name("model_name")) = '\(shown(name))' is not supported, expected "
          + namedTowers.keys.sorted().joined(separator: " or "))
    }
    func dimension(_ key: String, _ value: Int, upTo limit: Int) throws(ConversionError)
      -> Dimension
    {
      params.has(key)
        ? try params.dimension(key, upTo: limit) : .fixed(value, "\(key) of \(name)")
    }
    let width = try dimension("width", named.width, upTo: 1 << 16)
    let ratio = try params.number("mlp_ratio", default: named.mlpRatio, in: 0.01...64)
    return Vision(
      imageSize: try params.dimension("image_size", default: 384, upTo: 4096),
      patchSize: try dimension("patch_size", named.patchSize, upTo: 256), width: width,
      feedForward: .fixed(
        Int(Double(width.value) * ratio), "\(width.source) × mlp_ratio \(ratio)"),
      layers: try dimension("layers", named.layers, upTo: 1024),
      heads: try dimension("heads", named.heads, upTo: 1024), normEpsilon: 1e-6, alignerDepth: 1)
  }

  /// Checks a projector and returns its number of linear layers.
  private static func deepseekAligner(
    _ section: ConfigSection, input: Dimension, output: Dimension
  ) throws(ConversionError) -> Int {
    try section.demand("cls", .string("MlpProjector"))
    let params = try section.section("params")
    try params.demand("projector_type", .string("mlp_gelu"))
    try section.demandEqual(params.dimension("input_dim", upTo: 1 << 16), input)
    try section.demandEqual(params.dimension("n_embed", upTo: 1 << 16), output)
    return try params.integer("depth", default: 1, in: 1...64)
  }

  private static func deepseekPainting(
    _ config: ConfigSection, _ language: Language, _ vision: Vision
  ) throws(ConversionError) -> Painting {
    let section = try config.section("gen_vision_config")
    try section.demand("cls", .string("VQ-16"))
    let params = try section.section("params")
    let codes = try params.dimension("image_token_size", upTo: 1 << 20)
    let codeWidth = try params.dimension("n_embed", upTo: 4096)

    let headSection = try config.section("gen_head_config")
    try headSection.demand("cls", .string("vision_head"))
    let head = try headSection.section("params")
    try config.demandEqual(head.dimension("image_token_size", upTo: 1 << 20), codes)
    try config.demandEqual(head.dimension("image_token_embed", upTo: 1 << 16), language.width)
    try config.demandEqual(head.dimension("n_embed", upTo: 1 << 16), language.width)
    return Painting(
      codes: codes, codeWidth: codeWidth, grid: vision.grid,
      alignerDepth: try deepseekAligner(
        config.section("gen_aligner_config"), input: codeWidth, output: language.width),
      latentChannels: try params.dimension("z_channels", default: 256, upTo: 1 << 16),
      baseChannels: try params.dimension("ch", default: 128, upTo: 4096),
      channelMultipliers: try params.integers(
        "decoder_ch_mult", default: [1, 1, 2, 2, 4], in: 1...64, count: 8),
      residualBlocks: try params.integer("num_res_blocks", default: 2, in: 1...64),
      outputChannels: .fixed(3, "the channels of a picture"),
      multipliersSource: params.name("decoder_ch_mult"))
  }
}
