import JanusImages
import JanusLite

/// Reads pictures one after another or several at once, and writes each reading: to standard output in the
/// order of the pictures, or to a file.
final class ReadingRun {
  private let reader: FormulaReader
  private let writer: ReadingWriter
  private let generation: GenerationOptions
  private let alternatives: Int
  /// Pictures that are read at once.
  private let together: Int
  private let progress: ProgressKind
  private let file: ResumeFile?
  /// Whether nobody named a model. It is told once where it is out of its depth.
  private var isDefaultModel: Bool

  private var order: [String] = []
  /// What is written for pictures that could not be read, by name.
  private var failedTexts: [String: String] = [:]
  /// Pieces of standard output that wait for those before them; nil for one that is empty.
  private var waiting: [Int: String] = [:]
  private var written = 0
  private var taken = 0
  /// Pictures of which something is kept, and of how many: what is told after Ctrl-C.
  private var kept = (count: 0, of: 0)
  private var failure: Failure?
  private let stop = StopToken { Interrupt.isRaised }

  private(set) var firstFailure: Failure.Code?
  private(set) var readCount = 0
  private(set) var failedCount = 0
  private(set) var skippedCount = 0

  init(
    _ reader: FormulaReader, _ writer: ReadingWriter, _ generation: GenerationOptions,
    alternatives: Int, together: Int, progress: ProgressKind, file: ResumeFile?,
    isDefaultModel: Bool
  ) {
    self.reader = reader
    self.writer = writer
    self.generation = generation
    self.alternatives = alternatives
    self.together = together
    self.progress = progress
    self.file = file
    self.isDefaultModel = isDefaultModel
  }

  func begin() throws(Failure) {
    if file == nil, !writer.head.isEmpty { try StandardOutput.write(writer.head) }
  }

  /// Writes what stands behind all readings; to a file, everything.
  func finish() throws(Failure) {
    guard let file else {
      if !writer.foot.isEmpty { try StandardOutput.write(writer.foot) }
      return
    }
    try file.finish(
      head: writer.head, foot: writer.foot, order: order, others: failedTexts)
  }

  /// The lines of standard output, or the readings in the file, are one more.
  private func count() {
    kept.count += 1
    Interrupt.counts(kept.count, of: kept.of)
  }

  /// A picture that is being read.
  private struct Reading {
    let number: Int
    let input: PictureInput
    let digest: String?
    /// The picture as a page shows it. Pictures themselves are not kept: eight may take gigabytes.
    let image: String?
  }

  func read(_ inputs: [PictureInput]) throws(Failure) {
    order += inputs.map(\.name)
    var left = unread(inputs)[...]
    let isOne = inputs.count == 1
    var readings: [Int: Reading] = [:]
    var begun = 0
    var bar = PictureProgress(progress, total: left.count)
    var status = StatusLine(progress)
    var done = 0
    kept = (0, isOne ? 0 : left.count)
    Interrupt.counts(0, of: kept.of)
    func end(_ input: PictureInput) {
      done += 1
      bar.update(done, detail: input.name)
    }

    /// The next picture that can be read.
    func next() -> Picture? {
      while failure == nil, let (input, digest) = left.popFirst() {
        let number = taken
        taken += 1
        // Standard input may have to be typed first.
        if isOne, input.name != PictureInput.standardInput { status.show("reading \(input.name)") }
        do throws(Failure) {
          let picture = try input.load()
          readings[begun] = Reading(
            number: number, input: input, digest: digest, image: writer.image(of: picture))
          begun += 1
          return picture
        } catch {
          bar.clear()
          status.clear()
          fail(number, input, error)
          end(input)
        }
      }
      return nil
    }

    var text = ""
    reader.readAll(
      together: together, settings: generation.settings, alternatives: alternatives, stop: stop,
      next: next,
      onText: { index, piece in
        guard isOne, let reading = readings[index] else { return bar.goesOn(done) }
        text += piece
        // The result is known at the end only, when sentences can be told from the formula.
        status.show("\(reading.input.name): \(text)")
      },
      onReading: { index, result in
        guard let reading = readings.removeValue(forKey: index) else { return }
        bar.clear()
        status.clear()
        do throws(Failure) {
          try show(reading, try Self.reading(of: result, reading.input))
        } catch {
          fail(reading.number, reading.input, error)
        }
        end(reading.input)
      })
    bar.clear()
    status.clear()
    if let failure { throw failure }
    if stop.isStopped { throw .interrupted }
    Interrupt.counts(0, of: 0)
  }

