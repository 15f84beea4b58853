import ArgumentParser
import Foundation
import GGUF
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// Which model, and how it runs.
struct ModelOptions: ParsableArguments {
  @Option(
    name: [.short, .customLong("model")],
    help: ArgumentHelp(
      "Model file, or a name that 'janus-lite models' lists (1b, ORG/NAME); otherwise "
        + "$JANUS_LITE_MODEL, or janus-nano.gguf beside the command.",
      valueName: "file"),
    completion: .file(extensions: ["gguf"]))
  var model: String?

  @OptionGroup var compute: ComputeOptions

  @Flag(help: "Read the model file into memory instead of mapping it.")
  var noMmap = false

  @Flag(
    name: [.customLong("mlock"), .customLong("lock-memory")],
    help: "Keep the model file from being swapped out.")
  var lockMemory = false

  /// Whether nothing names a model, so that it is the default one.
  var isDefault: Bool { Self.named(model) == nil }

  private static func named(_ option: String?) -> String? {
    option ?? environment("JANUS_LITE_MODEL")
  }

  /// The path of the model that `option`, the environment or neither names.
  static func path(_ option: String?) throws(Failure) -> String {
    if let name = named(option) { return try ModelLibrary.resolve(name) }
    return try DefaultModel.path()
  }

  /// Reads the model file that `option`, the environment or neither names.
  static func read<Model>(
    _ option: String?, _ body: (_ path: String) throws -> Model
  ) throws -> Model {
    if let option { return try reading(ModelLibrary.resolve(option), body) }
    if let name = named(nil) {
      do {
        return try reading(ModelLibrary.resolve(name), body)
      } catch {
        let failure = Failure(error)
        throw Failure(failure.code, failure.message + " (JANUS_LITE_MODEL names it)")
      }
    }
    let path = try DefaultModel.path()
    do {
      return try body(path)
    } catch {
      throw DefaultModel.explained(error)
    }
  }

  private static func reading<Model>(
    _ path: String, _ body: (_ path: String) throws -> Model
  ) throws -> Model {
    do {
      return try body(path)
    } catch {
      try checkIsNoImportance(path)
      throw error
    }
  }

  /// What 'calibrate' writes is a file of the same container.
  static func checkIsNoImportance(_ path: String) throws(Failure) {
    guard let container = try? Container(path: path), Importance.isImportance(container) else {
      return
    }
    throw Failure(
      .data,
      "'\(path)': expected a model, found what 'calibrate' measured of one; 'convert --importance' takes it"
    )
  }

  /// - Parameter cacheFormat: how keys and values are kept; nil takes the model's default.
  func open(cacheFormat: CacheFormat? = nil) throws -> Janus {
    try Self.read(model) { path in
      try Janus(
        path: path,
        options: Janus.Options(
          threads: compute.threads, instructionSet: compute.instructionSet,
          cacheFormat: cacheFormat,
          access: noMmap ? .copied : .mapped, locksMemory: lockMemory))
    }
  }

  /// A variable that is set to the empty text counts as not set. Names of files are bytes, as on the command line.
  static func environment(_ name: String) -> String? {
    getenv(name).map { SystemPath.string($0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}
