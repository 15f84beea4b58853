import Foundation

/// What `adapter_config.json` of PEFT says of a LoRA adapter.
struct AdapterConfig {
  let file: String
  let rank: Int
  private let alpha: Double
  /// Alphas of single modules, by the ends of their names.
  private let alphas: [(pattern: String, alpha: Double)]
  private let scalesByRoot: Bool
  /// Whether single modules have ranks of their own.
  let hasRanks: Bool

  /// Ways to begin training that change the base model, so that the adapter does not fit the
  /// published one.
  private static let changedBases = ["pissa", "olora", "corda", "loftq", "lora_ga"]
  /// Features whose tensors look like plain LoRA's and mean something else.
  private static let unknown = [
    "layer_replication", "use_qalora", "lora_bias", "use_bdlora", "monteclora_config",
    "arrow_config", "velora_config", "trainable_token_indices",
  ]

  init(_ tree: FileTree) throws(ConversionError) {
    let name = "adapter_config.json"
    guard tree.contains(name) else {
      throw .missing(
        file: "\(tree.path)/\(name)", why: "it states what kind of adapter this is and its scale")
    }
    let source = try tree.open(name)
    let config = try ConfigSection(
      file: source.path, json: source.json(limit: CheckpointLimits.configurationBytes))
    file = config.file
    let type = try config.string("peft_type")
    guard type == "LORA" else {
      throw .data(
        file: file,
        problem:
          "peft_type = '\(shown(type))' cannot be merged here, expected 'LORA'; merge it with "
          + "merge_and_unload of peft and convert the result")
    }
    for key in Self.unknown {
      try config.demand(key, .bool(false), .array([]), .object(JSON.Object()))
    }
    if let start = config.object["init_lora_weights"]?.string?.lowercased(),
      Self.changedBases.contains(where: start.hasPrefix)
    {
      throw .data(
        file: file,
        problem:
          "init_lora_weights = '\(shown(start))' changes the base model, which is not stored; "
          + "merge the adapter with merge_and_unload of peft and convert the result")
    }
    rank = try config.integer("r", in: 1...1 << 16)
    alpha = try config.number("lora_alpha", default: 8, in: -1e6...1e6)
    scalesByRoot = try config.bool("use_rslora", default: false)
    hasRanks = config.object["rank_pattern"]?.object?.keys.isEmpty == false
    alphas = try Self.alphas(config)
  }

  /// `alpha_pattern`: PEFT takes its keys for regular expressions that match the end of a name.
  /// Taken here are those that are names, their dots included.
  private static func alphas(
    _ config: ConfigSection
  ) throws(ConversionError) -> [(pattern: String, alpha: Double)] {
    guard config.has("alpha_pattern") else { return [] }
    var alphas: [(pattern: String, alpha: Double)] = []
    for (key, value) in try config.section("alpha_pattern").object.members {
      let pattern = key.replacing("\\.", with: ".")
      let isName = pattern.utf8.allSatisfy { byte in
        UInt8(ascii: "a") <= byte | 0x20 && byte | 0x20 <= UInt8(ascii: "z")
          || (0x30...0x39).contains(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
      }
      guard isName, let alpha = value.double, alpha.isFinite else {
        throw .data(
          file: config.file,
          problem:
            "alpha_pattern: '\(shown(key))': expected a module's name and a number; merge the "
            + "adapter with merge_and_unload of peft and convert the result")
      }
      alphas.append((pattern, alpha))
    }
    return alphas
  }

  /// What the product of a module's matrices is multiplied by.
  func scale(of module: String, rank: Int) -> Float {
    let alpha = alphas.first { module == $0.pattern || module.hasSuffix("." + $0.pattern) }?.alpha
    let divisor = scalesByRoot ? Double(rank).squareRoot() : Double(rank)
    return Float((alpha ?? self.alpha) / divisor)
  }
}