  /// The pictures that the file has no reading of, with their checksums.
  private func unread(_ inputs: [PictureInput]) -> [(PictureInput, digest: String?)] {
    guard let file else { return inputs.map { ($0, nil) } }
    let unread = inputs.map { ($0, digest: $0.digest()) }.filter { input, digest in
      !(digest.map { file.has(input.name, picture: $0) } ?? false)
    }
    skippedCount += inputs.count - unread.count
    return unread
  }

  private static func reading(
    of result: Result<FormulaReading, JanusError>, _ input: PictureInput
  ) throws(Failure) -> FormulaReading {
    switch result {
    case .success(let reading):
      if reading.answer.finishReason == .cancelled { throw .interrupted }
      return reading
    case .failure(.blankPicture(_, let blank)):
      throw Failure(.data, "\(input.shownName): \(blank)")
    case .failure(let error): throw Failure(error)
    }
  }

  private func show(_ reading: Reading, _ found: FormulaReading) throws(Failure) {
    let input = reading.input
    let text = try writer.piece(found, name: input.name, image: reading.image)
    if let file {
      try writing { () throws(Failure) in
        try Interrupt.holdingBack { () throws(Failure) in
          try file.add(input.name, picture: reading.digest ?? "", text: text)
          count()
        }
      }
    } else {
      write(text, reading.number)
    }
    if failure != nil { return }
    readCount += 1
    if isDefaultModel, found.confidence < DefaultModel.usualConfidence {
      isDefaultModel = false
      DefaultModel.noteDoubt(of: input.name, confidence: found.confidence)
    }
    if writer.format != .json {
      // How it ended is told below, with what to do.
      let ending = FormulaReading.ending(found.answer)
      for warning in found.warnings where !ending.contains(warning) {
        StandardError.note("\(input.name): \(warning)")
      }
      found.answer.noteIncompleteness(of: input.name, limit: generation.maxTokens)
    }
    if generation.verbose { StandardError.note("\(input.name): \(found.answer.summary)") }
  }

  private func fail(_ number: Int, _ input: PictureInput, _ error: Failure) {
    // These are not the picture's fault; the next picture would fail, too.
    if error.code == .interrupted || error.code == .internalError {
      failure = failure ?? error
      stop.stop()
      return
    }
    guard failure == nil else { return }
    StandardError.line("janus-lite: error: \(error.message)")
    firstFailure = firstFailure ?? error.code
    failedCount += 1
    do throws(Failure) {
      let text = try writer.failed(name: input.name, error: error.message)
      if file == nil {
        write(text ?? "", number)
      } else {
        if let text { failedTexts[input.name] = text }
        count()
      }
    } catch {
      failure = error
      stop.stop()
    }
  }

  /// Writes a piece of standard output when all before it are written.
  private func write(_ text: String, _ number: Int) {
    waiting[number] = text
    while let next = waiting.removeValue(forKey: written) {
      written += 1
      do throws(Failure) {
        try writing { () throws(Failure) in if !next.isEmpty { try StandardOutput.write(next) } }
        count()
      } catch {
        return
      }
    }
  }

  /// What cannot be written ends the run.
  private func writing(_ body: () throws(Failure) -> Void) throws(Failure) {
    do throws(Failure) {
      try body()
    } catch {
      failure = failure ?? error
      stop.stop()
      throw error
    }
  }
}
