import JanusSystem

/// All dimensions of a Janus model, each with the place that it was read from.
///
/// The limits are those of the runtime, or below.
struct ModelGeometry: Sendable {
  struct Language: Sendable {
    var layers: Dimension
    var width: Dimension
    var feedForward: Dimension
    var heads: Dimension
    var keyValueHeads: Dimension
    var headWidth: Dimension
    var vocabulary: Dimension
    var context: Int
    var normEpsilon: Double
    var ropeTheta: Double
  }

  struct Vision: Sendable {
    /// Side of the picture and of a patch, in pixels.
    var imageSize: Dimension
    var patchSize: Dimension
    var width: Dimension
    var feedForward: Dimension
    var layers: Dimension
    var heads: Dimension
    var normEpsilon: Double
    /// Linear layers of the aligner.
    var alignerDepth: Int

    var grid: Int { imageSize.value / patchSize.value }
  }

  struct Painting: Sendable {
    var codes: Dimension
    var codeWidth: Dimension
    /// Side of a picture in codes.
    var grid: Int
    /// Linear layers of the code aligner.
    var alignerDepth: Int
    var latentChannels: Dimension
    var baseChannels: Dimension
    /// Finest resolution first.
    var channelMultipliers: [Int]
    var residualBlocks: Int
    var outputChannels: Dimension

    /// The key that `channelMultipliers` comes from.
    var multipliersSource: String

    func channels(_ level: Int) -> Dimension {
      Dimension(
        value: baseChannels.value * channelMultipliers[level],
        source: "\(baseChannels.source) × \(multipliersSource)[\(level)]")
    }
  }

  var language: Language
  var vision: Vision
  /// `nil` where painting is left out.
  var painting: Painting?

  /// Groups of every group norm of the VQ model, fixed in its code.
  static let normGroups = 32
  /// Epsilon of every group norm of the VQ model, fixed in its code.
  static let groupNormEpsilon = 1e-6
}

extension ModelGeometry {
  /// Reads Llama's configuration: absent keys take the defaults of transformers' LlamaConfig, on
  /// which the published 7B file relies.
  static func language(_ config: ConfigSection) throws(ConversionError) -> Language {
    try config.demand("model_type", .string("llama"))
    try config.demand("hidden_act", .string("silu"))
    try config.demand("attention_bias", .bool(false))
    try config.demand("mlp_bias", .bool(false))
    let width = try config.dimension("hidden_size", default: 4096, upTo: 1 << 16)
    let heads = try config.dimension("num_attention_heads", default: 32, upTo: 1024)
    if !config.has("head_dim") { try config.demandMultiple(width, of: heads) }
    let language = Language(
      layers: try config.dimension("num_hidden_layers", default: 32, upTo: 1024), width: width,
      feedForward: try config.dimension("intermediate_size", default: 11008, upTo: 1 << 18),
      heads: heads,
      keyValueHeads: try config.dimension(
        "num_key_value_heads", default: heads.value, upTo: 1024),
      headWidth: try config.dimension(
        "head_dim", default: width.value / heads.value, upTo: 1024),
      vocabulary: try config.dimension("vocab_size", default: 32000, upTo: 1 << 20),
      context: try config.integer("max_position_embeddings", default: 2048, in: 1...1 << 20),
      normEpsilon: try config.number("rms_norm_eps", default: 1e-6, in: 1e-12...1),
      ropeTheta: try ropeTheta(config))
    try config.demandMultiple(language.heads, of: language.keyValueHeads)
    try config.demandMultiple(language.headWidth, of: .fixed(2, "for rotary embeddings"))
    return language
  }

  /// The rotary base, at its old place or, since transformers 5, within `rope_parameters`; a scaling
  /// of positions is refused by its name.
  private static func ropeTheta(_ config: ConfigSection) throws(ConversionError) -> Double {
    for key in ["rope_scaling", "rope_parameters"] where config.has(key) {
      let rope = try config.section(key)
      try rope.demand("rope_type", .string("default"))
      try rope.demand("type", .string("default"))
      try rope.demand("partial_rotary_factor", .integer(1), .number(1))
      guard key == "rope_parameters" else { continue }
      if rope.has("rope_theta") { return try rope.number("rope_theta", in: 1...1e12) }
    }
    return try config.number("rope_theta", default: 10000, in: 1...1e12)
  }

  /// What vision towers and VQ models must fulfil in either naming.
  func check(_ config: ConfigSection) throws(ConversionError) {
    try config.demandMultiple(vision.imageSize, of: vision.patchSize)
    try config.demandMultiple(vision.width, of: vision.heads)
    guard let painting else { return }
    for level in painting.channelMultipliers.indices {
      try config.demandMultiple(
        painting.channels(level), of: .fixed(Self.normGroups, "the groups of a group norm"))
    }
    let side = painting.grid << (painting.channelMultipliers.count - 1)
    guard side <= 4096 else {
      throw .data(
        file: config.file,
        problem: "painted pictures would have \(side) pixels a side, expected at most 4096")
    }
  }
}
