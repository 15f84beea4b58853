import GGUF
import Quant

/// Reads the numbers of a model from its file's metadata, within the limits that the runtime can
/// compute with. Sizes stay far below what could overflow when they are multiplied.
package struct GeometryReader {
  package let container: Container

  package init(container: Container) { self.container = container }

  package func integer(_ key: String, _ range: ClosedRange<Int>) throws(ModelFileError) -> Int {
    do throws(ContainerError) {
      return try container.metadata.integer("janus." + key, in: range)
    } catch {
      throw .container(error)
    }
  }

  private func positive(_ key: String, _ range: ClosedRange<Float>) throws(ModelFileError) -> Float
  {
    let value: Float
    do throws(ContainerError) {
      value = try container.metadata.float("janus." + key)
    } catch {
      throw .container(error)
    }
    guard range.contains(value) else {
      throw contradiction(
        key, "\(range.lowerBound) to \(range.upperBound)", "\(value)")
    }
    return value
  }

  package func contradiction(_ key: String, _ expected: String, _ found: String) -> ModelFileError {
    .geometry(
      file: container.file.path, key: "janus." + key, expected: expected, found: found)
  }

  package func language() throws(ModelFileError) -> LanguageGeometry {
    let geometry = LanguageGeometry(
      layerCount: try integer("block_count", 1...1_024),
      embeddingLength: try integer("embedding_length", 1...65_536),
      feedForwardLength: try integer("feed_forward_length", 1...262_144),
      headCount: try integer("attention.head_count", 1...1_024),
      keyValueHeadCount: try integer("attention.head_count_kv", 1...1_024),
      headDim: try integer("attention.key_length", 2...1_024),
      vocabularySize: try integer("vocab_size", 1...1_048_576),
      contextLength: try integer("context_length", 1...1_048_576),
      normEpsilon: try positive("attention.layer_norm_rms_epsilon", 1e-12...1),
      ropeTheta: try positive("rope.freq_base", 1...1e12))
    guard geometry.headCount.isMultiple(of: geometry.keyValueHeadCount) else {
      throw contradiction(
        "attention.head_count_kv", "a divisor of the \(geometry.headCount) heads",
        "\(geometry.keyValueHeadCount)")
    }
    guard geometry.headDim.isMultiple(of: 2) else {
      throw contradiction("attention.key_length", "an even number", "\(geometry.headDim)")
    }
    return geometry
  }

  package func vision() throws(ModelFileError) -> VisionGeometry {
    let geometry = VisionGeometry(
      imageSize: try integer("vision.image_size", 1...4_096),
      patchSize: try integer("vision.patch_size", 1...256),
      embeddingLength: try integer("vision.embedding_length", 1...65_536),
      feedForwardLength: try integer("vision.feed_forward_length", 1...262_144),
      layerCount: try integer("vision.block_count", 1...1_024),
      headCount: try integer("vision.attention.head_count", 1...1_024),
      normEpsilon: try positive("vision.attention.layer_norm_epsilon", 1e-12...1),
      alignerDepth: try integer("vision.projector_depth", 1...64))
    guard geometry.imageSize.isMultiple(of: geometry.patchSize) else {
      throw contradiction(
        "vision.patch_size", "a divisor of the picture's \(geometry.imageSize) pixels",
        "\(geometry.patchSize)")
    }
    guard geometry.embeddingLength.isMultiple(of: geometry.headCount) else {
      throw contradiction(
        "vision.attention.head_count", "a divisor of \(geometry.embeddingLength)",
        "\(geometry.headCount)")
    }
    return geometry
  }

  /// The painting parts' dimensions; nil where the file has none.
  package func painting() throws(ModelFileError) -> PaintingGeometry? {
    guard try read({ (m) throws(ContainerError) in try m.bool("janus.painting") }) else {
      return nil
    }
    let geometry = PaintingGeometry(
      codeCount: try integer("painting.code_count", 1...1_048_576),
      codeLength: try integer("painting.code_dim", 1...4_096),
      gridSize: try integer("painting.grid", 1...256),
      alignerDepth: try integer("painting.projector_depth", 1...64),
      latentChannels: try integer("vq.latent_channels", 1...65_536),
      baseChannels: try integer("vq.base_channels", 1...65_536),
      channelMultipliers: try read { (m) throws(ContainerError) in
        try m.integers("janus.vq.channel_multipliers", in: 1...64)
      },
      residualBlocks: try integer("vq.res_blocks", 1...64),
      outputChannels: try integer("vq.out_channels", 3...3),
      normGroups: try integer("vq.norm_groups", 1...1_024),
      normEpsilon: try positive("vq.norm_epsilon", 1e-12...1))
    guard (1...8).contains(geometry.channelMultipliers.count) else {
      throw contradiction(
        "vq.channel_multipliers", "1 to 8 numbers", "\(geometry.channelMultipliers.count)")
    }
    guard geometry.imageSize <= 4_096 else {
      throw contradiction(
        "painting.grid", "a picture of at most 4096 pixels a side", "\(geometry.imageSize)")
    }
    for multiplier in geometry.channelMultipliers {
      let channels = multiplier * geometry.baseChannels
      guard channels <= 65_536, channels.isMultiple(of: geometry.normGroups) else {
        throw contradiction(
          "vq.channel_multipliers",
          "channels that \(geometry.normGroups) groups divide, at most 65536", "\(channels)")
      }
    }
    return geometry
  }

  /// The values of the sixteen int4 nibbles.
  package func levels() throws(ModelFileError) -> Levels {
    let values = try read { (m) throws(ContainerError) in
      try m.integers("janus.quant.levels", in: -127...127)
    }
    guard let levels = Levels(values.map { Int8($0) }) else {
      throw contradiction("quant.levels", "16 numbers, ascending", "\(values.prefix(17))")
    }
    return levels
  }

  package func string(_ key: String) throws(ModelFileError) -> String {
    try read { (m) throws(ContainerError) in try m.string("janus." + key) }
  }

  package func read<Value>(
    _ body: (Metadata) throws(ContainerError) -> Value
  ) throws(ModelFileError) -> Value {
    do throws(ContainerError) {
      return try body(container.metadata)
    } catch {
      throw .container(error)
    }
  }
}
