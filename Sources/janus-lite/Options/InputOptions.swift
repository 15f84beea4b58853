import ArgumentParser
import JanusLite
import JanusModelFile

/// Pictures, texts and prompts that models are run over.
struct InputOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Pictures, PDFs or folders of them, to be read.", valueName: "image"),
    completion: .file())
  var pictures: [String] = []

  @Option(
    help: ArgumentHelp("File with texts, a line each; - for standard input.", valueName: "file"),
    completion: .file())
  var texts: String?

  @Option(
    help: ArgumentHelp(
      "File with prompts to paint, a line each; - for standard input.", valueName: "file"),
    completion: .file())
  var prompts: String?

  @Option(
    help: ArgumentHelp(
      "What is asked about each picture; otherwise for its formula.", valueName: "text"))
  var question: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Longest answer about a picture.", valueName: "count"))
  var maxTokens = 256

  @Option(
    name: [.customLong("cfg"), .customLong("guidance")], parsing: .unconditional,
    help: ArgumentHelp("Guidance of the paintings, 0 to 100.", valueName: "weight"))
  var guidance: Float = 5

  func validate() throws {
    guard (1...100_000).contains(maxTokens) else {
      throw ValidationError("--max-tokens: expected 1 to 100000, found \(maxTokens)")
    }
    guard guidance.isFinite, (0...100).contains(guidance) else {
      throw ValidationError("--cfg: expected 0 to 100, found \(guidance)")
    }
    guard [texts, prompts].count(where: { $0 == InputFile.standardInput }) <= 1 else {
      throw ValidationError("standard input can be read once only")
    }
  }

  var isEmpty: Bool { pictures.isEmpty && texts == nil && prompts == nil }

  /// All inputs, read or at least found.
  struct Inputs {
    let pictures: [PictureInput]
    let texts: [String]
    let prompts: [String]
  }

  func read() throws -> Inputs {
    Inputs(
      pictures: pictures.isEmpty ? [] : PictureInput.list(pictures).inputs,
      texts: try texts.map(TextList.read) ?? [],
      prompts: try prompts.map { try PromptList(reading: $0).entries.map(\.prompt) } ?? [])
  }
}
