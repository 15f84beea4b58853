import Foundation
import JanusEngine
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// The model that runs where none is named: janus-nano, as `./demo` converts it.
enum DefaultModel {
  private static let name = "janus-nano.gguf"

  /// Where it may lie: beside the command, or in the `share` folder of an installation.
  private static let places: [String] = {
    let command =
      (Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0]))
      .resolvingSymlinksInPath()
    let folder = command.deletingLastPathComponent()
    return [folder, folder.deletingLastPathComponent().appending(path: "share/janus-lite")]
      .map { $0.appending(path: name).path(percentEncoded: false) }
  }()

  /// - Throws: a failure that says how to get one or to name another.
  static func path() throws(Failure) -> String {
    if let path = places.first(where: FileManager.default.fileExists) { return path }
    throw Failure(
      .usage,
      "no model file: give one with -m FILE or JANUS_LITE_MODEL ('janus-lite convert' makes one from "
        + "a checkpoint folder), or put the default model at '\(places[0])' (./demo does)")
  }

  /// Adds to a failure of the default model how to use another one.
  static func explained(_ error: any Error) -> Failure {
    let failure = Failure(error)
    return Failure(
      failure.code,
      failure.message
        + " (the default model, as -m and JANUS_LITE_MODEL name no other; ./demo makes "
        + "it again)")
  }
}
