import ArgumentParser
import JanusAccuracy
import JanusEngine
import JanusLite
import JanusModelFile
import JanusSystem

/// `janus-lite compare`: how far one model file is from another of the same network.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare two model files of one network, such as int4 with bf16.",
    discussion: """
      Runs both models over the same tokens: over given texts, over what the first answers about given \
      pictures, and over what it paints for given prompts. At each place it compares the two \
      distributions: Kullback-Leibler divergence of the second from the first in nats, and whether both \
      would choose the same. Texts have a perplexity under each.

        janus-lite compare bf16.gguf int4.gguf --pictures samples --texts latex.txt --prompts prompts.txt
      """)

  @Argument(
    help: ArgumentHelp(
      "Model file that counts as right, or a name that 'janus-lite models' lists.",
      valueName: "first"),
    completion: .file(extensions: ["gguf"]))
  var first: String

  @Argument(
    help: ArgumentHelp("Model file to compare with it.", valueName: "second"),
    completion: .file(extensions: ["gguf"]))
  var second: String

  @OptionGroup(title: "Inputs") var inputs: InputOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Worst places to print of each kind, 0 to 10.", valueName: "count"))
  var worst = 3

  @OptionGroup var compute: ComputeOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if inputs.isEmpty {
      throw ValidationError("expected --pictures, --texts or --prompts, found none of them")
    }
    guard (0...10).contains(worst) else {
      throw ValidationError("--worst: expected 0 to 10, found \(worst)")
    }
  }

  func run() throws {
    Interrupt.listen(endingProcess: true)
    let list = try inputs.read()
    let models = (try open(first), try open(second))
    let comparison = try Comparison(models.0, models.1)
    var status = StatusLine()
    defer { status.clear() }
    var parts: [ComparisonReport.Part] = []

    if !list.texts.isEmpty {
      let summary = try comparison.compare(texts: list.texts) { done in
        status.show("text \(done) of \(list.texts.count)")
      }
      parts.append(.init(.texts, summary, inputs: list.texts.indices.map { "line \($0 + 1)" }))
    }
    if !list.pictures.isEmpty {
      var summary = DivergenceSummary()
      for (number, input) in list.pictures.enumerated() {
        status.show("picture \(number + 1) of \(list.pictures.count)")
        let picture = try input.load()
        try comparison.compare(
          picture: picture, input: number, question: inputs.question, maxTokens: inputs.maxTokens,
          into: &summary)
      }
      parts.append(.init(.pictures, summary, inputs: list.pictures.map(\.name)))
    }
    if !list.prompts.isEmpty {
      var summary = DivergenceSummary()
      for (number, prompt) in list.prompts.enumerated() {
        status.show("painting \(number + 1) of \(list.prompts.count)")
        try comparison.compare(
          painting: prompt, input: number, guidance: inputs.guidance, into: &summary)
      }
      parts.append(.init(.codes, summary, inputs: list.prompts))
    }
    status.clear()
    let report = ComparisonReport(models, parts, worst: worst)
    if json {
      try JSONLine.print(report)
    } else {
      for line in report.lines { try StandardOutput.line(line) }
    }
  }

  private func open(_ name: String) throws -> Janus {
    try Janus(
      path: try ModelOptions.path(name),
      options: Janus.Options(
        threads: compute.threads, instructionSet: compute.instructionSet))
  }
}
