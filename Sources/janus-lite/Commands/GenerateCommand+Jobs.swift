import ArgumentParser
import JanusImages
import JanusLite
import JanusRequests

extension GenerateCommand {
  /// What is to be painted, checked as far as it can be without the model.
  ///
  /// - Parameter model: of --like.
  func jobs(like model: Provenance?) throws -> [PaintingJob] {
    let list: PromptList
    if let prompts {
      list = try PromptList(reading: prompts, format: format)
    } else if let prompt, prompt != "-" {
      list = PromptList(prompt)
    } else if prompt == nil, let model {
      list = PromptList(model.prompt)
    } else if prompt == "-" || !StandardInput.isTerminal {
      list = PromptList(try StandardInput.readText())
    } else {
      throw Failure(.usage, "expected a prompt (see 'janus-lite generate --help')")
    }
    if keepRows != nil, model?.beginning != nil {
      throw Failure(
        .usage,
        "--like '\(like ?? "")': it begins with rows of another picture itself; give that one")
    }
    let beginning = try keepRows.map { lines in
      guard let model else { throw Failure(.usage, "--keep-rows needs --like") }
      return Painter.Beginning(seed: model.seed, lines: lines)
    }
    let given = seed ?? (keepRows == nil ? model?.seed : nil)
    if resume, given == nil, list.entries.contains(where: { $0.seed == nil }) {
      throw Failure(
        .usage,
        "--resume: expected --seed of the earlier run; without it each run paints other pictures")
    }
    // One for all prompts, as with --seed, so that the run can be gone on with.
    let usual = given ?? UInt64.random(in: 0...UInt64(UInt32.max))
    // A prompt that comes again goes on with the seeds behind its own.
    var next: [[String]: UInt64] = [:]
    return try list.entries.map { entry in
      // A prompt of a list is wrong at its line, one of the command line by its options.
      func failure(_ option: String, _ problem: String) -> Failure {
        guard let place = entry.place else { return Failure(.usage, "\(option): \(problem)") }
        let key = option.drop { $0 == "-" }.replacing("-", with: "_")
        return Failure(.data, "\(place): \(key): \(problem)")
      }
      do {
        try Self.checkNotEmpty(entry.prompt)
      } catch {
        throw failure("prompt", "expected words, found none")
      }
      let count = entry.number ?? number
      let settings = entry.sampling.settings(sampling, like: model?.settings)
      if count > 1, settings.temperature == 0 || settings.topK == 1 {
        throw failure(
          settings.temperature == 0 ? "--temperature" : "--top-k",
          "\(settings.temperature == 0 ? 0 : 1) paints the same picture with every seed: expected 1 picture (n), found \(count)"
        )
      }
      // A JPEG's comment has room for so much.
      let spoken = [entry.prompt, entry.negative ?? negative ?? ""].map { (key: "", value: $0) }
      let bytes = PictureText.comment(of: spoken).utf8.count
      if bytes > 60_000, writesJPEG {
        throw failure(
          "prompt", "it takes \(bytes) bytes, but a JPEG can carry 60000 with it; use PNG")
      }
      let words = [entry.prompt, entry.negative ?? "", "\(settings)", entry.name ?? ""]
      let first = entry.seed ?? next[words] ?? usual
      let (last, overflows) = first.addingReportingOverflow(UInt64(count - 1))
      if overflows {
        throw failure(
          "--seed", "\(first): the seeds of \(count) pictures would go beyond \(UInt64.max)")
      }
      if entry.seed == nil { next[words] = last &+ 1 }
      return PaintingJob(
        prompt: entry.prompt, negative: entry.negative ?? negative ?? model?.negative ?? "",
        seeds: Array(first...last), settings: settings, beginning: beginning ?? model?.beginning,
        names: entry.name, drawnSeed: entry.seed == nil && given == nil ? usual : nil)
    }
  }

  /// As the model's prompt format strips it.
  static func checkNotEmpty(_ prompt: String) throws {
    let isEmpty = prompt.unicodeScalars.allSatisfy {
      $0.properties.isWhitespace || (0x1c...0x1f).contains($0.value)
    }
    if isEmpty { throw ValidationError("the prompt is empty") }
  }
}
