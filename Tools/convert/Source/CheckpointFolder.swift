import JanusSystem

/// A checkpoint's files: weights in one file or in several, and configuration files beside them.
struct CheckpointFolder {
  let path: String
  /// What the model is called.
  let name: String
  /// All tensors by their names, those that trainers put around a model's left off.
  let tensors: [String: StoredTensor]
  /// What was found and chosen, one line each, for people.
  let notes: [String]
  /// Where configuration files are looked for, in order.
  let trees: [FileTree]

  /// Opens the checkpoint that a path names.
  ///
  /// - Parameters:
  ///   - path: a folder, one file of weights, an archive, or a folder of a hub's cache.
  ///   - base: the same for a checkpoint that lends the configuration files that are missing.
  ///   - hasAdapter: whether the adapter that may lie beside the weights is given apart.
  init(
    path: String, base: String? = nil, hasAdapter: Bool = false
  ) throws(ConversionError) {
    let location = try CheckpointLocation(path)
    var trees = [location.tree] + location.around
    if let base {
      // What lies beside the base's weights does not matter.
      let lender = try CheckpointLocation(base)
      trees += [lender.tree] + lender.around
    }
    self.trees = trees
    self.path = location.tree.path
    name = location.name
    guard let weights = location.weights else { throw Self.refusal(location.tree) }
    if !hasAdapter, let beside = trees.first(where: Self.hasAdapter) {
      throw .adapter(
        file: beside.path,
        problem: "an adapter lies beside the weights and is not merged into them: merge it into "
          + "them on the way, or move the adapter's files away")
    }
    let stored = try Self.read(weights, in: location.tree)
    let plain = try PlainNames(stored.tensors, file: location.tree.path)
    tensors = plain.tensors
    let others =
      weights.others.isEmpty ? "" : " (\(weights.others.joined(separator: ", ")) not used)"
    notes =
      location.notes + ["weights from \(shown(weights.name))\(others)"] + stored.notes + plain.notes
  }

  /// The configuration alone, of a checkpoint whose weights are not here yet.
  ///
  /// - Parameter trees: the folder of the weights, then those around it.
  init(configurationIn trees: [FileTree], name: String) {
    (path, self.name, self.trees) = (trees[0].path, name, trees)
    (tensors, notes) = ([:], [])
  }

  /// What 'calibrate' measured of this model, where it lies beside the weights; nil in archives.
  var importanceFile: String? {
    guard let tree = trees.first, tree.contains("importance.gguf") else { return nil }
    let path = "\(tree.path)/importance.gguf"
    return SystemPath.status(of: path) == nil ? nil : path
  }

  private static func hasAdapter(_ tree: FileTree) -> Bool {
    ForeignFolder.adapterWeights.contains(where: tree.contains)
  }

  /// Why there is nothing to convert: an adapter names its base.
  private static func refusal(_ tree: FileTree) -> ConversionError {
    guard tree.contains("adapter_config.json"),
      let json = try? tree.open("adapter_config.json")
        .json(limit: CheckpointLimits.configurationBytes)
    else { return ForeignFolder.error(tree) }
    return .adapter(
      file: tree.path,
      problem: ForeignFolder.adapter(of: json.object?["base_model_name_or_path"]?.string))
  }

  /// Reads a JSON file of the folder or of one around it; `nil` where there is none.
  func json(
    _ name: String, limit: Int = CheckpointLimits.configurationBytes
  ) throws(ConversionError) -> JSON? {
    guard let tree = trees.first(where: { $0.contains(name) }) else { return nil }
    return try tree.open(name).json(limit: limit)
  }

  /// The path of a file for messages: where it was found, or where it should be.
  func place(of name: String) -> String {
    "\((trees.first { $0.contains(name) } ?? trees[0]).path)/\(name)"
  }

  // MARK: Weights

  private static func read(
    _ weights: WeightFiles.Choice, in tree: FileTree
  ) throws(ConversionError) -> (tensors: [StoredTensor], notes: [String]) {
    switch weights.files {
    case .single(let name):
      return (try weights.container.tensors(of: tree.open(name)), [])
    case .numbered(let names):
      var tensors: [StoredTensor] = []
      for name in names { tensors += try weights.container.tensors(of: tree.open(name)) }
      return (tensors, [])
    case .index(let name):
      let index = try ShardIndex(name, in: tree, container: weights.container)
      return try index.read()
    }
  }
}
