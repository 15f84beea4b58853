/// An index of shards: which file holds which tensor.
struct ShardIndex {
  private let path: String
  private let tree: FileTree
  private let container: WeightFiles.Container
  /// The tensors' names by the bytes of their files' names, which are what a file system compares.
  private let shards: [(name: String, tensors: [String])]

  init(
    _ name: String, in tree: FileTree, container: WeightFiles.Container
  ) throws(ConversionError) {
    let file = try tree.open(name)
    let json = try file.json(limit: CheckpointLimits.indexBytes)
    path = file.path
    self.tree = tree
    self.container = container
    guard let map = json.object?["weight_map"]?.object, !map.keys.isEmpty else {
      throw .data(file: path, problem: "expected weight_map, an object of tensor and file names")
    }
    var shards: [[UInt8]: (name: String, tensors: [String])] = [:]
    for (tensor, value) in map.members {
      guard let shard = value.string else {
        throw .data(file: path, problem: "weight_map: '\(shown(tensor))': expected a file name")
      }
      guard Self.isFileName(shard, of: container) else {
        throw .data(
          file: path,
          problem: "weight_map: expected the name of a \(container.suffixes[0]) file in this "
            + "folder, found '\(shown(shard))'")
      }
      shards[Array(shard.utf8), default: (shard, [])].tensors.append(tensor)
    }
    self.shards = shards.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
  }

  /// A name, not a path: an index must not reach outside its folder. Compared by bytes: a character
  /// may join the one before it, so that the two are no longer equal to either.
  private static func isFileName(_ name: String, of container: WeightFiles.Container) -> Bool {
    let bytes = Array(name.utf8)
    let isPlain = !bytes.contains { byte in
      byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") || byte == 0
    }
    let ends = container.suffixes.contains { suffix in
      bytes.count > suffix.utf8.count && bytes.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }
    return isPlain && ends && bytes.first != UInt8(ascii: ".")
      && bytes.count <= CheckpointLimits.nameBytes
  }

  /// Throws where a shard is not among the files of its folder.
  func checkShards(among files: [String]) throws(ConversionError) {
    let files = Set(files.map { Array($0.utf8) })
    for shard in shards where !files.contains(Array(shard.name.utf8)) {
      throw .missing(
        file: "\(tree.path)/\(shown(shard.name))",
        why: "the index places \(shard.tensors.count) tensors in it; the download may be incomplete"
      )
    }
  }

  /// Opens all shards. What they hold counts whether it is listed or not, as loaders do it: some
  /// tools leave the text head out of the index.
  func read() throws(ConversionError) -> (tensors: [StoredTensor], notes: [String]) {
    // All are looked for before one is read, so that a missing shard shows at once.
    try checkShards(among: tree.files)
    var listed: [StoredTensor] = []
    var unlisted: [StoredTensor] = []
    var notes: [String] = []
    for shard in shards {
      let stored = try container.tensors(of: tree.open(shard.name))
      var byName = Dictionary(stored.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
      for name in shard.tensors {
        guard let tensor = byName.removeValue(forKey: name) else {
          throw .data(
            file: "\(tree.path)/\(shown(shard.name))",
            problem: "tensor '\(shown(name))' is missing, the index places it here")
        }
        listed.append(tensor)
      }
      if !byName.isEmpty {
        notes.append("\(shown(shard.name)): \(byName.count) tensors that the index does not list")
        unlisted += byName.values
      }
    }
    let names = Set(listed.map(\.name))
    return (listed + unlisted.filter { !names.contains($0.name) }, notes)
  }
}
