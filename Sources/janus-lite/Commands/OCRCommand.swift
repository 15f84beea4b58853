import ArgumentParser
import JanusEngine
import JanusImages
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusRequests
import JanusSystem
import JanusWords

import enum JanusFormulas.Delimiters

/// `janus-lite ocr`: pictures of formulas to LaTeX.
struct OCRCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ocr",
    abstract: "Read the formula in each picture as LaTeX.",
    discussion: """
      Prints one result a line, in the order of the arguments. A picture that cannot be read gets \
      a line on standard error, the others are read all the same, and the exit code tells.

      With --json each line is an object: images, latex (text is the same), mathml, typst, markdown, \
      valid, problem, confidence, doubtful, repairs, warnings, token_ids, prompt_token_count, \
      finish_reason ("stop", "length" or "loop"), logprobs, timings.
      """)

  @Argument(
    help: ArgumentHelp(
      "Pictures, folders of them, or - for standard input.", valueName: "image"),
    completion: .file())
  var images: [String]

  @Option(
    help: ArgumentHelp(
      "What stands around each formula: none, dollar, display, paren or bracket.",
      valueName: "kind"))
  var delimiters = Delimiters.none

  @Flag(help: "Print the words of the answer with its formulas, as Markdown.")
  var markdown = false

  @Flag(help: "Print each picture's name and a tab before its formula.")
  var name = false

  @Flag(help: "Show whole pictures to the model, margins and all.")
  var noTrim = false

  @Flag(help: "Print the memory that the first picture will take, and end.")
  var dryRun = false

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Memory") var cache: CacheOptions
  @OptionGroup(title: "Answer") var generation: GenerationOptions

  func run() throws {
    Interrupt.listen(endingProcess: true)
    let list = try PictureInput.list(images)
    let inputs = list.inputs
    let reader = try FormulaReader(
      try model.open(cacheFormat: cache.kv), context: cache.context, readsMany: inputs.count > 1,
      trims: !noTrim)
    if dryRun, let first = inputs.first {
      let need = try reader.memoryNeed(try first.load(), settings: generation.settings)
      return try MemoryStatement(need, request: "ocr").print(json: generation.json)
    }
    var status = StatusLine()
    var firstFailure: Failure.Code?
    var failed = 0
    for (index, input) in inputs.enumerated() {
      let label = inputs.count > 1 ? "\(input.name) (\(index + 1) of \(inputs.count))" : input.name
      status.show("reading \(label)")
      var isWritten = true
      do {
        let answer = try read(input, with: reader, label: label, &status)
        status.clear()
        isWritten = false
        try show(answer, of: input)
      } catch {
        status.clear()
        let failure = Failure(error)
        // These are not the picture's fault; the next picture would fail, too.
        if failure.code == .interrupted || failure.code == .internalError || !isWritten {
          throw failure
        }
        StandardError.line("janus-lite: error: \(failure.message)")
        firstFailure = firstFailure ?? failure.code
        failed += 1
        if generation.json {
          try JSONLine.print(FailedLine(image: input.name, error: failure.message))
        }
      }
    }
    if failed > 0 || list.skipped > 0 {
      var parts = ["\(inputs.count - failed) read"]
      if failed > 0 { parts.append("\(failed) failed") }
      if list.skipped > 0 { parts.append("\(list.skipped) skipped that are no pictures") }
      if inputs.count > 1 { StandardError.note(parts.joined(separator: ", ")) }
    }
    if let firstFailure { throw ExitCode(firstFailure.rawValue) }
  }

  private func read(
    _ input: PictureInput, with reader: FormulaReader, label: String, _ status: inout StatusLine
  ) throws -> FormulaReading {
    let picture = try input.load()
    var text = ""
    let reading: FormulaReading
    do {
      reading = try reader.read(picture, settings: generation.settings, stop: Interrupt.stop) {
        text += $0
        // The result is known at the end only, when sentences can be told from the formula.
        status.show("\(label): \(text)")
      }
    } catch JanusError.blankPicture(_, let error) {
      throw Failure(.data, "\(input.shownName): \(error)")
    }
    if reading.answer.finishReason == .cancelled { throw Failure.interrupted }
    return reading
  }

  private func show(_ reading: FormulaReading, of input: PictureInput) throws(Failure) {
    if generation.json {
      try JSONLine.print(FormulaLine(reading, image: input.name))
    } else {
      let text =
        markdown
        ? reading.markdown.split(whereSeparator: \.isNewline).joined(separator: " ")
        : reading.hasFormula ? delimiters.wrap(reading.latex) : reading.latex
      try StandardOutput.line((name ? input.name + "\t" : "") + text)
      for warning in reading.warnings { StandardError.note("\(input.name): \(warning)") }
      reading.answer.noteIncompleteness(of: input.name, limit: generation.maxTokens)
    }
    if generation.verbose { StandardError.note("\(input.name): \(reading.answer.summary)") }
  }
}

/// What stands for a picture that could not be read.
private struct FailedLine: Encodable {
  let images: [String]
  let error: String

  init(image: String, error: String) {
    images = [image]
    self.error = error
  }
}

extension Delimiters: ExpressibleByArgument {}
