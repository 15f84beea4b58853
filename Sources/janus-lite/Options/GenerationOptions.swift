import ArgumentParser
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusRequests
import JanusSystem
import JanusWords

/// How an answer is generated and shown.
struct GenerationOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("0 takes the most likely token each time.", valueName: "t"))
  var temperature: Float = 0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Sample from the most likely tokens up to this sum.", valueName: "p"))
  var topP: Float?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Sample from this many most likely tokens.", valueName: "k"))
  var topK: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Seed of sampling (default: a new one each time).", valueName: "n"))
  var seed: UInt64?

  @Option(parsing: .unconditional, help: ArgumentHelp("Longest answer, in tokens.", valueName: "n"))
  var maxTokens = 512

  @Option(
    help: ArgumentHelp(
      "With --json: log-probabilities of each token and of the k most likely ones.",
      valueName: "k"))
  var logprobs = 0

  @Flag(help: "Print one JSON object a line.")
  var json = false

  @Flag(name: .shortAndLong, help: "Print timings to standard error.")
  var verbose = false

  func validate() throws {
    guard temperature >= 0, temperature.isFinite else {
      throw ValidationError("--temperature: expected 0 or more, found \(temperature)")
    }
    if let topP, !(topP > 0 && topP <= 1) {
      throw ValidationError("--top-p: expected above 0 and at most 1, found \(topP)")
    }
    if let topK, topK < 1 { throw ValidationError("--top-k: expected 1 or more, found \(topK)") }
    guard maxTokens >= 1 else {
      throw ValidationError("--max-tokens: expected 1 or more, found \(maxTokens)")
    }
    guard (0...LogprobPair.limit).contains(logprobs) else {
      throw ValidationError(
        "--logprobs: expected 0 to \(LogprobPair.limit), found \(logprobs)")
    }
  }

  var settings: GenerationSettings {
    GenerationSettings(
      temperature: temperature, topP: topP, topK: topK,
      seed: seed ?? UInt64.random(in: .min ... .max), maxTokens: maxTokens, logprobs: logprobs)
  }
}
