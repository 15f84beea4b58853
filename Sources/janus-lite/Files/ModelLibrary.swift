import Foundation
import GGUF
import JanusConvert
import JanusDownload
import JanusSystem

/// The models of this user: `$XDG_DATA_HOME/janus-lite/models`, files in folders of their makers.
enum ModelLibrary {
  /// A model that is there.
  struct Entry {
    let path: String
    let bytes: Int
    let date: Date
    /// `ORG/NAME-QUANT`, its path in the library without the ending.
    let name: String
    let recipe: String
    /// The page that it was downloaded from, and the commit.
    let source: String?
    let commit: String?

    /// The repository that it was made from.
    var repository: RepositoryName? { source.flatMap { RepositoryName($0) } }
  }

  static var folder: String {
    let data =
      ModelOptions.environment("XDG_DATA_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
      ?? (ModelOptions.environment("HOME") ?? NSHomeDirectory()) + "/.local/share"
    return "\(data)/janus-lite/models"
  }

  /// Where the model of a repository lies, or will.
  static func path(of repository: RepositoryName, _ quantization: Quantization) -> String {
    "\(folder)/\(repository)-\(quantization.rawValue).gguf"
  }

  /// All models, by their names. A file that cannot be read is listed without what it holds.
  static func entries() -> [Entry] {
    files(in: "", depth: 0).filter { $0.hasSuffix(".gguf") && !$0.hasPrefix(".") }.sorted()
      .compactMap { entry(file: $0) }
  }

  /// Deeper than makers' folders lie.
  private static let deepest = 8

  /// Names below the library, which may be any bytes.
  private static func files(in place: String, depth: Int) -> [String] {
    (SystemPath.names(in: "\(folder)/\(place)") ?? []).flatMap { name -> [String] in
      let file = place + name
      let isFolder = PictureInput.isFolder("\(folder)/\(file)")
      guard isFolder else { return [file] }
      return depth < deepest ? files(in: file + "/", depth: depth + 1) : []
    }
  }

  private static func entry(file: String) -> Entry? {
    entry(at: "\(folder)/\(file)", name: String(file.dropLast(5)))
  }

  /// What a model file says of itself; nil where there is none.
  static func entry(at path: String, name: String = "") -> Entry? {
    guard let status = SystemPath.status(of: path), status.st_mode & S_IFMT != S_IFDIR else {
      return nil
    }
    #if canImport(Darwin)
      let date = status.st_mtimespec
    #else
      let date = status.st_mtim
    #endif
    let metadata = (try? Container(path: path))?.metadata
    return Entry(
      path: path, bytes: Int(status.st_size),
      date: Date(timeIntervalSince1970: Double(date.tv_sec)), name: name,
      recipe: (try? metadata?.string("janus.recipe")) ?? "?",
      source: try? metadata?.string(Conversion.Origin.keys.repository),
      commit: try? metadata?.string(Conversion.Origin.keys.commit))
  }

  /// The model that a name means: its own, its file's, or that of the repository (`1b`, `ORG/NAME`),
  /// with a recipe behind it (`1b-int8`) or in the order int4, int8, bf16, f32.
  ///
  /// - Throws: a failure where the last part of several names is meant.
  static func entry(named text: String) throws(Failure) -> Entry? {
    let entries = entries()
    let name = text.hasSuffix(".gguf") ? String(text.dropLast(5)) : text
    let lower = name.lowercased()
    // The whole name comes before a part of it, and its own letters before others.
    let ways: [(Entry) -> Bool] = [
      { $0.name == name },
      { $0.name.lowercased() == lower },
      { $0.name.split(separator: "/").last.map(String.init) == name },
      { $0.name.lowercased().split(separator: "/").last.map(String.init) == lower },
    ]
    for isMeant in ways {
      let found = entries.filter(isMeant)
      if found.count == 1 { return found[0] }
      guard found.isEmpty else { throw ambiguous(text, found) }
    }
    for recipe in Quantization.allCases.reversed() {
      let suffix = "-\(recipe.rawValue)"
      for wanted in [name, lower.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : nil] {
        guard let wanted, let repository = RepositoryName(wanted)?.description else { continue }
        let near = entries.filter { entry in
          entry.recipe == recipe.rawValue
            && (entry.repository ?? RepositoryName(String(entry.name.dropLast(suffix.count))))?
              .description.lowercased() == repository.lowercased()
        }
        // Its own letters come before others here, too.
        let own = near.filter { entry in
          (entry.repository ?? RepositoryName(String(entry.name.dropLast(suffix.count))))?
            .description == repository
        }
        let found = own.isEmpty ? near : own
        if found.count > 1 { throw ambiguous(text, found) }
        if let found = found.first { return found }
      }
    }
    return nil
  }

  private static func ambiguous(_ text: String, _ found: [Entry]) -> Failure {
    Failure(
      .usage,
      "'\(DisplayText.line(text))' may be \(found.count) models: "
        + found.prefix(8).map { DisplayText.line($0.name) }.joined(separator: ", ")
        + (found.count > 8 ? ", …" : ""))
  }

  /// The shortest name by which `-m` finds a model that was made of a repository; its path where none does.
  ///
  /// - Parameter text: how the repository was called.
  static func name(for path: String, calling text: String, _ quantization: Quantization) -> String {
    let recipe = "-\(quantization.rawValue)"
    let repository = RepositoryName(text).map { "\($0)" }
    for name in [text, text + recipe] + (repository.map { [$0, $0 + recipe] } ?? []) {
      if !name.contains("://"), let found = try? entry(named: name), found.path == path {
        return name
      }
    }
    return path
  }

  /// The file that `-m` means: a file of that name, or a model of the library.
  ///
  /// - Throws: a failure that says how to fetch what looks like the name of a model and is not there.
  static func resolve(_ name: String) throws(Failure) -> String {
    let text: String
    do {
      text = try FileName.path(name)
    } catch {
      throw Failure(.usage, "\(error)")
    }
    if let status = SystemPath.status(of: text) {
      let kind = status.st_mode & S_IFMT
      guard kind != S_IFIFO, kind != S_IFSOCK else {
        throw Failure(
          .inputOutput,
          "'\(text)': expected a model file, which is mapped into memory, found a pipe")
      }
      return text
    }
    if let entry = try entry(named: text) { return entry.path }
    if DefaultModel.isNamed(text) { return try DefaultModel.path() }
    // A file that is missing stays a missing file.
    guard !text.hasSuffix(".gguf"), !PictureInput.isPicture(named: text), !text.hasPrefix("/"),
      !text.hasPrefix("."),
      let name = RepositoryName(text)
    else { return text }
    let short = RepositoryName.short[text.lowercased()] == nil ? name.description : text
    throw Failure(
      .missingFile,
      "no file '\(text)' and no model of that name in '\(folder)'; 'janus-lite pull \(short)' fetches "
        + "it")
  }
}
