import ArgumentParser
import Foundation
import JanusAccuracy
import JanusEngine
import JanusLite
import JanusModelFile
import JanusSystem

/// `janus-lite calibrate`: what a model's weights are multiplied by.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract:
      "Measure how much each column of a model's weights matters, for convert --importance.",
    discussion: """
      Runs a model, best one in bf16, over texts, over pictures that it reads, and over pictures that it \
      paints for prompts, and adds up the squares of what each weight is multiplied by. Choose inputs like \
      those that the model is for; some dozens of each are enough.

        janus-lite convert Janus-Pro-1B -o bf16.gguf --quant bf16
        janus-lite calibrate -m bf16.gguf --pictures scans --texts latex.txt --prompts prompts.txt \\
          -o importance.gguf
        janus-lite convert Janus-Pro-1B -o int4.gguf --importance importance.gguf

      What was measured is kept in FILE.resume meanwhile; --resume goes on with it after an interruption or \
      an error. \
      --merge adds what other runs measured of the same model on other inputs. With --merge alone nothing is \
      run.
      """)

  @OptionGroup(title: "Inputs") var inputs: InputOptions

  @Option(
    name: [.short, .customLong("output")],
    help: ArgumentHelp("Importance file to write; - for standard output.", valueName: "file"),
    completion: .file(extensions: ["gguf"]),
    transform: FileName.path)
  var output: String

  @Option(
    help: ArgumentHelp(
      "Add what is in this importance file. May be repeated.", valueName: "file"),
    completion: .file(extensions: ["gguf"]),
    transform: FileName.path)
  var merge: [String] = []

  @Flag(help: "Go on where an earlier run ended; what it counted is not run again.")
  var resume = false

  @OptionGroup(title: "Model") var model: ModelOptions

  func validate() throws {
    if inputs.isEmpty, merge.isEmpty {
      throw ValidationError("expected --pictures, --texts and --prompts, or --merge; found none")
    }
    if output == "-", resume {
      throw ValidationError("--resume: expected --output FILE with it, found -")
    }
    if inputs.isEmpty, resume {
      throw ValidationError("--resume: expected inputs with it, found none")
    }
  }

  private var resumeFile: String { place + ".resume" }
  /// A file of this kind is written out of order, so that it takes a file first.
  private var place: String {
    output == "-"
      ? FileManager.default.temporaryDirectory.appending(path: "janus-lite-\(getpid()).gguf").path
      : output
  }

  func run() throws {
    Interrupt.listen(writingFiles: true)
    let isStream = output == "-"
    if isStream { try StandardOutput.checkTakesFiles() }
    try ConvertCommand.checkOutput(place, of: .importance)
    defer { if isStream { unlink(place) } }
    var importance = try Importance.merged(merge)
    if !inputs.isEmpty {
      let measured = try measure()
      if importance == nil { importance = measured } else { try importance?.merge(measured) }
    }
    guard let importance else { return }
    if !isStream, SystemPath.status(of: output) != nil {
      StandardError.note("replaces '\(output)'")
    }
    try importance.write(to: place)
    _ = SystemPath.withBytes(of: resumeFile) { unlink($0) }
    if isStream { try StandardOutput.write(file: place) }
    StandardError.note(
      "\(isStream ? "standard output" : output): \(importance.entries.count) weights, \(importance.inputs.count) inputs"
    )
  }

  private func measure() throws -> Importance {
    let list = try inputs.read()
    var earlier: Importance?
    if resume, SystemPath.status(of: resumeFile) != nil {
      earlier = try Importance(path: resumeFile)
    }
    let calibration = try Calibration(try model.open(), from: earlier)
    if let earlier { StandardError.note("goes on after \(earlier.inputs.count) inputs") }
    // Better said now than after hours.
    do {
      try calibration.checkComplete(
        with: (list.texts.isEmpty ? [] : [.text]) + (list.pictures.isEmpty ? [] : [.pictures])
          + (list.prompts.isEmpty ? [] : [.codes]))
    } catch {
      StandardError.note(
        "\(error); what is measured now is kept in '\(DisplayText.line(resumeFile))', for a run with "
          + "--resume and the rest")
    }

    do {
      try run(list, through: calibration)
      try calibration.checkComplete()
    } catch {
      // A picture that cannot be read, or Ctrl-C: what was counted is not lost.
      try calibration.importance.write(to: resumeFile)
      throw error
    }
    return calibration.importance
  }

  private func run(_ list: InputOptions.Inputs, through calibration: Calibration) throws {
    var status = StatusLine()
    defer { status.clear() }
    var saved = ContinuousClock.now
    func finished(_ text: String) throws {
      status.show(text)
      if Interrupt.isRaised { throw Failure.interrupted }
      guard ContinuousClock.now - saved > .seconds(60) else { return }
      try calibration.importance.write(to: resumeFile)
      saved = .now
    }
    let group = Calibration.together
    for start in stride(from: 0, to: list.texts.count, by: group) {
      let end = min(list.texts.count, start + group)
      try calibration.take(texts: Array(list.texts[start..<end]))
      try finished("text \(end) of \(list.texts.count)")
    }
    for (number, input) in list.pictures.enumerated() {
      try calibration.take(
        picture: try input.load(), number: number, question: inputs.question,
        maxTokens: inputs.maxTokens)
      try finished("picture \(number + 1) of \(list.pictures.count)")
    }
    for (number, prompt) in list.prompts.enumerated() {
      try calibration.take(prompt: prompt, seed: UInt64(number), guidance: inputs.guidance)
      try finished("painting \(number + 1) of \(list.prompts.count)")
    }
  }
}
