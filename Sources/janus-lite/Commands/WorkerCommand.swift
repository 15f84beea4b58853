import ArgumentParser
import Foundation
import JanusImages
import JanusLite
import JanusRequests
import JanusSystem

/// `janus-lite worker`: answers lines of JSON, for engines that spread work over many machines.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Answer lines of JSON from standard input, until it ends.",
    discussion: """
      A line is an object: id, task ("ocr", "chat" or "generate"; ocr unless said), image (a file, or \
      a data URL; images for several), prompt, and settings. Each but an empty one gets one line, in order, as soon as it is \
      ready: the same id, and the answer or error (type, message). Pictures of formulas whose lines wait \
      already are read together. Nothing in a line ends the worker.

      Settings are max_tokens, temperature, top_p, top_k, seed and stop (an array of texts); for chat \
      system; for generate n (pictures), cfg (guidance) and negative. Other keys do not count.

        echo '{"id": 1, "image": "formula.png"}' | janus-lite worker -m 1b
      """)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Longest answer, in tokens, where a line names none.", valueName: "n"))
  var maxTokens = 512

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Memory") var cache: CacheOptions

  func validate() throws {
    guard maxTokens >= 1 else {
      throw ValidationError("--max-tokens: expected 1 or more, found \(maxTokens)")
    }
  }

  /// More than a picture in base64 takes that the readers accept quickly; a line is in memory whole.
  static let longestLine = 96 << 20

  func run() throws {
    // Ctrl-C ends the process at once: no line is written by halves, since lines are written whole.
    Interrupt.listen(endingProcess: true)
    let worker = Worker(
      model: try model.open(cacheFormat: cache.kv), context: cache.context, maxTokens: maxTokens)
    var lines = BoundedLines(limit: Self.longestLine)
    // What was taken from the input beside pictures, and is none.
    var left: WorkerLine?
    while let line = try left ?? lines.next().map(WorkerLine.init) {
      left = try worker.answer(line) { () throws(Failure) in
        try lines.waiting().map(WorkerLine.init)
      }
    }
    if Interrupt.isRaised { throw Failure.interrupted }
  }
}

/// Answers requests one after another with one model.
struct Worker {
  let model: Janus
  let context: Int?
  let maxTokens: Int

  /// Answers a line, and with it those behind it that can share its passes over the weights.
  ///
  /// - Parameter next: gives lines that are waiting already.
  /// - Returns: a line that was taken and is not answered.
  func answer(
    _ line: WorkerLine, next: () throws(Failure) -> WorkerLine?
  ) throws -> WorkerLine? {
    switch line {
    case .empty: break
    case .refused(let id, let message):
      try StandardOutput.line(Self.refusal(id, message))
    case .request(.ocr, let request):
      let batch: WorkerBatch
      do {
        batch = try WorkerBatch(
          model, context: context, settings: settings(request))
      } catch {
        try StandardOutput.line(Self.problem(request.id, error))
        break
      }
      return try batch.read(request, settings: settings, next: next)
    case .request(let task, let request):
      // An answer that cannot be written ends the worker, all else ends in a line.
      let text: String
      do {
        text =
          switch task {
          case .chat: try JSONLine.encode(WorkerAnswer(id: request.id, converse(request)))
          default: try JSONLine.encode(WorkerAnswer(id: request.id, paint(request)))
          }
      } catch {
        text = try Self.problem(request.id, error)
      }
      try StandardOutput.line(text)
    }
    return nil
  }

  static func refusal(_ id: WorkerRequest.ID?, _ message: String) throws(Failure) -> String {
    try JSONLine.encode(
      WorkerAnswer(id: id, WorkerProblem(type: "invalid_request", message: message)))
  }

  /// The line for what failed.
  /// - Throws: what is no answer, since the user ended the worker.
  static func problem(_ id: WorkerRequest.ID?, _ error: any Error) throws(Failure) -> String {
    let failure = Failure(error)
    if failure.code == .interrupted { throw failure }
    return try JSONLine.encode(WorkerAnswer(id: id, WorkerProblem(error)))
  }

