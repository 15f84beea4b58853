import ArgumentParser
import Foundation
import GGUF
import JanusConvert
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
      a .bin file is executed.

      int4 keeps 8 bits for what is sensitive: the heads, the embeddings, the aligners and the \
      vision tower. --tensor-type overrides by name, the last match wins:
        --tensor-type 'blk.*.ffn_down.weight=int8' --tensor-type 'output.weight=bf16'

      The file gets its name when it is whole; an interrupted or failed conversion leaves nothing.
      """)

  @Argument(
    help: ArgumentHelp("Folder of the checkpoint.", valueName: "folder"), completion: .directory)
  var checkpoint: String

  @Option(
    name: [.short, .long], help: ArgumentHelp("Model file to write.", valueName: "file"),
    completion: .file(extensions: ["gguf"]))
  var output: String

  @Option(help: "How weights are stored.")
  var quant = Quantization.int4

  @Option(
    help: ArgumentHelp(
      "Format of the tensors whose names match, such as f32, bf16, int8, int4; * stands for any "
        + "text. May be repeated.", valueName: "pattern=type"))
  var tensorType: [String] = []

  @Flag(help: "Print each tensor's relative error and cosine against the checkpoint.")
  var report = false

  @Flag(help: "Leave out what only making pictures needs.")
  var withoutPainting = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Threads (default: physical cores).", valueName: "count"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
    }
  }

  func run() throws {
    Interrupt.listen(writingFiles: true)
    try checkOutput()
    let begin = ContinuousClock.now
    var overrides: [TensorOverride] = []
    for text in tensorType { overrides.append(try TensorOverride(parsing: text)) }
    let conversion = try Conversion(
      source: checkpoint, quantization: quant, overrides: overrides,
      includePainting: !withoutPainting, threads: threads ?? ProcessorCount.physicalCores,
      converter: "janus-lite \(Root.version)")
    for note in conversion.notes { StandardError.note(note) }
    for warning in conversion.warnings { StandardError.note("warning: \(warning)") }

    var progress = ProgressBar("converting", total: conversion.byteCount)
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
    if report { try printErrors(result) }
    let seconds = Format.fixed((ContinuousClock.now - begin) / .seconds(1), 1)
    StandardError.note(
      "\(output): \(result.tensors.count) tensors, \(Format.bytes(result.byteCount)), "
        + "in \(seconds) s, peak memory \(Format.bytes(ProcessMemory.peak))")
  }

  /// A model file may be replaced, but nothing else: it could be the checkpoint itself.
  private func checkOutput() throws(Failure) {
    var status = stat()
    // Opening a pipe would wait for a writer.
    guard stat(output, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return }
      throw Failure(FileError(path: output, operation: "examine", code: errno))
    }
    // Folders and devices are refused later, where the new file would be made.
    guard status.st_mode & S_IFMT == S_IFREG else { return }
    guard try beginsLikeAModel() else {
      throw Failure(
        .usage, "'\(output)': expected a new file or a model to replace, found another kind of file"
      )
    }
  }

  /// An empty file counts as a model: nothing is lost with it.
  private func beginsLikeAModel() throws(Failure) -> Bool {
    let descriptor = open(output, O_RDONLY | O_CLOEXEC)
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

extension Quantization: ExpressibleByArgument {}
