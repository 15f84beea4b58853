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

  init(folder path: String, painting: Bool) throws(ConversionError) {
    folder = try CheckpointFolder(path: path)
    guard let json = try folder.json("config.json") else {
      throw .missing(file: "\(path)/config.json", why: "it states the sizes of the model")
    }
    let config = try ConfigSection(file: "\(path)/config.json", json: json)
    let type = try config.string("model_type")
    guard let naming = Naming.allCases.first(where: { $0.modelType == type }) else {
      throw .data(
        file: config.file,
        problem: "model_type = '\(shown(type))' is not a Janus model, expected "
          + Naming.allCases.map(\.modelType).joined(separator: " or "))
    }
    self.naming = naming
    switch naming {
    case .deepseek: geometry = try ModelGeometry(deepseek: config, painting: painting)
    case .transformers: geometry = try ModelGeometry(transformers: config, painting: painting)
    }

    var notes = ["tensors named as by \(naming.rawValue)"] + folder.notes
    var used: Set<String> = []
    var tensors: [(spec: TensorSpec, stored: StoredTensor)] = []
    for spec in geometry.tensors {
      var (source, part) = naming.source(of: spec.name)
      // A configuration's `tie_word_embeddings` is not to be trusted: transformers 5 writes true for
      // checkpoints that store both. What counts is whether the head is there.
      if spec.name == LanguageTensors.outputName, folder.tensors[source] == nil {
        source = naming.source(of: LanguageTensors.embeddingName).name
        notes.append("no tensor of the text head: it shares the embeddings")
      }
      guard let stored = folder.tensors[source] else {
        throw Self.missing(spec, source: source, naming: naming, folder: folder)
      }
      used.insert(source)
      tensors.append((spec, try Self.place(spec, stored, part: part, geometry: geometry)))
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
    warnings =
      extra.isEmpty
      ? []
      : [
        "\(extra.count) tensors of unknown purpose are left out: "
          + extra.prefix(8).map { shown($0) }.joined(separator: ", ")
          + (extra.count > 8 ? ", …" : "")
      ]
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
  private static func place(
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
