/// Which files of a folder hold its weights.
enum WeightFiles: Equatable {
  /// One file with all of them.
  case single(String)
  /// An index that says which tensor lies in which file.
  case index(String)
  /// Numbered files without an index, all of them.
  case numbered([String])

  /// How tensors lie in a file.
  enum Container: String, CaseIterable, Sendable {
    case safetensors
    case torch

    /// What files of this kind end in, the usual first.
    var suffixes: [String] { self == .safetensors ? [".safetensors"] : [".bin", ".pt", ".pth"] }

    /// The beginning of the name under which files are published.
    var stem: String { self == .safetensors ? "model" : "pytorch_model" }

    func tensors(of file: SourceFile) throws(ConversionError) -> [StoredTensor] {
      switch self {
      case .safetensors: try SafetensorsFile(file: file).tensors
      case .torch: try TorchArchive(file: file).tensors
      }
    }
  }

  /// What to read, and how.
  struct Choice: Equatable {
    let container: Container
    let files: WeightFiles
    /// Others that would do and are not used.
    let others: [String]

    /// The name for messages.
    var name: String {
      switch files {
      case .single(let name), .index(let name): name
      case .numbered(let names): names.count == 1 ? names[0] : "\(names.count) numbered files"
      }
    }
  }

  /// Chooses among the files of a folder: the published names first, safetensors before torch's own
  /// format. Nil where none holds weights.
  static func choose(_ tree: FileTree) throws(ConversionError) -> Choice? {
    var found: [(Container, WeightFiles)] = []
    for container in Container.allCases {
      let usual = container.stem + container.suffixes[0]
      if tree.contains(usual) { found.append((container, .single(usual))) }
      if tree.contains(usual + ".index.json") {
        found.append((container, .index(usual + ".index.json")))
      }
    }
    for container in Container.allCases where !found.contains(where: { $0.0 == container }) {
      if let files = try unusual(container, tree) { found.append((container, files)) }
    }
    guard let (container, files) = found.first else { return nil }
    let others = found.dropFirst().map { Choice(container: $0, files: $1, others: []).name }
    return Choice(container: container, files: files, others: others)
  }

  /// Weights under another name than they are published: another index, numbered files, or the only
  /// file of the kind.
  private static func unusual(
    _ container: Container, _ tree: FileTree
  ) throws(ConversionError) -> WeightFiles? {
    let candidates = tree.files.filter { name in
      container.suffixes.contains(where: name.hasSuffix) && !isOfTraining(name)
    }
    let indices = tree.files.filter { name in
      container.suffixes.contains { name.hasSuffix($0 + ".index.json") } && !isOfTraining(name)
    }
    if indices.count == 1 { return .index(indices[0]) }
    let numbers = candidates.compactMap { ShardName($0) }
    let sets = Set(numbers.map(\.set))
    let isUsual = { (set: ShardName.Group) in set.stem == container.stem }
    if let set = sets.count == 1 ? sets.first : sets.first(where: isUsual) {
      return .numbered(try set.names(in: tree))
    }
    guard candidates.count <= 1 else {
      throw .data(
        file: tree.path,
        problem: "several files may be the weights: "
          + candidates.prefix(8).map { shown($0) }.joined(separator: ", ")
          + (candidates.count > 8 ? ", …" : "") + "; name one of them instead of the folder")
    }
    return candidates.first.map { .single($0) }
  }

  /// The choice that naming one file makes.
  static func choose(_ name: String, of tree: FileTree) throws(ConversionError) -> Choice? {
    for container in Container.allCases {
      if container.suffixes.contains(where: { name.hasSuffix($0 + ".index.json") }) {
        return Choice(container: container, files: .index(name), others: [])
      }
      guard container.suffixes.contains(where: name.hasSuffix) else { continue }
      // A part stands for all of them.
      let files: WeightFiles
      if let shard = ShardName(name) {
        let index = shard.set.stem + shard.set.suffix + ".index.json"
        files =
          tree.contains(index) ? .index(index) : .numbered(try shard.set.names(in: tree))
      } else {
        files = .single(name)
      }
      return Choice(container: container, files: files, others: [])
    }
    return nil
  }

  /// Files that trainers write beside the weights, under the same endings.
  private static func isOfTraining(_ name: String) -> Bool {
    let begins = [
      "adapter_", "training_args", "optimizer", "scheduler", "rng_state", "scaler",
      "openvino_", "trainer_state", "random_states", "pytorch_lora_weights", "._",
    ]
    return begins.contains(where: name.hasPrefix) || name.hasSuffix("_states.pt")
  }
}

/// A name such as `model-00001-of-00002.safetensors`.
struct ShardName {
  /// What the parts of one checkpoint have in common.
  struct Group: Hashable {
    let stem: String
    let count: Int
    /// As it is written, for the names of the others.
    let digits: Int
    let suffix: String

    func name(_ number: Int) -> String {
      func padded(_ value: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
      }
      return "\(stem)-\(padded(number))-of-\(padded(count))\(suffix)"
    }

    /// The names of all parts. Throws where one is missing.
    func names(in tree: FileTree) throws(ConversionError) -> [String] {
      let files = Set(tree.files)
      var names: [String] = []
      for number in 1...count {
        let name = name(number)
        guard files.contains(name) else {
          throw .missing(
            file: "\(tree.path)/\(name)",
            why: "it is part \(number) of \(count); the download may be incomplete")
        }
        names.append(name)
      }
      return names
    }
  }

  let number: Int
  let set: Group

  init?(_ name: String) {
    guard let dot = name.lastIndex(of: ".") else { return nil }
    let parts = name[..<dot].split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[parts.count - 2] == "of",
      let number = Self.number(parts[parts.count - 3]), let count = Self.number(parts.last ?? ""),
      number >= 1, number <= count
    else { return nil }
    self.number = number
    set = Group(
      stem: parts.dropLast(3).joined(separator: "-"), count: count,
      digits: parts[parts.count - 1].utf8.count, suffix: String(name[dot...]))
  }

  private static func number(_ text: Substring) -> Int? {
    (1...6).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
      ? Int(text) : nil
  }
}
