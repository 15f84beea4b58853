import Foundation
import JanusSystem

/// A folder as checkpoints are published: weights in one file or in shards with an index, and
/// configuration files beside them.
struct CheckpointFolder {
  let path: String
  /// All tensors by their names.
  let tensors: [String: StoredTensor]
  /// What was found and chosen, one line each, for people.
  let notes: [String]

  /// A container and the names under which its files are published.
  private struct Container: Sendable {
    let single: String
    let index: String
    let suffix: String
    let open: @Sendable (String) throws(ConversionError) -> [StoredTensor]
  }

  /// In order of preference.
  private static let containers = [
    Container(
      single: "model.safetensors", index: "model.safetensors.index.json", suffix: ".safetensors",
      open: { (path) throws(ConversionError) in try SafetensorsFile(path: path).tensors }),
    Container(
      single: "pytorch_model.bin", index: "pytorch_model.bin.index.json", suffix: ".bin",
      open: { (path) throws(ConversionError) in try TorchArchive(path: path).tensors }),
  ]

  init(path: String) throws(ConversionError) {
    self.path = path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw .missing(file: path, why: "expected a folder with a checkpoint")
    }
    guard isFolder.boolValue else {
      throw .data(file: path, problem: "expected a checkpoint's folder, found a file")
    }
    let weights = Self.containers.flatMap { [$0.single, $0.index] }
    let found = weights.filter { Self.exists(path, $0) }
    guard let first = found.first,
      let container = Self.containers.first(where: { $0.single == first || $0.index == first })
    else {
      throw .missing(
        file: "\(path)/\(weights[0])",
        why: "the folder holds none of \(weights.joined(separator: ", "))")
    }
    if first == container.single {
      let tensors = try container.open("\(path)/\(first)")
      self.tensors = Dictionary(
        tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
      notes = Self.choice(first, of: found)
    } else {
      let shards = try Self.shards(index: first, container: container, folder: path)
      let opened = try Self.open(shards, container: container, folder: path)
      tensors = opened.tensors
      notes = Self.choice(first, of: found) + opened.notes
    }
  }

  /// Reads a JSON file of the folder; `nil` where there is none.
  func json(
    _ name: String, limit: Int = CheckpointLimits.configurationBytes
  ) throws(ConversionError) -> JSON? {
    guard Self.exists(path, name) else { return nil }
    return try SourceFile.json("\(path)/\(name)", limit: limit)
  }

  private static func exists(_ folder: String, _ name: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/\(name)")
  }

  private static func choice(_ chosen: String, of found: [String]) -> [String] {
    let others = found.filter { $0 != chosen }
    return [
      "weights from \(chosen)"
        + (others.isEmpty ? "" : " (\(others.joined(separator: ", ")) not used)")
    ]
  }

  /// The index's map from tensors to shards, by shard.
  private static func shards(
    index: String, container: Container, folder: String
  ) throws(ConversionError) -> [String: [String]] {
    let path = "\(folder)/\(index)"
    let json = try SourceFile.json(path, limit: CheckpointLimits.indexBytes)
    guard let map = json.object?["weight_map"]?.object, !map.keys.isEmpty else {
      throw .data(file: path, problem: "expected weight_map, an object of tensor and file names")
    }
    var shards: [String: [String]] = [:]
    for (name, value) in map.members {
      guard let shard = value.string else {
        throw .data(file: path, problem: "weight_map: '\(shown(name))': expected a file name")
      }
      // A name, not a path: an index must not reach outside its folder.
      guard !shard.contains("/"), !shard.contains("\\"), !shard.contains("\0"),
        shard.hasSuffix(container.suffix), !shard.hasPrefix(".")
      else {
        throw .data(
          file: path,
          problem: "weight_map: expected the name of a \(container.suffix) file in this folder, "
            + "found '\(shown(shard))'")
      }
      shards[shard, default: []].append(name)
    }
    return shards
  }

  private static func open(
    _ shards: [String: [String]], container: Container, folder: String
  ) throws(ConversionError) -> (tensors: [String: StoredTensor], notes: [String]) {
    // All are looked for before one is read, so that a missing shard shows at once.
    for (shard, names) in shards.sorted(by: { $0.key < $1.key }) where !exists(folder, shard) {
      throw .missing(
        file: "\(folder)/\(shard)",
        why: "the index places \(names.count) tensors in it; the download may be incomplete")
    }
    var tensors: [String: StoredTensor] = [:]
    var notes: [String] = []
    for (shard, names) in shards.sorted(by: { $0.key < $1.key }) {
      let path = "\(folder)/\(shard)"
      let stored = try container.open(path)
      let byName = Dictionary(stored.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
      for name in names {
        guard let tensor = byName[name] else {
          throw .data(
            file: path, problem: "tensor '\(shown(name))' is missing, the index places it here")
        }
        tensors[name] = tensor
      }
      let unlisted = byName.count - names.count
      if unlisted > 0 { notes.append("\(shard): \(unlisted) tensors that the index does not list") }
    }
    return (tensors, notes)
  }
}
