import ArgumentParser
import Foundation
import JanusLite

/// Which model, and how it runs.
struct ModelOptions: ParsableArguments {
  @Option(
    name: [.short, .customLong("model")],
    help: ArgumentHelp("Model file; $JANUS_LITE_MODEL where it is not given.", valueName: "file"),
    completion: .file(extensions: ["gguf"]))
  var model: String?

  @Option(help: ArgumentHelp("Compute threads (default: physical cores).", valueName: "count"))
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "Instruction set to run, as 'janus-lite info' lists them; otherwise $JANUS_LITE_ISA, or the "
        + "best that the processor has.", valueName: "name"))
  var isa: String?

  @Flag(help: "Read the model file into memory instead of mapping it.")
  var noMmap = false

  @Flag(help: "Keep the model file from being swapped out.")
  var lockMemory = false

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
    }
  }

  /// The path from `option`, or else from the environment.
  static func path(_ option: String?) throws(Failure) -> String {
    if let path = option ?? environment("JANUS_LITE_MODEL") { return path }
    throw Failure(
      .usage,
      "no model file: give one with -m FILE, or set JANUS_LITE_MODEL "
        + "('janus-lite convert' makes one from a checkpoint folder)")
  }

  func open() throws -> Janus {
    try Janus(
      path: try Self.path(model),
      options: Janus.Options(
        threads: threads, instructionSet: instructionSet, access: noMmap ? .copied : .mapped,
        locksMemory: lockMemory))
  }

  private var instructionSet: String? { isa ?? Self.environment("JANUS_LITE_ISA") }

  /// A variable that is set to the empty text counts as not set.
  static func environment(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }
}
