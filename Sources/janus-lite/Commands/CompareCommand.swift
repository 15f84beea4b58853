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

  @Flag(
    help: """
      Also print the mean divergence for every mixture of parts: language model, vision tower and \
      painting parts from the first or the second file.
      """)
  var parts = false

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
    let kinds = try measure(comparison, list, &status)
    let mixtures = parts ? try mix(models, list, kinds, &status) : nil
    status.clear()
    let report = ComparisonReport(models, kinds, mixtures, worst: worst)
    if json {
      try JSONLine.print(report)
    } else {
      for line in report.lines { try StandardOutput.line(line) }
    }
  }

  private func measure(
    _ comparison: Comparison, _ list: InputOptions.Inputs, _ status: inout StatusLine,
    only wanted: Set<ComparisonReport.Kind> = [.texts, .pictures, .codes]
  ) throws -> [ComparisonReport.Part] {
    var parts: [ComparisonReport.Part] = []
    if !list.texts.isEmpty, wanted.contains(.texts) {
      let summary = try comparison.compare(texts: list.texts) { done in
        status.show("text \(done) of \(list.texts.count)")
      }
      parts.append(.init(.texts, summary, inputs: list.texts.indices.map { "line \($0 + 1)" }))
    }
    if !list.pictures.isEmpty, wanted.contains(.pictures) {
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
    if !list.prompts.isEmpty, wanted.contains(.codes) {
      var summary = DivergenceSummary()
      for (number, prompt) in list.prompts.enumerated() {
        status.show("painting \(number + 1) of \(list.prompts.count)")
        try comparison.compare(
          painting: prompt, input: number, guidance: inputs.guidance, into: &summary)
      }
      parts.append(.init(.codes, summary, inputs: list.prompts))
    }
    return parts
  }

  /// Every mixture of parts of both models. Each kind of places runs some of the parts only, and is not measured
  /// again for mixtures that differ in others.
  private func mix(
    _ models: (Janus, Janus), _ list: InputOptions.Inputs, _ whole: [ComparisonReport.Part],
    _ status: inout StatusLine
  ) throws -> [ComparisonReport.Mixture] {
    var found: [ComparisonReport.Kind: [Set<Janus.Part>: Double]] = [:]
    for part in whole { found[part.kind] = [part.kind.parts: part.summary.mean ?? 0, []: 0] }
    // A part that nothing measured runs would only repeat lines.
    let used = Janus.Part.allCases.filter { part in
      found.keys.contains { $0.parts.contains(part) }
    }
    var mixtures: [ComparisonReport.Mixture] = []
    for number in 1..<(1 << used.count) {
      let parts = Set(
        used.enumerated().filter { number & 1 << $0.offset != 0 }.map(\.element))
      let missing = found.keys.filter { found[$0]?[parts.intersection($0.parts)] == nil }
      if !missing.isEmpty {
        let mixture = Janus(models.0, with: parts, from: models.1)
        for part in try measure(
          try Comparison(models.0, mixture), list, &status, only: Set(missing))
        {
          found[part.kind]?[parts.intersection(part.kind.parts)] = part.summary.mean ?? 0
        }
      }
      mixtures.append(
        .init(parts) { kind in found[kind]?[parts.intersection(kind.parts)] })
    }
    return mixtures
  }

  private func open(_ name: String) throws -> Janus {
    try Janus(
      path: try ModelOptions.path(name),
      options: Janus.Options(
        threads: compute.threads, instructionSet: compute.instructionSet))
  }
}
