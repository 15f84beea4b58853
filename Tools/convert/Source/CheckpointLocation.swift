import Foundation
import GGUF
import JanusSystem

/// Where a checkpoint lies, found from whatever a person names: a folder, one file of it, an archive
/// of it, or a folder of a hub's cache.
struct CheckpointLocation: Sendable {
  /// The folder with the weights, or the one named where it has none.
  let tree: FileTree
  /// Folders whose configuration files count where `tree` has none, nearest first.
  let around: [FileTree]
  /// The weights; nil where there are none.
  let weights: WeightFiles.Choice?
  /// What the model is called.
  let name: String
  /// What was chosen, one line each.
  let notes: [String]

  init(_ path: String) throws(ConversionError) {
    guard let status = SystemPath.status(of: path) else {
      throw .missing(file: path, why: "expected a folder with a checkpoint")
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      let place = try Self.inHubCache(path) ?? path
      self = try Self.search(FileTree(folder: place), name: Self.name(of: place))
    } else {
      self = try Self.file(path)
    }
  }

  private init(
    tree: FileTree, around: [FileTree] = [], weights: WeightFiles.Choice?, name: String,
    notes: [String] = []
  ) {
    (self.tree, self.around, self.weights, self.name) = (tree, around, weights, name)
    self.notes = notes
  }

  /// A folder, or the one folder in it that has weights.
  private static func search(
    _ tree: FileTree, name: String
  ) throws(ConversionError) -> CheckpointLocation {
    if let weights = try WeightFiles.choose(tree) {
      return CheckpointLocation(tree: tree, weights: weights, name: name)
    }
    var found: [(name: String, tree: FileTree, weights: WeightFiles.Choice)] = []
    for folder in tree.folders.prefix(CheckpointLimits.subfolders) {
      let below = try tree.folder(folder)
      if let weights = try? WeightFiles.choose(below) { found.append((folder, below, weights)) }
    }
    guard found.count <= 1 else {
      throw .data(
        file: tree.path,
        problem: "\(found.count) folders in it have weights: "
          + found.prefix(8).map { shown($0.name) }.joined(separator: ", ")
          + (found.count > 8 ? ", …" : "") + "; name the one to take")
    }
    guard let below = found.first else {
      return CheckpointLocation(tree: tree, weights: nil, name: name)
    }
    return CheckpointLocation(
      tree: below.tree, around: [tree], weights: below.weights, name: name,
      notes: ["weights from the folder \(shown(below.name))"])
  }

  /// The snapshot of a folder of a hub's cache, `models--ORG--NAME`; nil for another folder.
  private static func inHubCache(_ path: String) throws(ConversionError) -> String? {
    let name = lastComponent(path)
    guard name.hasPrefix("models--"), let tree = try? FileTree(folder: path),
      tree.folders.contains("snapshots")
    else { return nil }
    let snapshots = try FileTree(folder: "\(path)/snapshots")
    if let main = try? SourceFile(path: "\(path)/refs/main"), main.count <= 64,
      let bytes = try? main.bytes(0..<main.count)
    {
      let commit = String(decoding: bytes, as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      if snapshots.folders.contains(commit) { return "\(snapshots.path)/\(commit)" }
    }
    guard snapshots.folders.count == 1 else {
      throw .data(
        file: path,
        problem: snapshots.folders.isEmpty
          ? "the cache of a hub, without a snapshot; the download may be incomplete"
          : "the cache of a hub with \(snapshots.folders.count) snapshots, of which none is "
            + "'main'; name one of them: "
            + snapshots.folders.prefix(4).map { "snapshots/\(shown($0))" }.joined(separator: ", "))
    }
    return "\(snapshots.path)/\(snapshots.folders[0])"
  }

  /// The folder's own name, or the repository's for a snapshot of a hub's cache.
  private static func name(of folder: String) -> String {
    let components = URL(fileURLWithPath: folder).standardizedFileURL.pathComponents
    if components.count >= 3, components[components.count - 2] == "snapshots",
      components[components.count - 3].hasPrefix("models--"),
      let name = components[components.count - 3].components(separatedBy: "--").last,
      !name.isEmpty
    {
      return name
    }
    return components.last ?? folder
  }

  private static func lastComponent(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
  }

  // MARK: A file

  private static func file(_ path: String) throws(ConversionError) -> CheckpointLocation {
    let url = URL(fileURLWithPath: path)
    let name = url.lastPathComponent
    let file = try SourceFile(path: path)
    let stem = url.deletingPathExtension().lastPathComponent
    if let tree = try archive(file) { return try search(tree, name: stem) }

    let tree = try FileTree(folder: url.deletingLastPathComponent().path)
    let head = try file.bytes(0..<min(file.count, 16))
    if head.starts(with: "GGUF".utf8) { throw .data(file: path, problem: ofGGUF(path)) }
    if let kind = ForeignFile.name(of: head) {
      throw .data(
        file: path, problem: "expected a checkpoint, found \(kind): unpack or convert it first")
    }
    if ForeignFolder.adapterFiles.contains(name) {
      throw .adapter(file: path, problem: ForeignFolder.adapter(of: nil))
    }
    if let problem = ForeignFolder.problem(named: name) {
      throw .data(file: path, problem: problem)
    }
    guard let weights = try WeightFiles.choose(name, of: tree) else {
      throw .data(
        file: path,
        problem: "expected a checkpoint's folder, its weights or an archive of it, found "
          + (try file.text().map { "the text '\($0)'" } ?? "another file"))
    }
    // Weights of a usual name belong to their folder, which then gives the name.
    let isUsual = WeightFiles.Container.allCases.contains { name.hasPrefix($0.stem) }
    return CheckpointLocation(
      tree: tree, weights: weights, name: isUsual ? Self.name(of: tree.path) : stem)
  }

  /// The files of an archive that is not packed; nil for another file.
  private static func archive(_ file: SourceFile) throws(ConversionError) -> FileTree? {
    if try TarDirectory.begins(file) {
      return FileTree(archive: file, members: try TarDirectory(file: file).entries)
    }
    guard file.count >= 4, try file.bytes(0..<4) == [0x50, 0x4b, 3, 4] else { return nil }
    let zip: ZipDirectory
    do throws(ConversionError) {
      zip = try ZipDirectory(file: file)
    } catch {
      // torch's own files are zips as well and say better themselves what is wrong.
      if file.path.hasSuffix(".zip"), case .data(_, let problem) = error {
        throw .data(file: file.path, problem: "\(problem); unpack the archive first")
      }
      return nil
    }
    let isOfTorch = zip.entries.keys.contains { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
    guard !isOfTorch else { return nil }
    return FileTree(
      archive: file, members: zip.entries.values.map { (name: $0.name, data: $0.data) })
  }

  /// What to say of a GGUF file: ours needs no conversion, others cannot be converted.
  private static func ofGGUF(_ path: String) -> String {
    let architecture = (try? Container(path: path).metadata.string("general.architecture")) ?? ""
    if architecture == "janus" { return "a model file already: it runs as it is" }
    return architecture.isEmpty
      ? "a GGUF file that names no architecture; convert the checkpoint that it was made from"
      : "a GGUF file of architecture '\(shown(architecture))', such as llama.cpp makes; convert the "
        + "checkpoint that it was made from"
  }
}
