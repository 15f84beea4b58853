/// Which files of a repository make up a checkpoint.
public enum CheckpointFiles {
  /// Files that say how the weights are used.
  private static let configuration = [
    "config.json", "generation_config.json", "preprocessor_config.json", "processor_config.json",
    "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
  ]

  /// Chooses among the paths of a repository: the configuration, then weights of one kind, safetensors before
  /// torch's own format. They lie at the top or in one folder.
  ///
  /// - Parameter name: the repository, for messages.
  public static func wanted(
    of paths: [String], in name: String
  ) throws(ConversionError) -> [String] {
    let top = tree(of: paths, in: "", name)
    if let weights = try WeightFiles.choose(top) {
      return configuration.filter(top.contains) + weightFiles(weights, among: top.files)
    }
    var found: [(folder: String, tree: FileTree, weights: WeightFiles.Choice)] = []
    for folder in top.folders.prefix(CheckpointLimits.subfolders) {
      let below = tree(of: paths, in: "\(folder)/", name)
      if let weights = try? WeightFiles.choose(below) { found.append((folder, below, weights)) }
    }
    guard let only = found.first else { throw ForeignFolder.error(top) }
    guard found.count == 1 else {
      throw .data(
        file: name,
        problem: "\(found.count) folders of it have weights: "
          + found.prefix(8).map { shown($0.folder) }.joined(separator: ", ")
          + (found.count > 8 ? ", …" : "")
          + "; download the one to take and convert its folder")
    }
    let below =
      configuration.filter(only.tree.contains)
      + weightFiles(only.weights, among: only.tree.files)
    return configuration.filter(top.contains) + below.map { "\(only.folder)/\($0)" }
  }

  /// Whether a path is that of a file of weights: it may be large, and comes after all that says how it is used.
  public static func isWeights(_ path: String) -> Bool {
    WeightFiles.Container.allCases.contains { $0.suffixes.contains(where: path.hasSuffix) }
  }

  /// Reads everything but the weights, to find what cannot be converted before they are downloaded.
  ///
  /// - Parameters:
  ///   - folder: where the other files of `paths` lie.
  ///   - paths: what `wanted` chose.
  public static func check(_ folder: String, paths: [String]) throws(ConversionError) {
    guard let first = paths.first(where: isWeights) else { return }
    var trees = [try FileTree(folder: folder)]
    var prefix = ""
    if let slash = first.lastIndex(of: "/") {
      prefix = String(first[...slash])
      // The folder may have nothing but weights, and come with them.
      let name = String(first[..<slash])
      if trees[0].folders.contains(name) { trees.insert(try trees[0].folder(name), at: 0) }
    }
    let source = CheckpointFolder(configurationIn: trees, name: "")
    let configuration = try CheckpointConfiguration(source, painting: true)
    _ = try ModelMetadata.pairs(
      source, configuration.geometry, quantization: .bf16, converter: "")
    let names = paths.compactMap { path in
      path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil
    }
    for container in WeightFiles.Container.allCases {
      for name in names
      where container.suffixes.contains(where: { name.hasSuffix($0 + ".index.json") }) {
        try ShardIndex(name, in: trees[0], container: container).checkShards(among: names)
      }
    }
  }

  /// The names directly in a folder of a repository; `folder` is empty or ends in a slash.
  private static func tree(of paths: [String], in folder: String, _ name: String) -> FileTree {
    let below = paths.filter { $0.hasPrefix(folder) }.map { $0.dropFirst(folder.count) }
    let files = below.filter { !$0.utf8.contains(UInt8(ascii: "/")) }.map(String.init)
    let folders = Set(
      below.filter { $0.utf8.contains(UInt8(ascii: "/")) }.compactMap {
        $0.split(separator: "/").first.map(String.init)
      })
    return FileTree(
      names: files.sorted(), folders: folders.sorted(),
      path: folder.isEmpty ? name : "\(name)/\(folder.dropLast())")
  }

  private static func weightFiles(_ weights: WeightFiles.Choice, among files: [String]) -> [String]
  {
    switch weights.files {
    case .single(let name): return [name]
    case .numbered(let names): return names
    case .index(let index):
      // What the index lists is known once it is here; its shards bear its name and a number.
      let name = index.dropLast(".index.json".count)
      let suffix = weights.container.suffixes.first { name.hasSuffix($0) } ?? ""
      let stem = String(name.dropLast(suffix.count))
      let shards = files.filter { file in
        ShardName(file).map { $0.set.stem == stem && $0.set.suffix == suffix } ?? false
      }
      return [index] + (shards.isEmpty ? files.filter { $0.hasSuffix(suffix) } : shards)
    }
  }
}
