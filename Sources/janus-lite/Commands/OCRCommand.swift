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
      Prints the LaTeX of one picture, or a line for each of several: its name, a tab, its LaTeX. A \
      picture that cannot be read gets a line on standard error, the others are read all the same, \
      and the exit code tells. A folder stands for its pictures, a PDF for its pages.

      With --json each line is an object: images, latex (text is the same), mathml, typst, markdown, \
      valid, problem, confidence, doubtful, repairs, warnings, token_ids, prompt_token_count, \
      finish_reason ("stop", "length" or "loop"), logprobs, timings, alternatives.
      """)

  @Argument(
    help: ArgumentHelp(
      "Pictures, PDFs, folders of them, or - for standard input (default: a pipe).",
      valueName: "image"),
    completion: .file(extensions: PictureInput.completions),
    transform: FileName.path)
  var images: [String] = []

  @Option(
    help: ArgumentHelp(
      "File with the names of further pictures, a line each; - for standard input.",
      valueName: "file"),
    completion: .file(),
    transform: FileName.path)
  var filesFrom: String?

  @Flag(help: "Look for pictures in the folders of folders, too.")
  var recursive = false

  @Option(
    help: ArgumentHelp(
      "Read the pictures that come into this folder from now on, until Ctrl-C.",
      valueName: "folder"),
    completion: .directory,
    transform: FileName.path)
  var watch: String?

  @Option(
    help: ArgumentHelp(
      "tsv, json, csv, markdown or html (default: by the ending of --output's FILE, or tsv).",
      valueName: "kind"))
  var format: ReadingFormat?

  @Option(
    name: [.short, .customLong("output")],
    help: ArgumentHelp(
      "File to write the results to; FILE.resume beside it keeps them as they come; - for standard output.",
      valueName: "file"),
    completion: .file(),
    transform: FileName.path)
  var output: String?

  @Flag(help: "With --output: replace a file that holds no readings of this command.")
  var force = false

  @Flag(help: "With --output: go on where an earlier run ended; what it read is not read again.")
  var resume = false

  @Flag(
    inversion: .prefixedNo,
    help: "Write each picture's name before its formula (default: for several pictures).")
  var name: Bool?

  @Option(
    help: ArgumentHelp(
      "What stands around each formula: none, dollar, display, paren or bracket.",
      valueName: "kind"))
  var delimiters = Delimiters.none

  @Flag(help: "Write the words of the answer with its formulas, as Markdown on one line.")
  var markdown = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Look for so many other readings, all valid, and write them with their probabilities.",
      valueName: "n"))
  var alternatives = 0

  @Option(
    help: ArgumentHelp("Pictures to read at once: auto or a number.", valueName: "n"),
    completion: .list(["auto"]))
  var batch = BatchSize.auto

  @Flag(help: "Show whole pictures to the model, margins and all.")
  var noTrim = false

  @Flag(help: "Print the memory that the first picture will take, and end.")
  var dryRun = false

  @OptionGroup var progress: ProgressOptions
  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Memory") var cache: CacheOptions
  @OptionGroup(title: "Answer") var generation: GenerationOptions

  private static let mostAlternatives = 64

  mutating func validate() throws {
    // A pipe without a name is the picture.
    if images.isEmpty, filesFrom == nil, watch == nil {
      guard !StandardInput.isTerminal else {
        throw ValidationError("expected a picture, found none")
      }
      images = [PictureInput.standardInput]
    }
    guard (0...Self.mostAlternatives).contains(alternatives) else {
      throw ValidationError(
        "--alternatives: expected 0 to \(Self.mostAlternatives), found \(alternatives)")
    }
    if case .count(let count) = batch, !(1...BatchSize.limit).contains(count) {
      throw ValidationError("--batch: expected auto or 1 to \(BatchSize.limit), found \(count)")
    }
    // As without it.
    if output == "-" { output = nil }
    if resume, let stream {
      throw ValidationError(
        "--resume: expected a file that can be kept for --output, found the device or pipe '\(stream)'"
      )
    }
    if resume, output == nil { throw ValidationError("--resume: expected --output FILE with it") }
    if format == nil, !generation.json, let output {
      let name = output.split(separator: "/").last.map(String.init) ?? output
      if let better = ReadingFormat.better(ofFile: output) {
        throw ValidationError(
          "-o '\(output)': no file of this kind is written; '\(name.split(separator: ".").first ?? "all").\(better)' is one that "
            + "such programs open, and --format chooses another")
      }
    }
    if generation.json, let format, format != .json {
      throw ValidationError("--json: expected no other format with it, found --format \(format)")
    }
    guard generation.logprobs == 0 || kind == .json else {
      throw ValidationError("--logprobs needs --json")
    }
  }

  private var kind: ReadingFormat {
    format ?? (generation.json ? .json : output.flatMap(ReadingFormat.init(ofFile:)) ?? .tsv)
  }

  /// A device or pipe to which results go as they come.
  private var stream: String? { output.flatMap { StandardOutput.isStream($0) ? $0 : nil } }

  /// The file in which results are kept.
  private var kept: String? { stream == nil ? output : nil }

  func run() throws {
    Interrupt.listen(endingProcess: true, writingFiles: kept != nil)
    let listed = try filesFrom.map(NameList.read) ?? []
    if let filesFrom, listed.isEmpty {
      StandardError.note("\(InputFile.shownName(filesFrom)) names no pictures")
    }
    let names = images + listed
    let list = PictureInput.list(names, recursive: recursive)
    noteUnused()
    let several = !list.isOne || watch != nil || filesFrom != nil
    if let kept, kind == .tsv, name ?? several, [".tex", ".latex"].contains(where: kept.hasSuffix) {
      StandardError.note(
        "'\(kept)' gets a name, a tab and LaTeX on each line; --no-name leaves names out")
    }
    let model = try model.open(cacheFormat: cache.kv)
    let reader = try FormulaReader(
      model, context: cache.context, readsMany: list.inputs.count > 1 || watch != nil,
      trims: !noTrim)
    let together = try self.together(reader, watch == nil ? list.inputs.count : .max)
    if dryRun {
      let need = try reader.memoryNeed(
        try Self.firstPicture(of: list.inputs), together: together, settings: generation.settings)
      return try MemoryStatement(need, request: "ocr").print(json: generation.json)
    }
    if let kept {
      try check(kept, isNoneOf: list.inputs, model)
      guard format != nil || force || !PictureInput.isPicture(named: kept) else {
        throw Failure(
          .usage, "-o '\(kept)': expected a file for the readings, found the name of a picture")
      }
    }
    if let stream { try StandardOutput.lead(to: stream) }
    let file = try kept.map {
      try ResumeFile(
        output: $0, head: ResumeFile.Head(model: model.identity, options: options(several)),
        resumes: resume, replaces: force)
    }
    // Lines of tsv can lie beside a list of names, which a folder is not.
    let keepsPlaces =
      kind == .tsv ? several && !list.hasFolder && watch == nil : several || kept != nil
    let run = ReadingRun(
      reader,
      ReadingWriter(
        format: kind, names: name ?? several, delimiters: delimiters, words: markdown,
        alternatives: alternatives > 0, keepsPlaces: keepsPlaces),
      generation, alternatives: alternatives, together: together, progress: progress.progress,
      file: file, isDefaultModel: self.model.isDefault)
    try run.begin()
    if kept != nil { Interrupt.goesOn(withSeed: nil) }
    let arrivals = try watch.map { try FolderWatch($0, recursive: recursive) }
    if let watch { StandardError.note("watches '\(DisplayText.line(watch))', until Ctrl-C") }
    try run.read(list.inputs)
    if let arrivals { try follow(arrivals, run) }
    try run.finish()
    if several { summarize(run, list) }
    if let code = run.firstFailure { throw ExitCode(code.rawValue) }
  }

  /// The first that can be read; what is wrong with the first of all where none can.
  private static func firstPicture(of inputs: [PictureInput]) throws(Failure) -> Picture {
    guard let first = inputs.first else { throw Failure(.usage, "expected a picture, found none") }
    do throws(Failure) {
      return try first.load()
    } catch {
      for input in inputs.dropFirst() {
        if let picture = try? input.load() { return picture }
      }
      throw error
    }
  }

  /// Options that change nothing here.
  private func noteUnused() {
    if delimiters != .none, [.json, .html].contains(kind) {
      StandardError.note("--delimiters changes nothing in \(kind.rawValue)")
    }
    if markdown, [.json, .html].contains(kind) {
      StandardError.note(
        "--markdown changes nothing in \(kind.rawValue)"
          + (kind == .json ? ", which always has it" : ""))
    }
    if force, kept == nil { StandardError.note("--force is for --output FILE") }
    if let output = kept, kind == .json, output.lowercased().hasSuffix(".json") {
      StandardError.note("'\(output)' gets a JSON object on each line, as .jsonl files have")
    }
    if generation.seed != nil, generation.temperature == 0 {
      StandardError.note("--seed changes nothing at temperature 0")
    }
  }

  /// What is read is never replaced by readings: pictures, their list, the model.
  private func check(
    _ output: String, isNoneOf inputs: [PictureInput], _ model: Janus
  ) throws(Failure) {
    guard let own = SystemPath.status(of: output) else { return }
    let what =
      if inputs.contains(where: { $0.isFile(own) }) {
        "one of the pictures to read"
      } else if own.isSame(as: model.container.file.path) {
        "the model that reads"
      } else if let filesFrom, filesFrom != "-", own.isSame(as: filesFrom) {
        "the list of the pictures to read"
      } else {
        String?.none
      }
    if let what { throw Failure(.usage, "-o '\(output)': it is \(what)") }
  }

  /// How many of `number` pictures are read at once.
  private func together(_ reader: FormulaReader, _ number: Int) throws -> Int {
    switch batch {
    case .count(let count): return max(1, min(count, number))
    case .auto:
      let most = max(1, min(number, FormulaReader.together))
      return Waves(
        for: most,
        bytesPerPicture: try reader.bytesPerPicture(settings: generation.settings)
      ).size
    }
  }

  /// Reads what comes, until Ctrl-C.
  private func follow(_ arrivals: FolderWatch, _ run: ReadingRun) throws {
    var arrivals = arrivals
    if kept != nil { try run.finish() }
    while let names = try arrivals.next() {
      try run.read(PictureInput.list(names).inputs)
      if kept != nil { try run.finish() }
    }
    throw Failure.interrupted
  }

  private func summarize(_ run: ReadingRun, _ list: PictureInput.List) {
    var parts = ["\(run.readCount) read"]
    if run.failedCount > 0 { parts.append("\(run.failedCount) failed") }
    if run.skippedCount > 0 { parts.append("\(run.skippedCount) done before") }
    if list.skipped > 0 { parts.append("\(list.skipped) skipped that are no pictures") }
    if list.folders > 0 {
      let folders = "\(list.folders) subfolder\(list.folders == 1 ? "" : "s")"
      parts.append("\(folders) passed over (--recursive looks there, too)")
    }
    StandardError.note(parts.joined(separator: ", "))
  }

  /// What readings depend on, beside the model.
  private func options(_ several: Bool) -> [String: String] {
    var options = [
      "--format": kind.rawValue,
      "--delimiters": delimiters.rawValue, "--markdown": "\(markdown)",
      "--alternatives": "\(alternatives)", "--no-trim": "\(noTrim)",
      "--temperature": "\(generation.temperature)", "--max-tokens": "\(generation.maxTokens)",
      "--logprobs": "\(kind == .json ? generation.logprobs : 0)",
    ]
    // The others have names always.
    if kind != .csv, kind != .json { options["--name"] = "\(name ?? several)" }
    options["--kv"] = cache.kv?.rawValue
    options["--context"] = cache.context.map(String.init)
    if generation.temperature > 0 {
      options["--top-p"] = generation.topP.map { "\($0)" }
      options["--top-k"] = generation.topK.map(String.init)
      options["--seed"] = generation.seed.map(String.init)
    }
    return options
  }
}
