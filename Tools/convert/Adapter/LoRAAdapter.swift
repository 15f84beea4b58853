import Foundation
import JanusModelFile
import JanusSystem

/// A LoRA adapter of PEFT, to be merged into a checkpoint on the way.
///
/// It may have been trained on the model in either naming: what it changes is found by the names of
/// the output file. Every tensor of it is used or the adapter is refused.
struct LoRAAdapter {
  let notes: [String]
  private let naming: Naming
  private let config: AdapterConfig
  /// Matrices by the name of the weight that they change.
  private let modules: [String: Matrices]
  /// Tensors that replace the checkpoint's.
  private let replacements: [String: StoredTensor]

  /// The parts of one module's update, as they are stored.
  private struct Matrices {
    var a: StoredTensor?
    var b: StoredTensor?
    var isEmbedding = false
    var magnitude: StoredTensor?
  }

  /// - Parameters:
  ///   - path: the folder with `adapter_config.json`, or its file of weights.
  ///   - specs: the tensors of the output file.
  init(path: String, specs: [TensorSpec]) throws(ConversionError) {
    let tree = try Self.tree(path)
    config = try AdapterConfig(tree)
    guard let name = ForeignFolder.adapterWeights.first(where: tree.contains) else {
      throw .missing(
        file: "\(tree.path)/\(ForeignFolder.adapterWeights[0])",
        why: "the adapter's weights; the download may be incomplete")
    }
    let container: WeightFiles.Container = name.hasSuffix(".bin") ? .torch : .safetensors
    let stored = try container.tensors(of: tree.open(name))
    var parts: [Part] = []
    for tensor in stored { parts.append(try Part(tensor)) }
    guard !parts.isEmpty else {
      throw .data(file: tree.path, problem: "the adapter has no tensors")
    }
    guard Set(parts.compactMap(\.adapter)).count <= 1 else {
      throw .data(file: tree.path, problem: "several adapters in one file, expected one")
    }

    let names = Dictionary(
      uniqueKeysWithValues: Naming.allCases.map { naming in
        (naming, Set(specs.map { naming.source(of: $0.name).name }))
      })
    let naming = Naming.allCases.max { first, second in
      func known(_ naming: Naming) -> Int {
        parts.count { Self.target($0.target, naming, names[naming] ?? []) != nil }
      }
      return known(first) < known(second)
    }
    self.naming = naming ?? .deepseek
    var modules: [String: Matrices] = [:]
    var replacements: [String: StoredTensor] = [:]
    var unused = 0
    for part in parts {
      guard let target = Self.target(part.target, self.naming, names[self.naming] ?? []) else {
        throw .data(
          file: part.tensor.file.path,
          problem: "tensor '\(shown(part.tensor.name))' changes nothing that the model has")
      }
      guard let target else {
        unused += 1
        continue
      }
      let isNew = Self.add(part, to: target, &modules, &replacements)
      guard isNew else {
        throw .data(
          file: part.tensor.file.path,
          problem: "tensor '\(shown(part.tensor.name))': two for the same purpose")
      }
    }
    self.modules = modules
    self.replacements = replacements
    notes = [
      "merged with the adapter \(shown(tree.path)): \(modules.count) matrices of rank \(config.rank), "
        + "\(replacements.count) tensors replaced"
        + (unused > 0 ? ", \(unused) of parts that are left out" : "")
    ]
  }

  private static func tree(_ path: String) throws(ConversionError) -> FileTree {
    let url = URL(fileURLWithPath: path)
    if ForeignFolder.adapterFiles.contains(url.lastPathComponent) {
      return try FileTree(folder: url.deletingLastPathComponent().path)
    }
    guard SystemPath.status(of: path) != nil else {
      throw .missing(file: path, why: "expected the folder of an adapter")
    }
    return try CheckpointLocation(path).tree
  }

  /// The name of the checkpoint's tensor that a part concerns: nil where the model knows none, an
  /// inner nil where it is one that is left out. Trainers may have put anything before it.
  private static func target(
    _ name: String, _ naming: Naming, _ known: Set<String>
  ) -> String?? {
    var rest = name[...]
    while true {
      if known.contains(String(rest)) { return .some(String(rest)) }
      let isLeftOut = (naming.unused + naming.painting).contains { rest.hasPrefix($0) }
      if isLeftOut { return .some(nil) }
      guard let dot = rest.firstIndex(of: ".") else { return nil }
      rest = rest[rest.index(after: dot)...]
    }
  }

  /// Whether the place was free.
  private static func add(
    _ part: Part, to target: String, _ modules: inout [String: Matrices],
    _ replacements: inout [String: StoredTensor]
  ) -> Bool {
    switch part.kind {
    case .whole: return replacements.updateValue(part.tensor, forKey: target) == nil
    case .a, .embeddingA:
      defer { modules[target, default: Matrices()].a = part.tensor }
      if part.kind == .embeddingA { modules[target, default: Matrices()].isEmbedding = true }
      return modules[target]?.a == nil
    case .b, .embeddingB:
      defer { modules[target, default: Matrices()].b = part.tensor }
      return modules[target]?.b == nil
    case .magnitude:
      defer { modules[target, default: Matrices()].magnitude = part.tensor }
      return modules[target]?.magnitude == nil
    }
  }

  // MARK: Merging

