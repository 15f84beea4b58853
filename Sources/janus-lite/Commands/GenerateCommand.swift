import ArgumentParser
import Foundation
import JanusEngine
import JanusImages
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusRequests
import JanusSystem
import JanusWords

/// `janus-lite generate`: pictures from words.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Paint pictures from a prompt.",
    discussion: """
      Picture i of -n N --seed S is the picture of -n 1 --seed S+i, whatever is painted beside it. \
      Each file carries the prompt, seed and settings that it was made with; one that is there already \
      is not replaced by another picture of the same name, which gets a number. Ctrl-C stops at once; \
      finished pictures stay.

      With --json one object: images (path, seed, token_ids, and \
      logprobs where they are asked for), prompt_token_count, timings.
      """)

  @Argument(help: "What to paint.")
  var prompt: String

  @Option(
    name: .short, parsing: .unconditional,
    help: ArgumentHelp("How many pictures.", valueName: "count"))
  var number = 1

  @Option(
    name: [.short, .customLong("output")],
    help: ArgumentHelp("Folder to write to; made where it does not exist.", valueName: "folder"),
    completion: .directory)
  var output = "."

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Seed of the first picture (default: a new one).", valueName: "n"))
  var seed: UInt64?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Guidance: how closely to follow the prompt.", valueName: "weight"))
  var cfg: Float = 5

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("0 takes the most likely code each time.", valueName: "t"))
  var temperature: Float = 1

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Sample from this many most likely codes.", valueName: "k"))
  var topK: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Sample from the most likely codes up to this sum.", valueName: "p"))
  var topP: Float?

  @Option(help: "Format of the files: png, jpeg or webp.")
  var format = PictureFile.Format.png

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Quality of JPEG and WebP files, 1 to 100.", valueName: "q"))
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
    // As the model's prompt format strips it.
    let isEmpty = prompt.unicodeScalars.allSatisfy {
      $0.properties.isWhitespace || (0x1c...0x1f).contains($0.value)
    }
    guard !isEmpty else { throw ValidationError("the prompt is empty") }
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
    guard logprobs == 0 || json else { throw ValidationError("--logprobs needs --json") }
    // All of them are in memory until the end.
    guard logprobs * number <= LogprobPair.limit else {
      throw ValidationError(
        "--logprobs: expected at most \(LogprobPair.limit) for all pictures together, found "
          + "\(logprobs) for each of \(number)")
    }
    if case .count(let count) = batch, !(1...BatchSize.limit).contains(count) {
      throw ValidationError("--batch: expected auto or 1 to \(BatchSize.limit), found \(count)")
    }
    // A JPEG's comment has room for so much.
    if prompt.utf8.count > 60_000, writesJPEG {
      throw ValidationError(
        "the prompt has \(prompt.utf8.count) bytes, but a JPEG can carry 60000 with it; use PNG")
    }
    guard grid == nil || number <= Picture.mostOnSheet else {
      throw ValidationError(
        "--grid: expected at most \(Picture.mostOnSheet) pictures, found \(number)")
    }
    // Checked before anything is painted.
    for path in [grid, preview].compactMap(\.self) {
      do throws(Failure) {
        _ = try PictureFile(path: path, quality: quality)
      } catch {
        throw ValidationError(error.message)
      }
    }
  }

  private var writesJPEG: Bool {
    format == .jpeg
      || [grid, preview].contains { path in
        path.flatMap { try? PictureFile(path: $0, quality: quality) }?.format == .jpeg
      }
  }

  func run() throws {
    Interrupt.listen(endingProcess: true, writingFiles: true)
    let clock = ContinuousClock.now
    try format.checkLibrary()
    let painter = try Painter(
      try model.open(cacheFormat: cache.kv), context: cache.context)
    let request = try painter.request(prompt)
    let waves = batch.waves(
      for: number, bytesPerPicture: painter.cacheBytesPerPicture(request))
    let need = try painter.memoryNeed(
      request, together: waves.size, waves: waves.count, previewing: preview != nil,
      beside: bytesKept(painter))
    if dryRun { return try MemoryStatement(need, request: "generate").print(json: json) }
    try need.checkFits()

    let first = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
    let seeds = (0..<number).map { first &+ UInt64($0) }
    let gallery = try Gallery(
      folder: output, prompt: prompt, format: format, quality: quality,
      reserved: [grid, preview].compactMap(\.self))
    try checkPlaces(seeds.map(gallery.path))
    if number > 1 { StandardError.note(waves.statement) }

    var finished: [GenerateReport.Picture] = []
    var sheet: [Picture] = []
    var status = StatusLine()
    let progress = PaintingProgress(pictures: number, codesPerPicture: painter.codesPerPicture)
    for wave in stride(from: 0, to: number, by: waves.size) {
      let seeds = Array(seeds[wave..<min(number, wave + waves.size)])
      var likely = [[[LogprobPair]]](repeating: [], count: seeds.count)
      let codes = try paint(request, seeds, with: painter, done: wave, progress, &likely, &status)
      for (index, (seed, codes)) in zip(seeds, codes).enumerated() {
        status.show("decoding picture \(finished.count + 1) of \(number)")
        let picture = try painter.picture(codes)
        let text = text(seed: seed, painter)
        let path = try gallery.write(picture, seed: seed, text: text)
        status.clear()
        finished.append(
          .init(
            path: path, seed: seed, tokenIDs: codes,
            logprobs: logprobs > 0 ? likely[index] : nil))
        if grid != nil { sheet.append(picture) }
        if !json { try StandardOutput.line(path) }
        if finished.count == 1, let preview {
          do {
            try PictureFile(path: preview, quality: quality).write(picture, text: text)
          } catch {
            if Interrupt.isRaised { throw error }
            tell(error, of: "the preview is not finished")
          }
        }
      }
    }
    if let grid {
      try PictureFile(path: grid, quality: quality)
        .write(.contactSheet(sheet), text: text(seed: first, painter))
    }
    let total = (ContinuousClock.now - clock) / .seconds(1)
    let report = GenerateReport(
      images: finished, promptTokenCount: request.promptTokenCount,
      timings: .init(painter.timings, total: total))
    if json { try JSONLine.print(report) }
    if verbose { StandardError.note(report.timings.summary) }
  }

  /// Bytes that the command itself keeps until the end.
  private func bytesKept(_ painter: Painter) -> Int {
    let picture = painter.imageSize * painter.imageSize * 3
    // The pictures of a sheet, the sheet and its file; what a pair takes as JSON is made.
    return (grid == nil ? 0 : 3 * number * picture)
      + number * painter.codesPerPicture * logprobs * 160
  }

  /// Throws before any work if files could not be made, or would overwrite each other.
  private func checkPlaces(_ pictures: [String]) throws(Failure) {
    var taken = Set(pictures.map(Gallery.standardized))
    for (option, path) in [("--grid", grid), ("--preview", preview)] {
      guard let path else { continue }
      guard taken.insert(Gallery.standardized(path)).inserted else {
        throw Failure(.usage, "\(option) '\(path)': another picture is to be written there")
      }
      try PictureFile(path: path, quality: quality).checkPlace()
    }
    if let picture = pictures.first {
      try PictureFile(path: picture, format: format, quality: quality).checkPlace()
    }
  }

  private var settings: Painter.Settings {
    Painter.Settings(guidance: cfg, temperature: temperature, topK: topK, topP: topP)
  }

  private func text(seed: UInt64, _ painter: Painter) -> [(key: String, value: String)] {
    Provenance(
      prompt: prompt, seed: seed, settings: settings, software: "janus-lite \(Root.version)"
    ).text(painter.model)
  }

  /// A preview that fails is reported; painting goes on.
  private func tell(_ error: any Error, of what: String) {
    StandardError.note("\(what): \(Failure(error).message)")
  }

  private func paint(
    _ request: Painter.Request, _ seeds: [UInt64], with painter: Painter, done: Int,
    _ progress: PaintingProgress,
    _ likely: inout [[[LogprobPair]]], _ status: inout StatusLine
  ) throws -> [[Int]] {
    var shown: PreviewFile?
    if done == 0, let preview {
      shown = PreviewFile(try PictureFile(path: preview, quality: quality), of: painter)
    }
    let codes = try painter.codes(
      for: request, seeds: seeds, settings: settings, stop: Interrupt.stop,
      onStep: { step, codes in
        status.show(progress.text(before: done, atOnce: seeds.count, steps: step))
        do {
          try shown?.update(codes[0], of: painter)
        } catch {
          if Interrupt.isRaised { return }
          status.clear()
          tell(error, of: "no more previews")
          shown = nil
        }
      },
      onLogits: { picture, logits in
        guard logprobs > 0 else { return }
        likely[picture].append(Logprobs(logits).top(logprobs).map(LogprobPair.init))
      })
    status.clear()
    guard let codes else { throw Failure.interrupted }
    return codes
  }
}
