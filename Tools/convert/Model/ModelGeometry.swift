import JanusModelFile
import JanusSystem

/// All dimensions of a checkpoint's model, each with the place that it was read from.
struct ModelGeometry: Sendable {
  let geometry: Geometry
  let sources: ConfiguredDimensions

  /// Groups of every group norm of the VQ model, fixed in its code.
  static let normGroups = Dimension.fixed(32, "the groups of a group norm")
  /// Epsilon of every group norm of the VQ model, fixed in its code.
  static let groupNormEpsilon = 1e-6

  /// Checks what the runtime asks of the dimensions together.
  init(
    _ dimensions: ConfiguredDimensions, painting: Bool, config: ConfigSection
  ) throws(ConversionError) {
    sources = dimensions
    geometry = Geometry(dimensions, painting: painting)
    if let found = geometry.contradiction {
      throw .data(
        file: config.file,
        problem: "\(sources.text(found.subject.meaning)) = \(found.subject.value), expected "
          + sources.text(found.expected))
    }
  }

  /// Every tensor of the file, in its order.
  var tensors: [TensorSpec] { geometry.tensors }

  /// The shape that a checkpoint's tensor must have.
  func shape(of spec: TensorSpec) -> [Dimension] {
    spec.shape.map { Dimension(value: $0.value, source: sources.text($0.meaning)) }
  }
}

extension ConfiguredDimensions {
  /// Reads Llama's configuration: absent keys take the defaults of transformers' LlamaConfig, on
  /// which the published 7B file relies.
  mutating func readLanguage(_ config: ConfigSection) throws(ConversionError) {
    try config.demand("model_type", .string("llama"))
    try config.demand("hidden_act", .string("silu"))
    try config.demand("attention_bias", .bool(false))
    try config.demand("mlp_bias", .bool(false))
    let length = try config.dimension("hidden_size", .embeddingLength, default: 4096)
    let heads = try config.dimension("num_attention_heads", .headCount, default: 32)
    if !config.has("head_dim") { try config.demandMultiple(length, of: heads) }
    self[.embeddingLength] = length
    self[.headCount] = heads
    self[.blockCount] = try config.dimension("num_hidden_layers", .blockCount, default: 32)
    self[.feedForwardLength] = try config.dimension(
      "intermediate_size", .feedForwardLength, default: 11008)
    self[.keyValueHeadCount] = try config.dimension(
      "num_key_value_heads", .keyValueHeadCount, default: heads.value)
    self[.headDim] = try config.dimension(
      "head_dim", .headDim, default: length.value / heads.value)
    self[.vocabularySize] = try config.dimension("vocab_size", .vocabularySize, default: 32000)
    self[.contextLength] = try config.dimension(
      "max_position_embeddings", .contextLength, default: 2048)
    self[.normEpsilon] = try config.number("rms_norm_eps", .normEpsilon, default: 1e-6)
    self[.ropeTheta] = try Self.ropeTheta(config)
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
      if rope.has("rope_theta") { return try rope.number("rope_theta", .ropeTheta) }
    }
    return try config.number("rope_theta", .ropeTheta, default: 10000)
  }

  /// What a vision tower's configuration leaves to be computed, in either naming.
  mutating func setVisionFeedForward(
    ratio: Double, named source: String, _ config: ConfigSection
  ) throws(ConversionError) {
    let length = self[.visionEmbeddingLength]
    self[.visionFeedForwardLength] = try config.checked(
      .fixed(Int(Double(length.value) * ratio), "\(length.source) × \(source)"),
      .visionFeedForwardLength)
  }

  /// What the VQ model's configuration does not state, in either naming.
  ///
  /// A painted picture has as many codes as a picture that is read has patches.
  mutating func setFixedPainting(_ config: ConfigSection) throws(ConversionError) {
    let (size, patch) = (self[.visionImageSize], self[.visionPatchSize])
    self[.paintingGridSize] = try config.checked(
      .fixed(size.value / patch.value, "\(size.source) / \(patch.source)"), .paintingGridSize)
    self[.vqNormGroups] = ModelGeometry.normGroups
    self[.vqNormEpsilon] = ModelGeometry.groupNormEpsilon
  }
}
