import JanusModelFile
import JanusSystem

/// What a checkpoint holds: its naming, its geometry, and the source of each tensor of the file.
struct Checkpoint {
  let folder: CheckpointFolder
  let naming: Naming
  let geometry: ModelGeometry
  /// In the order of the file.
  let tensors: [(spec: TensorSpec, stored: StoredTensor)]
  /// Notes on what was found and chosen, one line each.
  let notes: [String]
  /// Warnings, one line each.
  let warnings: [String]

  /// - Parameters:
  ///   - path: what `CheckpointFolder` takes.
  ///   - base: a checkpoint that lends the configuration files that are missing.
  ///   - adapter: a LoRA adapter that is merged into the weights.
  init(
    folder path: String, base: String? = nil, adapter: String? = nil, painting: Bool
  ) throws(ConversionError) {
    folder = try CheckpointFolder(path: path, base: base, hasAdapter: adapter != nil)
    let configuration = try CheckpointConfiguration(folder, painting: painting)
    let config = configuration.config
    naming = configuration.naming
    geometry = configuration.geometry

    var merged: LoRAAdapter?
    if let adapter { merged = try LoRAAdapter(path: adapter, specs: geometry.tensors) }
    var notes = ["tensors named as by \(naming.rawValue)"] + folder.notes + (merged?.notes ?? [])
    var warnings = QuantizedCheckpoint.warning(config).map { [$0] } ?? []
    var used: Set<String> = []
    var tensors: [(spec: TensorSpec, stored: StoredTensor)] = []
    for spec in geometry.tensors {
      var (source, part) = naming.source(of: spec.name)
      if spec.name == LanguageTensors.outputName, folder.tensors[source] == nil,
        merged?.replaces(spec) != true
      {
        source = naming.source(of: LanguageTensors.embeddingName).name
        notes.append("no tensor of the text head: it shares the embeddings")
        if let doubt = TextHead.doubt(config, naming: naming) { warnings.append(doubt) }
      }
      if let replacement = try merged?.replacement(of: spec, geometry: geometry) {
        used.insert(source)
        tensors.append((spec, replacement))
        continue
      }
      guard let stored = folder.tensors[source] else {
        throw Self.missing(spec, source: source, naming: naming, folder: folder)
      }
      used.insert(source)
      let placed = try Self.place(spec, stored, part: part, geometry: geometry)
      tensors.append((spec, try merged?.merge(into: placed, spec) ?? placed))
    }
    self.tensors = tensors
    self.notes = notes

    let ignored = naming.unused + (painting ? [] : naming.painting)
    let extra = folder.tensors.keys.filter { name in
      !used.contains(name) && !ignored.contains(where: name.hasPrefix)
    }.sorted()
    if let left = extra.first(where: naming.knows) {
      throw .data(
        file: config.file,
        problem: "the sizes stated leave no place for the tensor '\(shown(left))'; expected the "
          + "numbers of layers, blocks and depths that the weights have")
    }
    if !extra.isEmpty {
      warnings.append(
        "\(extra.count) tensors of unknown purpose are left out: "
          + extra.prefix(8).map { shown($0) }.joined(separator: ", ")
          + (extra.count > 8 ? ", …" : ""))
    }
    self.warnings = warnings
  }

  private static func missing(
    _ spec: TensorSpec, source: String, naming: Naming, folder: CheckpointFolder
  ) -> ConversionError {
    var hint = ""
    if let other = Naming.allCases.first(where: { $0 != naming }),
      folder.tensors[other.source(of: LanguageTensors.embeddingName).name] != nil
    {
      hint =
        "; config.json says \(naming.modelType), but the tensors have the names of \(other.rawValue)"
    } else if naming.painting.contains(where: source.hasPrefix) {
      hint = "; a checkpoint without painting can be converted without it"
    }
    return .data(
      file: folder.path,
      problem: "no tensor for \(spec.name), expected '\(source)'\(hint)")
  }

  /// Takes the part of a stored tensor that the file wants, and compares its shape with the
  /// geometry's.
  static func place(
    _ spec: TensorSpec, _ stored: StoredTensor, part: Naming.Part, geometry: ModelGeometry
  ) throws(ConversionError) -> StoredTensor {
    var expected = geometry.shape(of: spec)
    switch part {
    case .whole: break
    case .third: expected[0] = expected[0] * 3
    case .squeezed: expected.insert(.fixed(1, "the batch"), at: 0)
    }
    guard stored.shape == expected.map(\.value) else {
      var reason = ""
      if stored.shape.count == expected.count,
        let wrong = expected.indices.first(where: { stored.shape[$0] != expected[$0].value })
      {
        reason = " (\(expected[wrong].value) is \(expected[wrong].source) of config.json)"
      }
      if stored.shape.contains(0) {
        reason +=
          "; DeepSpeed leaves empty tensors where it has not gathered its shards: gather them "
          + "with its zero_to_fp32.py"
      }
      throw .data(
        file: stored.file.path,
        problem: "tensor '\(stored.name)': expected shape \(shown(expected.map(\.value)))\(reason)"
          + ", found \(shown(stored.shape))")
    }
    switch part {
    case .whole: return stored
    case .third(let third):
      let rows = spec.shape[0].value
      return stored.slice(third * rows..<(third + 1) * rows)
    case .squeezed: return stored.squeezed()
    }
  }
}