  func replaces(_ spec: TensorSpec) -> Bool {
    replacements[naming.source(of: spec.name).name] != nil
  }

  /// The tensor that stands in place of the checkpoint's.
  func replacement(
    of spec: TensorSpec, geometry: ModelGeometry
  ) throws(ConversionError) -> StoredTensor? {
    let (source, part) = naming.source(of: spec.name)
    guard let stored = replacements[source] else { return nil }
    return try Checkpoint.place(spec, stored, part: part, geometry: geometry)
  }

  /// A tensor of the checkpoint, placed for `spec`, with the adapter's update.
  func merge(
    into stored: StoredTensor, _ spec: TensorSpec
  ) throws(ConversionError) -> StoredTensor {
    let (source, part) = naming.source(of: spec.name)
    guard let matrices = modules[source] else { return stored }
    var update = try self.update(matrices, of: source, shape: spec.shape.map(\.value), part)
    if case .third(let third) = part {
      let rows = spec.shape[0].value
      update = update.slice(third * rows..<(third + 1) * rows)
    }
    return stored.updated(by: update)
  }

  private func update(
    _ matrices: Matrices, of source: String, shape: [Int], _ part: Naming.Part
  ) throws(ConversionError) -> LowRankUpdate {
    guard let a = matrices.a, let b = matrices.b else {
      throw .data(
        file: (matrices.a ?? matrices.b ?? matrices.magnitude)?.file.path ?? config.file,
        problem: "'\(shown(source))' has one of the matrices lora_A and lora_B, expected both")
    }
    func problem(_ text: String) -> ConversionError {
      .data(file: a.file.path, problem: "the adapter of '\(shown(source))': \(text)")
    }
    let isPlain = [a, b].allSatisfy { $0.isContiguous && $0.shape.count >= 2 }
    guard isPlain, shape.count >= 2 else {
      throw problem("expected matrices for a matrix, found \(shown(a.shape)) and \(shown(b.shape))")
    }
    var rows = shape[0]
    if case .third = part { rows *= 3 }
    let columns = shape.dropFirst().reduce(1, *)
    // For embeddings the two are stored the other way round.
    let (down, up) =
      matrices.isEmbedding
      ? (b.flattened().transposed(), a.flattened().transposed()) : (a.flattened(), b.flattened())
    let rank = down.shape[0]
    guard down.shape == [rank, columns], up.shape == [rows, rank] else {
      throw problem(
        "expected [rank, \(columns)] and [\(rows), rank], found \(shown(a.shape)) and "
          + "\(shown(b.shape))")
    }
    guard config.hasRanks || rank == config.rank else {
      throw problem("rank \(rank), expected \(config.rank), as adapter_config.json states")
    }
    guard rank >= 1, rank * columns <= LowRankUpdate.limit else {
      throw problem("rank \(rank) is too large; merge it with merge_and_unload of peft first")
    }
    if let magnitude = matrices.magnitude {
      guard !matrices.isEmbedding, shape.count == 2, magnitude.shape == [rows] else {
        throw problem(
          "DoRA is merged for matrices only; merge it with merge_and_unload of peft first")
      }
    }
    let module = source.hasSuffix(".weight") ? String(source.dropLast(".weight".count)) : source
    return LowRankUpdate(
      a: down, b: up, scale: config.scale(of: module, rank: rank), magnitude: matrices.magnitude)
  }
}

extension LoRAAdapter {
  /// A tensor of the adapter's file: which part of which update it is.
  fileprivate struct Part {
    enum Kind { case a, b, embeddingA, embeddingB, magnitude, whole }

    let tensor: StoredTensor
    let kind: Kind
    /// The name of the weight that it concerns, as the trainer called it.
    let target: String
    /// The adapter's name, where the file says it.
    let adapter: String?

    private static let kinds: [Substring: Kind] = [
      "lora_A": .a, "lora_B": .b, "lora_embedding_A": .embeddingA,
      "lora_embedding_B": .embeddingB, "lora_magnitude_vector": .magnitude,
    ]

    init(_ tensor: StoredTensor) throws(ConversionError) {
      self.tensor = tensor
      let name = PlainNames.unwrapped(tensor.name)
      let parts = name.split(separator: ".")
      guard let place = parts.firstIndex(where: { Self.kinds[$0] != nil }),
        let kind = Self.kinds[parts[place]]
      else {
        let isAdapter = parts.contains { $0.hasPrefix("lora_") || $0.hasPrefix("token_adapter") }
        guard !isAdapter else {
          throw .data(
            file: tensor.file.path,
            problem: "tensor '\(shown(tensor.name))' is of no kind that is merged here; merge it "
              + "with merge_and_unload of peft first")
        }
        self.kind = .whole
        target = name.replacing(".modules_to_save.default.", with: ".")
        adapter = nil
        return
      }
      self.kind = kind
      target = parts[..<place].joined(separator: ".") + ".weight"
      var rest = parts[(place + 1)...]
      if rest.last == "weight" { rest.removeLast() }
      guard rest.count <= 1, rest.last != "bias" else {
        throw .data(
          file: tensor.file.path,
          problem:
            "tensor '\(shown(tensor.name))' is of no kind that is merged here; merge it with "
            + "merge_and_unload of peft first")
      }
      adapter = rest.first.map(String.init)
    }
  }
}
