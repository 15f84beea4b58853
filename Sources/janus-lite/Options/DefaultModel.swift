import Foundation
import GGUF
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

extension ContainerError {
  fileprivate var isOfMemory: Bool {
    if case .file(let error) = problem { error.isOfMemory } else { false }
  }
}

/// The model that runs where none is named: janus-nano, as `./demo` converts it.
enum DefaultModel {
  private static let name = "janus-nano.gguf"

  /// Its own samples have 0.6 and more. Below this it is wrong more often than right.
  static let usualConfidence = 0.5

  /// Where it may lie: beside the command, or in the `share` folder of an installation.
  private static let places: [String] = {
    let command =
      (Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0]))
      .resolvingSymlinksInPath()
    let folder = command.deletingLastPathComponent()
    return [folder, folder.deletingLastPathComponent().appending(path: "share/janus-lite")]
      .map { $0.appending(path: name).path(percentEncoded: false) }
  }()

  /// Whether `-m` names it.
  static func isNamed(_ text: String) -> Bool {
    text == name || text == String(name.dropLast(".gguf".count)) || text == "nano"
  }

  static var isThere: Bool { places.contains(where: FileManager.default.fileExists) }

  /// - Throws: a failure that says how to get one or to name another.
  static func path() throws(Failure) -> String {
    if let path = places.first(where: FileManager.default.fileExists) { return path }
    throw Failure(
      .usage,
      "no model file: give one with -m FILE or JANUS_LITE_MODEL ('janus-lite convert' makes one from "
        + "a checkpoint folder, 'janus-lite pull 1b' fetches one). The default model, which ./demo and the packages bring, is not at "
        + places.map { "'\($0)'" }.joined(separator: " or ")
    )
  }

  /// The words of its captions (Tools/train/shapes.py).
  private static let captionWords: Set<String> = [
    "a", "an", "the", "on", "at", "in", "left", "right", "top", "bottom", "background", "small",
    "large",
    "circle", "square", "triangle", "ring", "red", "green", "blue", "yellow", "white", "black",
    "purple",
    "orange",
  ]

  /// Says once what it can paint, where a prompt is something else.
  static func noteScope(ofPrompts prompts: [String]) {
    let strange = prompts.first { prompt in
      let words = prompt.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
      return !words.allSatisfy(captionWords.contains) || !words.contains("background")
    }
    guard strange != nil else { return }
    StandardError.note(
      "janus-nano, the default model, paints one circle, square, triangle or ring, as in 'a small red "
        + "circle on the left on a blue background'; -m or JANUS_LITE_MODEL names another model "
        + "(janus-lite pull 1b)")
  }

  /// Says once that a picture is none of those that it was made for.
  static func noteDoubt(of picture: String, confidence: Double) {
    StandardError.note(
      "\(picture): confidence \(Format.fixed(confidence, 2)); janus-nano, the default model, reads short "
        + "printed formulas and is wrong more often than right below \(usualConfidence); -m or "
        + "JANUS_LITE_MODEL names another model (janus-lite pull 1b)")
  }

  /// Whether a question asks for a formula's LaTeX, which is all that it answers.
  static func isAboutFormula(_ question: String?) -> Bool {
    let words = ["formula", "latex", "equation", "math", "公式"]
    return question.map { text in words.contains { text.lowercased().contains($0) } } ?? false
  }

  /// Says once that it holds no conversation.
  static func noteScopeOfChat() {
    StandardError.note(
      "janus-nano, the default model, reads formulas and does not converse; -m or JANUS_LITE_MODEL names "
        + "another model (janus-lite pull 1b)")
  }

  /// Adds to a failure of the default model's file how to use another one. Other failures are not its
  /// fault.
  static func explained(_ error: any Error) -> any Error {
    switch error {
    // Another file would need as much.
    case let error as FileError where error.isOfMemory: return error
    case let error as ContainerError where error.isOfMemory: return error
    case JanusError.modelFile(.container(let error)) where error.isOfMemory: return error
    case JanusError.modelFile, JanusError.tokenizer, is ContainerError, is FileError: break
    default: return error
    }
    let failure = Failure(error)
    return Failure(
      failure.code,
      failure.message
        + " (the default model, as -m and JANUS_LITE_MODEL name no other; ./demo makes "
        + "it again, and the packages have it)")
  }
}
