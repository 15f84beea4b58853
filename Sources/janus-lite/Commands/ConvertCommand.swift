import ArgumentParser
import Foundation
import GGUF
import JanusConvert
import JanusDownload
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// `janus-lite convert`: a checkpoint folder to one model file.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Convert a Janus-Pro checkpoint to one model file.",
    discussion: """
      Takes a folder as it is downloaded: deepseek-ai's or transformers' naming, safetensors or \
      pytorch_model.bin, whole or in shards; which of them is found out from the files. Nothing in \
      a .bin file is executed. A file of weights, a hub's cache folder (models--ORG--NAME), and a tar \
      or stored zip of the folder will do as well; the document CHECKPOINTS.md lists all layouts.

      A fine-tuned model may lack the processor's or the tokenizer's files: --base lends them. A LoRA \
      adapter is merged on the way:
        janus-lite convert Janus-Pro-1B --adapter my-adapter -o tuned.gguf

      int4 keeps 8 bits for what is sensitive: the heads, the embeddings, the aligners, the \
      vision tower, and the attention of networks with rows of at most 256 numbers. int4-v1 is the int4 of \
      builds before 0.2.0, with 5 % more bytes a token. --tensor-type overrides by name, the last match wins:
        --tensor-type 'blk.*.ffn_down.weight=int8' --tensor-type 'output.weight=bf16'

      --importance lets the rounding know what each weight is multiplied by, as 'janus-lite calibrate' \
      measured it on a bf16 file of the same model.

      The file gets its name when it is whole; an interrupted or failed conversion leaves nothing.
      """)

  @Argument(
    help: ArgumentHelp("Folder of the checkpoint, or a file of it.", valueName: "folder"),
    completion: .file(),
    transform: FileName.path)
  var checkpoint: String

  @Option(
    help: ArgumentHelp(
      "Checkpoint that lends the configuration files which the other lacks.", valueName: "folder"),
    completion: .directory,
    transform: FileName.path)
  var base: String?

  @Option(
    help: ArgumentHelp("LoRA adapter (PEFT) to merge into the weights.", valueName: "folder"),
    completion: .directory,
    transform: FileName.path)
  var adapter: String?

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Model file to write; - for standard output.", valueName: "file"),
    completion: .file(extensions: ["gguf"]),
    transform: FileName.path)
  var output: String

  @Option(help: "How weights are stored; q4 and q8 mean int4 and int8, too.")
  var quant = Quantization.int4

  @Option(
    help: ArgumentHelp(
      "Format of the tensors whose names match, such as f32, bf16, int8, int4; * stands for any "
        + "text. May be repeated.", valueName: "pattern=type"))
  var tensorType: [String] = []

  @Option(
    help: ArgumentHelp(
      "What 'calibrate' measured of this model; weights are rounded by it. May be repeated.",
      valueName: "file"),
    completion: .file(extensions: ["gguf"]))
  var importance: [String] = []

  @Flag(help: "Print each tensor's relative error and cosine against the checkpoint.")
  var report = false

  @Flag(help: "Leave out what only making pictures needs.")
  var withoutPainting = false

  @Flag(help: "Say how large the file will be, and what memory and time it will take, and end.")
  var dryRun = false

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var progress: ProgressOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Threads (default: physical cores).", valueName: "count"))
  var threads: Int?

  func validate() throws {
    if output == "-", !dryRun, report || json {
      throw ValidationError(
        "-o -: the model file goes where \(report ? "--report" : "--json") would")
    }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
    }
  }

  func run() throws {
    Interrupt.listen(writingFiles: true)
    let isStream = output == "-"
    if isStream, !dryRun { try StandardOutput.checkTakesFiles() }
    // A model file is written out of order, so it takes a file first.
    let output =
      isStream
      ? FileManager.default.temporaryDirectory.appending(path: "janus-lite-\(getpid()).gguf").path
      : self.output
    defer { if isStream, !dryRun { unlink(output) } }
    try Self.checkOutput(output)
    let begin = ContinuousClock.now
    var overrides: [TensorOverride] = []
    for text in tensorType { overrides.append(try TensorOverride(parsing: text)) }
    let conversion = try Conversion(
      source: Self.place(checkpoint), base: base.map(Self.place), adapter: adapter.map(Self.place),
      quantization: quant, overrides: overrides, includePainting: !withoutPainting,
      importance: try Importance.merged(importance),
      threads: threads ?? ProcessorCount.physicalCores, converter: "janus-lite \(Root.version)")
    for note in conversion.notes { StandardError.note(note) }
    for warning in conversion.warnings { StandardError.note("warning: \(warning)") }
    if !isStream, !dryRun, SystemPath.status(of: output) != nil {
      StandardError.note("replaces '\(output)'")
    }

    if dryRun || conversion.byteCount >= Self.long {
      let forecast = ConversionSummary(
        try conversion.forecast(measuringErrors: report), of: conversion, path: self.output,
        recipe: quant)
      if dryRun {
        if json { return try JSONLine.print(forecast) }
        return try StandardOutput.write(forecast.lines.map { $0 + "\n" }.joined())
      }
      if forecast.duration >= 20 {
        StandardError.note(
          "about \(Format.duration(forecast.duration)) for \(Format.bytes(forecast.fileBytes))")
      }
    }
    var progress = ProgressBar(
      "converting", total: conversion.byteCount, kind: self.progress.progress)
    let result: ConversionReport
    do {
      defer { progress.finish() }
      result = try Interrupt.holdingBack {
        try conversion.write(to: output, measuringErrors: report) { state in
          progress.update(state.bytesDone, detail: state.tensor)
          return !Interrupt.isRaised
        }
      }
    }
    if isStream { try StandardOutput.write(file: output) }
    let seconds = (ContinuousClock.now - begin) / .seconds(1)
    if json {
      try JSONLine.print(
        ConversionSummary(
          result, recipe: quant, seconds: seconds, threads: conversion.threads,
          measuresErrors: report))
    } else if report {
      try printErrors(result)
    }
    StandardError.note(
      "\(isStream ? "standard output" : output): \(result.tensors.count) tensors, \(Format.bytes(result.byteCount)), "
        + "in \(Format.fixed(seconds, 1)) s, peak memory \(Format.bytes(ProcessMemory.peak))")
  }

  /// Bytes of a model that takes long enough for a forecast.
  private static let long = 1 << 29

  /// What a path or the name of a repository means: what lies there, or its files in the hub's cache.
  private static func place(_ text: String) throws -> String {
    guard SystemPath.status(of: text) == nil, let repository = RepositoryName(text)
    else {
      return text
    }
    for kind in HubSettings.Kind.allCases {
      let cache = HubCache(path: try HubSettings(kind).cache)
      if let folder = cache.snapshot(repository) { return folder }
    }
    throw Failure(
      .missingFile,
      "'\(text)' does not exist, and the hub's cache does not have it either; 'janus-lite pull "
        + "\(text)' fetches and converts it")
  }

  /// What a GGUF file of this program is.
  enum OutputKind: String {
    case model = "a model"
    case importance = "what 'calibrate' measured"
  }

  /// A file of the same kind may be replaced, but nothing else: it could be the checkpoint itself.
  static func checkOutput(_ output: String, of kind: OutputKind = .model) throws(Failure) {
    var status = stat()
    // Opening a pipe would wait for a writer.
    guard SystemPath.withBytes(of: output, { stat($0, &status) }) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return }
      throw Failure(FileError(path: output, operation: "examine", code: errno))
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw Failure(.inputOutput, "'\(output)': it is a folder, expected a file")
    }
    // Devices are refused later, where the new file would be made.
    guard status.st_mode & S_IFMT == S_IFREG else { return }
    let begins = try beginsLikeAModel(output)
    // One that was cut, or that is damaged, holds nothing to keep.
    let found = (try? Container(path: output)).map { container in
      Importance.isImportance(container) ? OutputKind.importance : .model
    }
    guard begins, found == nil || found == kind else {
      throw Failure(
        .usage,
        "'\(output)': expected a new file or \(kind.rawValue) to replace, found "
          + (begins ? found?.rawValue ?? "" : "another kind of file"))
    }
  }

  /// An empty file counts as a model: nothing is lost with it.
  private static func beginsLikeAModel(_ output: String) throws(Failure) -> Bool {
    let descriptor = SystemPath.withBytes(of: output) { open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else {
      throw Failure(FileError(path: output, operation: "open", code: errno))
    }
    defer { _ = close(descriptor) }
    var begin = [UInt8](repeating: 0, count: 4)
    let count = read(descriptor, &begin, begin.count)
    guard count >= 0 else {
      throw Failure(FileError(path: output, operation: "read", code: errno))
    }
    return count == 0 || begin.elementsEqual("GGUF".utf8)
  }

  /// One line a tensor, columns separated by tabs.
  private func printErrors(_ result: ConversionReport) throws(Failure) {
    try StandardOutput.line("tensor\tformat\tshape\trelative RMSE\tcosine")
    for tensor in result.tensors {
      guard let error = tensor.error else { continue }
      try StandardOutput.line(
        [
          tensor.name, tensor.format.rawValue,
          tensor.shape.map(String.init).joined(separator: "×"),
          Format.fixed(error.relativeRMSE, 6), Format.fixed(error.cosine, 6),
        ].joined(separator: "\t"))
    }
  }
}

extension Quantization: ExpressibleByArgument {
  /// Names as other programs write them, too.
  public init?(argument: String) {
    switch argument.lowercased() {
    case "q4", "q4_0": self = .int4
    case "q8", "q8_0": self = .int8
    case let name: self.init(rawValue: name)
    }
  }
}
