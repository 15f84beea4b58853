import ArgumentParser
import Foundation
import JanusSystem

/// `janus-lite models`: which models are there.
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "List, find and remove downloaded models.",
    discussion: """
      Models that 'janus-lite pull' made lie in $XDG_DATA_HOME/janus-lite/models, or in \
      ~/.local/share/janus-lite/models. A model file put there is listed as well. -m takes a name of \
      the list, its last part, or the repository (1b, ORG/NAME).
      """,
    subcommands: [List.self, Remove.self, Path.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the models.")

    @Flag(help: "Print one JSON object a model.")
    var json = false

    private struct Line: Encodable {
      let name: String
      let path: String
      let bytes: Int
      let recipe: String
      let source: String?
      let commit: String?
      let date: String
    }

    func run() throws {
      let entries = ModelLibrary.entries()
      if json {
        for entry in entries {
          try JSONLine.print(
            Line(
              name: entry.name, path: entry.path, bytes: entry.bytes, recipe: entry.recipe,
              source: entry.source, commit: entry.commit,
              date: entry.date.formatted(.iso8601)))
        }
        return
      }
      guard !entries.isEmpty else {
        StandardError.note(
          "no models in '\(ModelLibrary.folder)'; 'janus-lite pull 1b' fetches one")
        return
      }
      let rows = entries.map { entry in
        [
          entry.name, Format.bytes(entry.bytes), entry.recipe, entry.source ?? "-",
          entry.commit.map { String($0.prefix(12)) } ?? "-",
          entry.date.formatted(.iso8601.year().month().day()),
        ].map { DisplayText.line($0) }
      }
      let titles = ["name", "size", "recipe", "from", "commit", "date"]
      let widths = titles.indices.map { column in
        ([titles] + rows).map { $0[column].count }.max() ?? 0
      }
      for row in [titles] + rows {
        let line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
          .joined(separator: "  ")
        try StandardOutput.line(String(line.reversed().drop(while: { $0 == " " }).reversed()))
      }
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rm", abstract: "Remove models.")

    @Argument(help: "Names of models.")
    var names: [String]

    func run() throws {
      var entries: [ModelLibrary.Entry] = []
      for name in names {
        let entry = try ModelsCommand.entry(name)
        // One model may be named twice.
        if !entries.contains(where: { $0.path == entry.path }) { entries.append(entry) }
      }
      for entry in entries {
        let isGone = SystemPath.withBytes(of: entry.path) { unlink($0) } == 0
        guard isGone || errno == ENOENT else {
          throw Failure(
            .inputOutput, "cannot remove '\(entry.path)': \(String(cString: strerror(errno)))")
        }
        let url = URL(fileURLWithPath: entry.path)
        let folder = url.deletingLastPathComponent().path
        // A maker's folder that is left empty goes, too.
        if folder != ModelLibrary.folder { rmdir(folder) }
        StandardError.note("removed \(entry.name), \(Format.bytes(entry.bytes))")
      }
    }
  }

  struct Path: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "path", abstract: "Print the path of a model, or of the folder of all.")

    @Argument(help: "Name of a model.")
    var name: String?

    func run() throws {
      try StandardOutput.name(
        try name.map { try ModelsCommand.entry($0).path } ?? ModelLibrary.folder)
    }
  }

  fileprivate static func entry(_ name: String) throws(Failure) -> ModelLibrary.Entry {
    if let entry = try ModelLibrary.entry(named: name) { return entry }
    throw Failure(
      .missingFile, "no model '\(name)' in '\(ModelLibrary.folder)'; 'janus-lite models' lists them"
    )
  }
}
