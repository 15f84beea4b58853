import JanusImages
import JanusLite
import JanusRequests

/// Pictures of a worker's lines that share passes over the weights.
///
/// Its answers are those that each picture gets alone. They are written in the order of their lines, each as soon
/// as those before it are written.
final class WorkerBatch {
  /// Answers that may wait for one before them.
  private static let mostWaiting = 64

  private let reader: FormulaReader
  private let settings: GenerationSettings
  private let together: Int
  /// A picture that is being read.
  private struct Reading {
    let number: Int
    let id: WorkerRequest.ID?
    /// A file's name or a data URL. What is decoded of it is not kept: eight pictures may take gigabytes.
    let picture: String
    let name: String
  }

  private var readings: [Int: Reading] = [:]
  /// Those that had no memory beside others.
  private var again: [Reading] = []
  private var begun = 0
  private var taken = 0
  private var written = 0
  private var waiting: [Int: String] = [:]
  private var failure: (any Error)?
  private let stop = StopToken { Interrupt.isRaised }

  init(_ model: Janus, context: Int?, settings: GenerationSettings) throws {
    self.settings = settings
    reader = try FormulaReader(model, context: context, readsMany: true)
    // With chance in them, each has a seed of its own.
    together =
      settings.temperature == 0
      ? Waves(
        for: FormulaReader.together,
        bytesPerPicture: try reader.bytesPerPicture(settings: settings)
      ).size : 1
  }

  /// Reads the picture of `first`, and those of the lines behind it that have the same settings.
  ///
  /// - Parameters:
  ///   - settings: those of a request.
  ///   - next: gives lines that are waiting already.
  /// - Returns: a line that was taken and is not answered.
  func read(
    _ first: WorkerRequest, settings: (WorkerRequest) throws -> GenerationSettings,
    next: () throws(Failure) -> WorkerLine?
  ) throws -> WorkerLine? {
    var left: WorkerLine? = .request(.ocr, first)
    func take() throws(Failure) -> WorkerLine? {
      if let line = left {
        left = nil
        return line
      }
      return try together > 1 && waiting.count < Self.mostWaiting ? next() : nil
    }

    /// The next picture that can be read.
    func picture() -> Picture? {
      while failure == nil {
        do {
          guard let line = try take() else { return nil }
          switch line {
          case .empty: continue
          case .refused(let id, let message):
            write(try Worker.refusal(id, message), at: place())
          case .request(.ocr, let request):
            do {
              guard try taken == 0 || shares(settings(request)) else {
                left = line
                return nil
              }
              return try begin(request)
            } catch {
              write(try Worker.problem(request.id, error), at: place())
            }
          case .request:
            left = line
            return nil
          }
        } catch {
          end(error)
        }
      }
      return nil
    }

    reader.readAll(
      together: together, settings: self.settings, stop: stop, next: picture,
      onReading: { index, result in
        guard let reading = readings.removeValue(forKey: index) else { return }
        if case .failure(.memory) = result, !readings.isEmpty {
          again.append(reading)
        } else {
          answer(reading, result)
        }
      })
    for reading in again.sorted(by: { $0.number < $1.number }) where failure == nil {
      readAgain(reading)
    }
    if let failure { throw failure }
    return left
  }

  private func readAgain(_ reading: Reading) {
    do {
      let picture = try Worker.picture(reading.picture).picture
      answer(
        reading,
        Result { () throws(JanusError) in
          try reader.read(picture, settings: self.settings, stop: stop)
        })
    } catch {
      do { write(try Worker.problem(reading.id, error), at: reading.number) } catch { end(error) }
    }
  }

  private func shares(_ other: GenerationSettings) -> Bool {
    // Without chance neither the seed nor what limits chance has a part in the answer.
    other.temperature == 0 && other.maxTokens == settings.maxTokens && other.stop == settings.stop
      && other.topK == settings.topK && other.topP == settings.topP
  }

  private func place() -> Int {
    defer { taken += 1 }
    return taken
  }

  private func begin(_ request: WorkerRequest) throws -> Picture {
    guard request.pictures.count == 1, let name = request.pictures.first else {
      throw Failure(.usage, "image: expected one picture, found \(request.pictures.count)")
    }
    let (picture, shown) = try Worker.picture(name)
    readings[begun] = Reading(number: place(), id: request.id, picture: name, name: shown)
    begun += 1
    return picture
  }

  private func answer(_ reading: Reading, _ result: Result<FormulaReading, JanusError>) {
    do {
      let text: String
      switch result {
      case .success(let found):
        if found.answer.finishReason == .cancelled { throw Failure.interrupted }
        text = try JSONLine.encode(
          WorkerAnswer(id: reading.id, FormulaLine(found, image: reading.name)))
      case .failure(let error):
        text = try Worker.problem(reading.id, error)
      }
      write(text, at: reading.number)
    } catch {
      end(error)
    }
  }

  /// Writes an answer when all before it are written.
  private func write(_ text: String, at number: Int) {
    waiting[number] = text
    while failure == nil, let next = waiting.removeValue(forKey: written) {
      written += 1
      do throws(Failure) { try StandardOutput.line(next) } catch { end(error) }
    }
  }

  private func end(_ error: any Error) {
    failure = failure ?? error
    stop.stop()
  }
}
