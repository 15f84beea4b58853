import ArgumentParser
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// `janus-lite bench`: how fast a model runs here, beside what the machine allows.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure a model's stages, and how near they come to the machine's limits.",
    discussion: """
      Medians of several runs, with the fastest and the slowest. 'of roof' compares with what this \
      machine was measured to reach on the same threads: bytes read from memory for decoding, before \
      and after each run, and integer multiply-accumulates for everything else, at the beginning. \
      Other programs that run meanwhile spoil the figures.

      With --stdin each line of standard input is one of load-to-first-token, encode, prefill, decode-0, decode-600, batch-8, grammar, \
      paint-2, paint-16, paint-32 and vq, and is answered by one line, {"stage":…,"seconds":…} or \
      {"error":…}. The first run of a stage is slower than the others.
      """)

  @OptionGroup(title: "Model") var model: ModelOptions

  @Option(help: ArgumentHelp("Keys and values as f16 or int8.", valueName: "format"))
  var kv: CacheFormat?

  @Option(parsing: .unconditional, help: ArgumentHelp("Runs of each stage.", valueName: "count"))
  var repetitions = 5

  @Option(
    help: ArgumentHelp(
      "Only these stages: first-token, encode, prefill, decode, batch, grammar, paint, vq, separated by commas.",
      valueName: "names"),
    completion: .list(Benchmark.Stage.allNames))
  var stages: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @Flag(help: "Print comma-separated values.")
  var csv = false

  @Flag(help: "Stay, and time one run at a time: standard input names a stage a line.")
  var stdin = false

  /// What it was called before there was a server.
  @Flag(name: .customLong("serve"), help: .hidden)
  var formerStdin = false

  func validate() throws {
    guard (1...1_000).contains(repetitions) else {
      throw ValidationError("--repetitions: expected 1 to 1000, found \(repetitions)")
    }
    guard [json, csv, stdin || formerStdin].count(where: \.self) <= 1 else {
      throw ValidationError("--json, --csv and --stdin exclude each other")
    }
    for name in chosen where !Benchmark.Stage.allNames.contains(name) {
      throw ValidationError(
        "--stages: expected \(Benchmark.Stage.allNames.joined(separator: ", ")), found '\(name)'")
    }
  }

  private var chosen: [String] {
    stages?.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      ?? Benchmark.Stage.allNames
  }

  func run() throws {
    Interrupt.listen(endingProcess: true)
    let opened = try model.open(cacheFormat: kv)
    let benchmark = Benchmark(opened, repetitions: repetitions)
    if stdin || formerStdin { return try BenchService(benchmark).run() }
    var status = StatusLine()
    var results: [Benchmark.Result] = []
    status.show("measuring the machine")
    let roof = benchmark.roof()
    for stage in benchmark.stages where chosen.contains(stage.name) {
      status.show("measuring \(stage.title)")
      if let result = benchmark.measure(stage, roof) {
        results.append(result)
      } else {
        status.clear()
        StandardError.note("\(stage.title): cannot be run with this model and memory")
      }
      if Interrupt.isRaised { throw Failure.interrupted }
    }
    status.clear()
    let report = BenchReport(
      machine: try Machine(instructionSet: opened.kernels.isa.rawValue, threads: opened.threads),
      roof: roof, benchmark, results: results)
    if json {
      try JSONLine.print(report)
    } else {
      for line in csv ? report.csv : report.table { try StandardOutput.line(line) }
    }
  }
}
