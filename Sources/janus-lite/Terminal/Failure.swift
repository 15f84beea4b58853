import ArgumentParser
import Foundation
import GGUF
import JanusAccuracy
import JanusConvert
import JanusDownload
import JanusEngine
import JanusImages
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords
import SIMDKernels

/// An error that ends the command: one line for people, a code for scripts.
struct Failure: Error {
  /// The conventions of sysexits.h.
  enum Code: Int32 {
    case usage = 64
    case data = 65
    case missingFile = 66
    case unavailable = 69
    case internalError = 70
    case inputOutput = 74
    case refused = 77
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
    case JanusError.modelFile(.container(let error)): self.init(error)
    case let error as JanusError:
      self.init(Self.code(of: error), "\(error)" + Self.hint(error))
    case let error as ContainerError: self.init(Self.code(of: error), "\(error)" + Self.hint(error))
    case let error as FileError: self.init(Self.code(of: error), "\(error)")
    case let error as ConversionError:
      self.init(
        Self.code(of: error), Self.option(error) + "\(error)" + Self.hint(error))
    case let error as DownloadError: self.init(Self.code(of: error), "\(error)")
    case ImportanceError.container(let error): self.init(error)
    case let error as ImportanceError: self.init(.data, "\(error)")
    case let error as ComparisonError: self.init(.data, "\(error)")
    case let error as PictureError: self.init(.data, "\(error)")
    case let error as MemoryError: self.init(.data, "\(error)")
    case let error as TokenizerError: self.init(.data, "\(error)")
    case let error as InstructionSetError: self.init(.usage, "\(error)")
    default:
      // All other errors come from parsing the arguments.
      let isUsage = Root.exitCode(for: error) == .validationFailure
      self.init(
        isUsage ? .usage : .internalError,
        isUsage ? "\(Self.oneLine(Root.message(for: error))) (\(Self.helpHint))" : "\(error)")
    }
  }

  private static func oneLine(_ text: String) -> String {
    text.split(separator: "\n").joined(separator: " ")
  }

  /// The subcommand that runs, with its own subcommand; nil where none was recognised.
  private static var command: String? {
    var words: [String] = []
    var known = Root.configuration.subcommands
    for word in CommandLine.arguments.dropFirst() {
      guard let next = known.first(where: { $0.configuration.commandName == word }) else { break }
      words.append(word)
      known = next.configuration.subcommands
    }
    return words.isEmpty ? nil : words.joined(separator: " ")
  }

  private static var helpHint: String {
    "see 'janus-lite \(command.map { $0 + " " } ?? "")--help'"
  }

  /// What to do about a request that is too long. A limit that nobody set is the model's, and cannot be raised.
  private static var contextHint: String {
    let isSet = CommandLine.arguments.contains { $0 == "--context" || $0.hasPrefix("--context=") }
    let raise = isSet ? "allow more (--context)" : nil
    let ways: [String?] =
      switch command {
      case "ocr": [raise]
      case "generate": ["shorten the prompt", raise]
      case "chat" where !Dialogue.isHeld: ["shorten the prompt", "use fewer pictures", raise]
      case "chat":
        ["shorten the prompt", "use fewer pictures", "start a new conversation (/reset)", raise]
      default: ["shorten the prompt", "use fewer pictures"]
      }
    let words = ways.compactMap(\.self)
    guard let last = words.last else { return "" }
    return ": " + (words.count > 1 ? words.dropLast().joined(separator: ", ") + ", or " : "") + last
  }

  /// A checkpoint is a folder; somebody may give it in place of a model.
  private static func hint(_ error: ContainerError) -> String {
    let convert = "; 'janus-lite convert' makes a model file of a checkpoint's folder"
    switch error.problem {
    case .file(let error) where error.code == EISDIR: return convert
    case .notGGUF, .architecture: return convert
    case .newerFormat: return ": update janus-lite"
    default: return ""
    }
  }

  /// The option that an error is about.
  private static func option(_ error: ConversionError) -> String {
    switch error {
    case .override, .unmatchedOverride: "--tensor-type "
    case .importance: "--importance "
    case .missing, .data, .adapter, .file, .cancelled: ""
    }
  }

  private static func hint(_ error: ConversionError) -> String {
    switch error {
    case .unmatchedOverride: return "; --report lists the names"
    case .adapter: return " (janus-lite convert BASE --adapter FOLDER -o FILE)"
    case .missing(let file, _) where isConfiguration(file): return " (--base FOLDER)"
    case .missing, .data, .file, .cancelled, .override, .importance: return ""
    }
  }

  private static func isConfiguration(_ file: String) -> Bool {
    ["config.json", "tokenizer.json", "preprocessor_config.json"]
      .contains { file.hasSuffix("/\($0)") }
  }

  /// What the options of the command can do about it.
  private static func hint(_ error: JanusError) -> String {
    switch error {
    case .noPaintingParts:
      "; convert the checkpoint again without --without-painting"
    case .context, .paintingContext: contextHint
    case .memory:
      ": use an int8 cache (--kv int8), a shorter answer or context (--max-tokens, --context), or "
        + "fewer pictures at once (--batch)"
    case .fileMemory: ": map it (without --no-mmap and --mlock)"
    case .nan: " ('janus-lite info --verify' checks it)"
    case .modelFile, .instructionSet, .tokenizer, .prompt, .blankPicture, .request: ""
    }
  }

  private static func code(of error: FileError) -> Code {
    // No room for a file is what no room for a request is.
    error.isMissing ? .missingFile : error.isOfMemory ? .data : .inputOutput
  }

  private static func code(of error: ContainerError) -> Code {
    if case .file(let error) = error.problem { return code(of: error) }
    return .data
  }

  private static func code(of error: JanusError) -> Code {
    switch error {
    case .modelFile(.container(let error)): code(of: error)
    case .instructionSet, .request, .prompt: .usage
    case .modelFile, .tokenizer, .context, .paintingContext, .memory, .fileMemory, .nan,
      .noPaintingParts, .blankPicture:
      .data
    }
  }

  private static func code(of error: DownloadError) -> Code {
    switch error.kind {
    case .usage: .usage
    case .unavailable: .unavailable
    case .refused: .refused
    case .missing: .missingFile
    case .data: .data
    case .inputOutput: .inputOutput
    case .cancelled: .interrupted
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