  func settings(_ request: WorkerRequest) throws -> GenerationSettings {
    let limit = request.maxTokens ?? maxTokens
    guard limit >= 1 else {
      throw Failure(.usage, "max_tokens: expected 1 or more, found \(limit)")
    }
    var settings = GenerationSettings(
      temperature: request.temperature ?? 0, topP: request.topP, topK: request.topK,
      seed: request.seed ?? UInt64.random(in: .min ... .max), maxTokens: limit)
    settings.stop = request.stop ?? []
    return settings
  }

  private func converse(_ request: WorkerRequest) throws -> AnswerLine {
    let pictures = try request.pictures.map(Self.picture)
    let prompt = request.prompt ?? ""
    guard !prompt.allSatisfy(\.isWhitespace) || !pictures.isEmpty else {
      throw Failure(.usage, "prompt: expected a text, found none")
    }
    let conversation = try Conversation(model, system: request.system, context: context)
    let answer = try conversation.send(
      prompt, pictures: pictures.map(\.picture), settings: settings(request), stop: Interrupt.stop)
    if answer.finishReason == .cancelled { throw Failure.interrupted }
    return AnswerLine(answer, images: pictures.map(\.name))
  }

  private func paint(_ request: WorkerRequest) throws -> WorkerPaintings {
    guard let prompt = request.prompt, !prompt.allSatisfy(\.isWhitespace) else {
      throw Failure(.usage, "prompt: expected a text, found none")
    }
    let count = request.n ?? 1
    guard (1...WorkerRequest.mostPaintings).contains(count) else {
      throw Failure(
        .usage, "n: expected 1 to \(WorkerRequest.mostPaintings), found \(count)")
    }
    let first = request.seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
    let (last, overflows) = first.addingReportingOverflow(UInt64(count - 1))
    if overflows {
      throw Failure(.usage, "seed: expected at most \(UInt64.max) for the last picture")
    }
    let clock = ContinuousClock.now
    let painter = try Painter(model, context: context)
    let prepared = try painter.request(prompt, negative: request.negative ?? "")
    let settings = Painter.Settings(
      guidance: request.cfg ?? 5, temperature: request.temperature ?? 1, topK: request.topK,
      topP: request.topP)
    let seeds = Array(first...last)
    guard
      let codes = try painter.codes(
        for: prepared, seeds: seeds, settings: settings, stop: Interrupt.stop)
    else { throw Failure.interrupted }
    let images = try zip(seeds, codes).map { seed, codes in
      let text = Provenance(
        prompt: prompt, negative: request.negative ?? "", seed: seed, settings: settings,
        software: "janus-lite \(Root.version)"
      ).text(model)
      let png = try painter.picture(codes).encodePNG(text: text)
      return WorkerPaintings.Painting(seed: seed, png: Data(png).base64EncodedString())
    }
    return WorkerPaintings(
      images: images, promptTokenCount: prepared.promptTokenCount,
      timings: .init(painter.timings, total: (ContinuousClock.now - clock) / .seconds(1)))
  }

  /// No system has longer ones.
  private static let longestName = 4096

  /// A picture and its name in the answer: that of its file, or `data:`.
  static func picture(_ name: String) throws -> (picture: Picture, name: String) {
    guard name.prefix(5).lowercased() == "data:" else {
      guard !name.isEmpty, name.utf8.count <= longestName else {
        throw Failure(
          .usage,
          "image: expected the name of a file or a data URL, found a text of \(name.utf8.count) bytes"
        )
      }
      guard name != PictureInput.standardInput else {
        throw Failure(.usage, "image: standard input holds the lines")
      }
      let path = try FileName.path(name)
      // A pipe may wait for ever, and that of the lines would lose some.
      if let status = SystemPath.status(of: path), status.st_mode & S_IFMT != S_IFREG {
        throw Failure(
          .data, "image: '\(path)': expected a file, found a pipe, a device or a folder")
      }
      return (try PictureInput(name: path).load(), name)
    }
    guard let comma = name.firstIndex(of: ","), name[..<comma].lowercased().hasSuffix(";base64"),
      let data = Data(
        base64Encoded: String(name[name.index(after: comma)...]), options: .ignoreUnknownCharacters)
    else {
      throw Failure(.data, "image: expected a data URL in base64")
    }
    do {
      return (try data.withUnsafeBytes { try Picture(decoding: $0) }, "data:")
    } catch {
      throw Failure(.data, "image: \(error)")
    }
  }
}
