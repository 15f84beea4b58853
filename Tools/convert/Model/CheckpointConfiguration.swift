/// What the configuration of a checkpoint says: which model it is, how its tensors are named, and their sizes.
struct CheckpointConfiguration {
  let config: ConfigSection
  let naming: Naming
  let geometry: ModelGeometry

  init(_ folder: CheckpointFolder, painting: Bool) throws(ConversionError) {
    guard let json = try folder.json("config.json") else {
      // What the weights say of themselves comes first: no configuration makes them usable.
      try QuantizedCheckpoint.refuse(nil, tensors: folder.tensors)
      throw .missing(
        file: folder.place(of: "config.json"),
        why: "it states the sizes of the model; a base checkpoint can lend it")
    }
    config = try ConfigSection(file: folder.place(of: "config.json"), json: json)
    try Family.check(config, tensors: folder.tensors)
    try QuantizedCheckpoint.refuse(config, tensors: folder.tensors)
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
  }
}
