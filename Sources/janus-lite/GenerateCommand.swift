import ArgumentParser
import Foundation
import Images
import JanusLite

/// `janus-lite generate`: pictures from words.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Paint pictures from a prompt.",
    discussion: """
      Picture i of -n N --seed S is the picture of -n 1 --seed S+i, whatever is painted beside it. \
      Each file carries the prompt, seed and settings that it was made with. Ctrl-C stops at once; \
      finished pictures stay.

      With --json one object: images (path, seed, token_ids, and \
      logprobs where they are asked for), prompt_token_count, timings.
      """)

  @Argument(help: "What to paint.")
  var prompt: String

  @Option(name: .short, help: ArgumentHelp("How many pictures.", valueName: "count"))
  var number = 1

  @Option(
    name: [.short, .customLong("output")],
    help: ArgumentHelp("Folder to write to; made where it does not exist.", valueName: "folder"),
    completion: .directory)
  var output = "."

  @Option(help: ArgumentHelp("Seed of the first picture (default: a new one).", valueName: "n"))
  var seed: UInt64?

  @Option(help: ArgumentHelp("Guidance: how closely to follow the prompt.", valueName: "weight"))
  var cfg: Float = 5

  @Option(help: ArgumentHelp("0 takes the most likely code each time.", valueName: "t"))
  var temperature: Float = 1

  @Option(help: ArgumentHelp("Sample from this many most likely codes.", valueName: "k"))
  var topK: Int?

  @Option(help: ArgumentHelp("Sample from the most likely codes up to this sum.", valueName: "p"))
  var topP: Float?

  @Option(help: "Format of the files: png or jpeg.")
  var format = PictureFile.Format.png

  @Option(help: ArgumentHelp("Quality of JPEG files, 1 to 100.", valueName: "q"))
  var quality = 90

  @Option(
    help: ArgumentHelp("Also write all pictures as one contact sheet.", valueName: "file"),
    completion: .file())
  var grid: String?

  @Option(
    help: ArgumentHelp(
      "Rewrite this file as rows of the first picture arrive, unfinished rows grey; at most a "
        + "twelfth of the time is spent on it.",
      valueName: "file"),
    completion: .file())
  var preview: String?

  @Option(
    help: ArgumentHelp("Pictures to paint at once: auto or a number.", valueName: "auto|n"))
  var batch = BatchSize.auto

  @Option(
    help: ArgumentHelp(
      "With --json: guided log-probabilities of the k most likely codes at each place.",
      valueName: "k"))
  var logprobs = 0

  @Flag(help: "Print one JSON object.")
  var json = false

  @Flag(name: .shortAndLong, help: "Print timings to standard error.")
  var verbose = false

  @Flag(help: "Print the memory that painting will take, and end.")
  var dryRun = false

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Memory") var cache: CacheOptions

  func validate() throws {
    guard !prompt.allSatisfy(\.isWhitespace) else { throw ValidationError("the prompt is empty") }
    guard (1...9_999).contains(number) else {
      throw ValidationError("-n: expected 1 to 9999, found \(number)")
    }
    guard (0...100).contains(cfg) else {
      throw ValidationError("--cfg: expected 0 to 100, found \(cfg)")
    }
    guard temperature >= 0, temperature.isFinite else {
      throw ValidationError("--temperature: expected 0 or more, found \(temperature)")
    }
    if let topK, topK < 1 { throw ValidationError("--top-k: expected 1 or more, found \(topK)") }
    if let topP, !(topP > 0 && topP <= 1) {
      throw ValidationError("--top-p: expected above 0 and at most 1, found \(topP)")
    }
    guard (1...100).contains(quality) else {
      throw ValidationError("--quality: expected 1 to 100, found \(quality)")
    }
    guard (0...LogprobPair.limit).contains(logprobs) else {
      throw ValidationError(
        "--logprobs: expected 0 to \(LogprobPair.limit), found \(logprobs)")
    }
    guard grid == nil || number <= Picture.mostOnSheet else {
      throw ValidationError(
        "--grid: expected at most \(Picture.mostOnSheet) pictures, found \(number)")
    }
    // Before anything is painted, not after.
    for path in [grid, preview].compactMap(\.self) {
      do throws(Failure) {
        _ = try PictureFile(path: path, quality: quality)
      } catch {
        throw ValidationError(error.message)
      }
    }
  }

  func run() throws {
    Interrupt.listen(endingProcess: true)
    let clock = ContinuousClock.now
    let painter = try Painter(
      try model.open(cacheFormat: cache.kv), context: cache.context)
    let promptTokens = try painter.promptTokenCount(prompt)
    let size = batch.size(
      for: number, bytesPerPicture: try painter.cacheBytesPerPicture(prompt: prompt))
    if dryRun {
      let need = try painter.memoryNeed(
        prompt, together: size, waves: (number + size - 1) / size)
      return try MemoryStatement(need, request: "generate").print(json: json)
    }
    for path in [grid, preview].compactMap(\.self) {
      try PictureFile(path: path, quality: quality).checkPlace()
    }
    let gallery = try Gallery(folder: output, prompt: prompt, format: format, quality: quality)
    let first = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
    let seeds = (0..<number).map { first &+ UInt64($0) }
    if number > 1 { StandardError.note(batch.statement(of: size, for: number)) }

    var finished: [GenerateReport.Picture] = []
    var sheet: [Picture] = []
    var status = StatusLine()
    for wave in stride(from: 0, to: number, by: size) {
      let seeds = Array(seeds[wave..<min(number, wave + size)])
      var likely = [[[LogprobPair]]](repeating: [], count: seeds.count)
      let codes = try paint(seeds, with: painter, done: wave, &likely, &status)
      for (index, (seed, codes)) in zip(seeds, codes).enumerated() {
        status.show("decoding picture \(finished.count + 1) of \(number)")
        let picture = try painter.picture(codes)
        let path = try gallery.write(picture, seed: seed, settings: parameters)
        if finished.isEmpty, let preview {
          try PictureFile(path: preview, quality: quality).write(picture)
        }
        status.clear()
        finished.append(
          .init(
            path: path, seed: seed, tokenIDs: codes,
            logprobs: logprobs > 0 ? likely[index] : nil))
        if grid != nil { sheet.append(picture) }
        if !json { try StandardOutput.line(path) }
      }
    }
    if let grid { try PictureFile(path: grid, quality: quality).write(.contactSheet(sheet)) }
    let total = (ContinuousClock.now - clock) / .seconds(1)
    let report = GenerateReport(
      images: finished, promptTokenCount: promptTokens,
      timings: .init(painter.timings, total: total))
    if json { try JSONLine.print(report) }
    if verbose { StandardError.note(report.timings.summary) }
  }

  /// The settings as a picture's file carries them.
  private var parameters: [(key: String, value: String)] {
    var list = [("Guidance", "\(cfg)"), ("Temperature", "\(temperature)")]
    if let topK { list.append(("Top-k", "\(topK)")) }
    if let topP { list.append(("Top-p", "\(topP)")) }
    let model = (try? ModelOptions.path(model.model)) ?? ""
    list.append(("Model", (model as NSString).lastPathComponent))
    return list.map { (key: $0.0, value: $0.1) }
  }

  private func paint(
    _ seeds: [UInt64], with painter: Painter, done: Int, _ likely: inout [[[LogprobPair]]],
    _ status: inout StatusLine
  ) throws -> [[Int]] {
    let total = painter.codesPerPicture
    let progress = PaintingProgress(codes: total * seeds.count)
    var shown: PreviewFile?
    if done == 0, let preview {
      shown = PreviewFile(try PictureFile(path: preview, quality: quality))
    }
    var failure: (any Error)?
    let codes = try painter.codes(
      for: prompt, seeds: seeds,
      settings: .init(guidance: cfg, temperature: temperature, topK: topK, topP: topP),
      onStep: { step, codes in
        let pictures =
          seeds.count == 1
          ? "picture \(done + 1)" : "pictures \(done + 1) to \(done + seeds.count)"
        status.show("\(pictures) of \(number): \(progress.text(done: step * seeds.count))")
        do {
          try shown?.update(codes[0], of: painter)
        } catch {
          failure = error
        }
        return failure == nil && !Interrupt.isRaised
      },
      onLogits: { picture, logits in
        guard logprobs > 0 else { return }
        likely[picture].append(Logprobs(logits).top(logprobs).map(LogprobPair.init))
      })
    status.clear()
    if let failure { throw failure }
    guard let codes else { throw Failure.interrupted }
    return codes
  }
}
