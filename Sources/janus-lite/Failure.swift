import ArgumentParser
import Foundation
import GGUF
import JanusConvert
import JanusImages
import JanusLite
import SIMDKernels

/// An error as the command ends with it: one line for people, a code for scripts.
struct Failure: Error {
  /// The conventions of sysexits.h.
  enum Code: Int32 {
    case usage = 64
    case data = 65
    case missingFile = 66
    case internalError = 70
    case inputOutput = 74
    case interrupted = 130
  }

  let code: Code
  let message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case JanusError.container(let error): self.init(error)
    case let error as JanusError: self.init(Self.code(of: error), "\(error)")
    case let error as ContainerError: self.init(Self.code(of: error), "\(error)" + Self.hint(error))
    case let error as FileError: self.init(Self.code(of: error), "\(error)")
    case let error as ConversionError: self.init(Self.code(of: error), "\(error)")
    case let error as PictureError: self.init(.data, "\(error)")
    case let error as TokenizerError: self.init(.data, "\(error)")
    case let error as InstructionSetError: self.init(.usage, "\(error)")
    default:
      // What is left comes from parsing the arguments.
      let isUsage = Root.exitCode(for: error) == .validationFailure
      self.init(
        isUsage ? .usage : .internalError,
        isUsage ? "\(Root.message(for: error)) (\(Self.helpHint))" : "\(error)")
    }
  }

  /// Names the subcommand where one was recognised.
  private static var helpHint: String {
    let names = Root.configuration.subcommands.compactMap { $0.configuration.commandName }
    let name = CommandLine.arguments.dropFirst().first.flatMap { names.contains($0) ? $0 : nil }
    return "see 'janus-lite \(name.map { $0 + " " } ?? "")--help'"
  }

  /// Checkpoints are folders, so that one may be taken for a model.
  private static func hint(_ error: ContainerError) -> String {
    guard case .file(let error) = error.problem, error.code == EISDIR else { return "" }
    return "; 'janus-lite convert' makes a model file of a checkpoint's folder"
  }

  private static func code(of error: FileError) -> Code {
    error.isMissing ? .missingFile : .inputOutput
  }

  private static func code(of error: ContainerError) -> Code {
    if case .file(let error) = error.problem { return code(of: error) }
    return .data
  }

  private static func code(of error: JanusError) -> Code {
    switch error {
    case .container(let error): code(of: error)
    case .instructionSet, .request, .prompt: .usage
    case .geometry, .tensor, .tokenizer, .context, .paintingContext, .memory, .fileMemory,
      .notANumber, .noPaintingParts, .blankPicture:
      .data
    }
  }

  private static func code(of error: ConversionError) -> Code {
    switch error.kind {
    case .usage: .usage
    case .data: .data
    case .missing: .missingFile
    case .inputOutput: .inputOutput
    case .cancelled: .interrupted
    }
  }
}
