import ArgumentParser
import GGUF
import JanusConvert
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusRequests
import JanusSystem
import JanusWords
import Quant

/// `janus-lite info`: what is in a model file, and what runs here.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Show what is in a model file or a painted picture, and what this machine runs.",
    discussion: """
      Without a file, shows this machine and which model a command would use.

      Of a picture that 'generate' painted it shows prompt, seed and settings, and the command that \
      paints it again. Of several files it shows one after another; with --json each has a line.
      """)

  @Argument(
    help: ArgumentHelp(
      "Model files, names that 'janus-lite models' lists, or painted pictures; - for a picture on standard input.",
      valueName: "file"),
    completion: .file(),
    transform: FileName.path)
  var files: [String] = []

  @Option(
    name: [.short, .customLong("model")],
    help: ArgumentHelp("The same as the argument.", valueName: "file"),
    completion: .file(extensions: ["gguf"]),
    transform: FileName.path)
  var model: String?

  @Flag(help: "Read the whole file and compare every tensor with its checksum.")
  var verify = false

  @Flag(help: "Print a JSON object for each file.")
  var json = false

  @Option(
    help: ArgumentHelp("Instruction set to report on.", valueName: "name"),
    completion: ComputeOptions.instructionSets)
  var isa: String?

  func validate() throws {
    if verify, files.isEmpty, model == nil { throw ValidationError("--verify needs a model file") }
  }

  private struct Report: Encodable {
    let machine: Machine
    let defaultModel: ModelChoice?
    let model: ModelReport?
    let memory: [MemoryStatement]?

    enum CodingKeys: String, CodingKey {
      case machine, model, memory
      case defaultModel = "default_model"
    }
  }

  /// What stands for a file of several that cannot be shown.
  private struct Missing: Encodable {
    let path: String
    let error: String
  }

  func run() throws {
    Interrupt.listen()
    let machine = try Machine(
      instructionSet: isa ?? ModelOptions.environment("JANUS_LITE_ISA"), threads: nil)
    let names = (model.map { [$0] } ?? []) + files
    guard names.count > 1 else { return try show(names.first, machine, isOne: true) }
    var first: Failure.Code?
    for name in names {
      if Interrupt.isRaised { throw Failure.interrupted }
      if !json { try StandardOutput.line("== \(DisplayText.line(name)) ==") }
      do {
        try show(name, machine, isOne: false)
      } catch {
        let failure = Failure(error)
        guard failure.code != .interrupted, failure.code != .inputOutput else { throw failure }
        StandardError.line("janus-lite: error: \(failure.message)")
        if json { try JSONLine.print(Missing(path: name, error: failure.message)) }
        first = first ?? failure.code
      }
      if !json { try StandardOutput.line("") }
    }
    if let first { throw ExitCode(first.rawValue) }
  }

  /// - Parameter isOne: whether the machine is shown with it.
  private func show(_ name: String?, _ machine: Machine, isOne: Bool) throws {
    if let name, try PaintingReport.print(ofPicture: name, json: json) { return }
    var model: ModelReport?
    let file = try name.map { try ModelLibrary.resolve($0) }
    let choice = ModelChoice.current
    if let file {
      let container = try Container(path: file)
      try ModelOptions.checkIsNoImportance(file)
      model = try ModelReport(container)
      if verify { model?.checksums = try Self.checkSums(of: container) }
    }
    let memory = try file.map(Self.memory(of:))
    if json {
      try JSONLine.print(
        Report(machine: machine, defaultModel: choice, model: model, memory: memory))
    } else {
      let requests = memory.map { $0.map { "\($0.request): \($0.summary)\n" }.joined() }
      let tables = [
        model?.table, requests, isOne ? machine.table : nil, file == nil ? choice.table : nil,
      ].compactMap { $0 }
      try StandardOutput.write(tables.joined(separator: "\n"))
    }
    if let damaged = model?.checksums.damaged, !damaged.isEmpty {
      throw Failure(
        .data,
        "'\(file ?? "")': \(damaged.count) tensor\(damaged.count == 1 ? " differs from its checksum" : "s differ from their checksums"), first "
          + "'\(damaged[0])'; copy or convert the file again")
    }
  }

  /// The memory of typical requests. Empty for a model that cannot be opened: the other facts are
  /// still useful then.
  private static func memory(of path: String) throws -> [MemoryStatement] {
    var statements: [MemoryStatement] = []
    for format in [CacheFormat.f16, .int8] {
      guard let model = try? Janus(path: path, options: .init(cacheFormat: format)) else {
        return []
      }
      let kv = "--kv \(format.rawValue)"
      let (text, patches, answer) = (50, model.vision.patchCount, 256)
      statements += [
        MemoryStatement(
          model.memoryNeed(prompt: patches + text, answer: answer, pictures: 1),
          request: "chat, a picture, \(answer) tokens, \(kv)"),
        MemoryStatement(
          model.memoryNeed(prompt: text, answer: answer),
          request: "chat, text alone, \(answer) tokens, \(kv)"),
      ]
      for count in [1, 8] {
        guard let need = model.memoryNeed(painting: count, prompt: text) else { continue }
        statements.append(
          MemoryStatement(
            need, request: "generate, \(count) at once, \(kv)"))
      }
    }
    return statements
  }

  private static func checkSums(of container: Container) throws -> ModelReport.Checksums {
    var progress = ProgressBar(
      "verifying", total: container.tensors.reduce(0) { $0 + $1.layout.byteCount })
    defer { progress.finish() }
    var done = 0
    var damaged: [String] = []
    for tensor in container.tensors {
      if Interrupt.isRaised { throw Failure.interrupted }
      do throws(ContainerError) {
        try container.verify(tensor)
      } catch {
        guard case .checksum = error.problem else { throw error }
        damaged.append(tensor.name)
      }
      done += tensor.layout.byteCount
      progress.update(done, detail: tensor.name)
    }
    return ModelReport.Checksums(isChecked: true, damaged: damaged)
  }
}
