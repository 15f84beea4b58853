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

      -o takes a folder; a name in .png, .jpg or .webp, which is the picture's own; or - for standard output. \
      --prompts paints many prompts with one opening of the model: one a line, or JSON objects with \
      prompt, and perhaps negative, seed, n, name, cfg, temperature, top_k and top_p.

      A long run that was stopped goes on with --resume, and with --seed where the seeds were new: \
      pictures that are there with these settings are not painted again.

      A picture's settings can be used again, with changes: --like picture.png --seed 7. With \
      --keep-rows 8 the first eight rows stay as they were in that picture.

      With --json one object (a line for each prompt of --prompts): images (path, seed, token_ids, and \
      logprobs where they are asked for), prompt_token_count, timings.
      """)

  @Argument(
    help: "What to paint; - reads it from standard input.", transform: ArgumentText.checked)
  var prompt: String?

  @Option(
    help: ArgumentHelp(
      "Prompts to paint one after another; - for standard input.", valueName: "file"),
    completion: .file(),
    transform: FileName.path)
  var prompts: String?

  @Option(
    help: ArgumentHelp(
      "Words to keep away from: guidance leads away from them instead of from no words.",
      valueName: "text"),
    transform: ArgumentText.checked)
  var negative: String?

  @Option(
    name: .short, parsing: .unconditional,
    help: ArgumentHelp("How many pictures.", valueName: "count"))
  var number = 1

  @Option(
    name: [.short, .customLong("output")],
    help: ArgumentHelp(
      "Folder to write to, made where it does not exist; a picture's file (.png, .jpg, .webp); or - for standard output.",
      valueName: "place"),
    completion: .file(),
    transform: FileName.path)
  var output = "."

  @Option(
    help: ArgumentHelp(
      "Names of the files in a folder: {prompt}, {seed} and {i} stand for the picture's own.",
      valueName: "pattern"))
  var name = Gallery.usualNames

  @Flag(help: "Replace files that are no paintings of this program.")
  var force = false

  @Flag(help: "Go on where an earlier run ended: pictures that are there are not painted again.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Take prompt, seed and settings from a painted picture; other options change them.",
      valueName: "picture"),
    completion: .file(extensions: ["png", "jpg", "webp"]),
    transform: FileName.path)
  var like: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "With --like: keep so many rows of codes of that picture, and paint on with new seeds.",
      valueName: "n"))
  var keepRows: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Seed of the first picture (default: a new one).", valueName: "n"))
  var seed: UInt64?

  @Option(
    name: [.long, .customLong("guidance")], parsing: .unconditional,
    help: ArgumentHelp(
      "Guidance: how closely to follow the prompt (default: 5).", valueName: "weight"))
  var cfg: Float?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("0 takes the most likely code each time (default: 1).", valueName: "t"))
  var temperature: Float?

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
    help: ArgumentHelp("Quality of JPEG and WebP files, 1 to 100 (default: 90).", valueName: "q"))
  var quality: Int?

  @Option(
    help: ArgumentHelp(
      "Also write all pictures as one contact sheet, .png, .jpg or .webp.", valueName: "file"),
    completion: .file(),
    transform: FileName.path)
  var grid: String?

  @Option(
    help: ArgumentHelp(
      "Rewrite this file as rows of the first picture arrive, unfinished rows grey; at most a "
        + "twelfth of the time is spent on it.",
      valueName: "file"),
    completion: .file(),
    transform: FileName.path)
  var preview: String?

  @Option(
    help: ArgumentHelp("Pictures to paint at once: auto or a number.", valueName: "auto|n"),
    completion: .list(["auto"]))
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

  @OptionGroup var progress: ProgressOptions
  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Memory") var cache: CacheOptions

  func validate() throws {
    let sources = [prompt != nil && prompt != "-", prompt == "-", prompts != nil].count { $0 }
    guard sources <= 1 else {
      throw ValidationError("expected a prompt or --prompts, found both")
    }
    if let prompt, prompt != "-" {
      try Self.checkNotEmpty(prompt)
      try Self.checkIsNoFile(prompt)
    }
    if prompts != nil, like != nil { throw ValidationError("--like is for one prompt") }
    if let keepRows {
      guard like != nil else { throw ValidationError("--keep-rows needs --like") }
      guard keepRows >= 0 else {
        throw ValidationError("--keep-rows: expected 0 or more, found \(keepRows)")
      }
    }
    if let problem = Gallery.problem(ofPlace: output) { throw ValidationError("-o: \(problem)") }
    if let problem = Gallery.problem(ofNames: name, format) {
      throw ValidationError("--name: \(problem)")
    }
    if resume {
      guard case .folder = Gallery.place(output) else {
        throw ValidationError("--resume: expected a folder for -o, found '\(output)'")
      }
      // Codes of pictures that are there are not known.
      guard !json else { throw ValidationError("--resume: expected no --json with it") }
    }
    if output == "-" {
      guard number == 1, prompts == nil else {
        throw ValidationError("-o -: one picture can go to standard output, not several")
      }
      guard !json else { throw ValidationError("-o -: the picture goes where --json would") }
    }
    guard (1...9_999).contains(number) else {
      throw ValidationError("-n: expected 1 to 9999, found \(number)")
    }
    if let problem = sampling.problem {
      let option = problem.key.replacing("_", with: "-")
      throw ValidationError("--\(option): \(problem.text)")
    }
    if let quality, !(1...100).contains(quality) {
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
    guard grid == nil || number <= Picture.mostOnSheet else {
      throw ValidationError(
        "--grid: expected at most \(Picture.mostOnSheet) pictures, found \(number)")
    }
    // Checked before anything is painted.
    var files = [grid, preview].compactMap(\.self)
    if case .file(let path) = Gallery.place(output) { files.append(path) }
    for path in files {
      do throws(Failure) {
        _ = try PictureFile(path: path, quality: qualityOrUsual)
      } catch {
        throw ValidationError(error.message)
      }
    }
  }

  /// A file of words or a picture is painted from, but its name is no prompt.
  private static func checkIsNoFile(_ prompt: String) throws {
    let ending = prompt.split(separator: ".").last.map { $0.lowercased() } ?? ""
    let isList = ["txt", "jsonl", "json", "csv", "tsv"].contains(ending)
    guard isList || PictureInput.isPicture(named: prompt), SystemPath.status(of: prompt) != nil
    else { return }
    throw ValidationError(
      "expected what to paint, found the name of a file: \(isList ? "--prompts" : "--like") \(prompt) takes it"
    )
  }

  var sampling: PaintingSampling {
    PaintingSampling(cfg: cfg, temperature: temperature, topK: topK, topP: topP)
  }

  var qualityOrUsual: Int { quality ?? PictureFile.usualQuality }

  /// The formats of all files that will be written.
  private var formats: [PictureFile.Format] {
    let own: String? = if case .file(let path) = Gallery.place(output) { path } else { nil }
    let named = [grid, preview, own].compactMap { path in
      path.flatMap { try? PictureFile(path: $0, quality: qualityOrUsual) }?.format
    }
    return named + (own == nil ? [format] : [])
  }

  var writesJPEG: Bool { formats.contains(.jpeg) }

  func run() throws {
    Interrupt.listen(endingProcess: true, writingFiles: true)
    try format.checkLibrary()
    if output == "-", !dryRun { try StandardOutput.checkTakesFiles() }
    if quality != nil, !formats.contains(where: \.hasQuality) {
      StandardError.note("--quality is for JPEG and WebP; a PNG keeps all of a picture")
    }
    noteUnused()
    let model = try like.map(Self.provenance)
    let jobs = try jobs(like: model)
    let painter = try Painter(
      try self.model.open(cacheFormat: cache.kv), context: cache.context)
    if self.model.isDefault {
      DefaultModel.noteScope(ofPrompts: jobs.map(\.prompt))
    }
    if let model { noteDifferences(model, painter.model) }
    try PaintingBatch(jobs, command: self, painter: painter).run()
  }

  /// Says what about --like's picture is not so now, as other codes may be drawn then.
  private func noteDifferences(_ made: Provenance, _ model: Janus) {
    let now = made.text(model)
    for key in ["Model", "Cache", "Instruction set"] {
      guard let was = made.setting[key], let value = now.first(where: { $0.key == key })?.value,
        was != value
      else { continue }
      StandardError.note(
        "--like: \(key.lowercased()) was '\(DisplayText.line(was))' and is '\(DisplayText.line(value))' now, so the picture may differ"
      )
    }
    if made.setting["Pictures"]?.contains("prompts") == true {
      StandardError.note("--like: a sheet of several prompts; the first of them is painted")
    }
  }

  /// Options that change nothing here.
  private func noteUnused() {
    guard case .file(let path) = Gallery.place(output) else { return }
    if name != Gallery.usualNames {
      StandardError.note("--name is for pictures in a folder; -o names the file")
    }
    if format != .png, (try? PictureFile(path: path, quality: 1))?.format != format {
      StandardError.note("--format is for pictures in a folder; the name after -o says its format")
    }
  }

  private static func provenance(of path: String) throws -> Provenance {
    let text = try InputFile.withBytes(of: path, limit: 1 << 28) { PictureText.pairs(in: $0) }
    guard let provenance = Provenance(text) else {
      throw Failure(
        .data,
        "\(InputFile.shownName(path)): expected a picture that this program painted, found none of its settings"
      )
    }
    return provenance
  }
}
