import JanusModelFile

/// How sure a model may be said to be: what its logits are divided by before probabilities are stated.
enum ConfidenceTemperature {
  private static let file = "generation_config.json"

  /// `confidence_temperature` of `generation_config.json`, a key of ours; nil where the folder states none.
  static func value(in folder: CheckpointFolder) throws(ConversionError) -> Double? {
    // It was fitted to this folder's weights, not to those of one that lends it files.
    guard let tree = folder.trees.first, tree.contains(file) else { return nil }
    let source = try tree.open(file)
    let config = try ConfigSection(
      file: source.path, json: source.json(limit: CheckpointLimits.configurationBytes))
    guard config.has("confidence_temperature") else { return nil }
    return try config.number("confidence_temperature", .confidenceTemperature)
  }
}
