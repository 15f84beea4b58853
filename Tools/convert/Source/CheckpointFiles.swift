/// Which files of a repository make up a checkpoint.
public enum CheckpointFiles {
  /// Files that say how the weights are used.
  private static let configuration = [
    "config.json", "generation_config.json", "preprocessor_config.json", "processor_config.json",
    "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
  ]

  /// Chooses among the paths of a repository: the configuration, and weights of one kind, safetensors
  /// before torch's own format.
  ///
  /// - Parameter name: the repository, for messages.
  public static func wanted(
    of paths: [String], in name: String
  ) throws(ConversionError) -> [String] {
    let files = paths.filter { !$0.utf8.contains(UInt8(ascii: "/")) }.sorted()
    let folders = Set(
      paths.filter { $0.utf8.contains(UInt8(ascii: "/")) }.compactMap {
        $0.split(separator: "/").first.map(String.init)
      })
    let tree = FileTree(names: files, folders: folders.sorted(), path: name)
    guard let weights = try WeightFiles.choose(tree) else { throw ForeignFolder.error(tree) }
    return configuration.filter(tree.contains) + weightFiles(weights, among: files)
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
