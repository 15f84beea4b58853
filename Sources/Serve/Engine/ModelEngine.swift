import Foundation
import JanusEngine
import JanusFormulas
import JanusImages
import JanusLite
import JanusRequests
import JanusSystem
import JanusWords
import Synchronization

/// The engine that serves a model: its requests share the steps of one scheduler.
package final class ModelEngine: InferenceEngine {
  package let card: ModelCard
  package let model: Janus
  let scheduler: Scheduler
  /// Positions that a request may take.
  let context: Int
  let painting: PaintingDesk?
  private let software: String
  /// Memory for what is kept of answered requests.
  private let kept: [MemoryReservation]

  /// - Parameters:
  ///   - id: the name that requests give.
  ///   - software: name and version as painted pictures carry them.
  ///   - context: positions of a request at most; nil takes what the model was made for.
  package init(
    _ model: Janus, id: String, software: String, context: Int? = nil, summary: String = ""
  ) throws {
    self.model = model
    self.software = software
    self.context = try model.positions(atMost: context)
    // An eighth of what is free, little enough that nobody misses it.
    let prefixBytes = min(512 << 20, (AvailableMemory.bytes ?? 2 << 30) / 8)
    kept = [model.reserve(prefixBytes)].compactMap(\.self)
    scheduler = model.scheduler(prefixBytes: kept.isEmpty ? 0 : prefixBytes)
    painting =
      model.paints ? PaintingDesk(try Painter(model, context: context), scheduler) : nil
    card = ModelCard(
      id: id, created: Clock.seconds, contextLength: self.context,
      paintedSize: painting?.imageSize, paintedLines: painting?.lines ?? 0, summary: summary)
  }

  package var memory: (resident: Int, available: Int?) {
    (ProcessMemory.resident, AvailableMemory.bytes)
  }

  // MARK: Pictures

  /// What a picture is to the vision tower.
  private struct Shown: Sendable {
    let key: PictureKey
    let pixels: [Float]
    /// Of a formula, the views for further looks.
    let further: [Picture]
    let warnings: [PictureWarning]

    init(_ pixels: [Float], further: [Picture] = [], warnings: [PictureWarning] = []) {
      var digest = Digest(.sha256)
      pixels.withUnsafeBytes { digest.update($0) }
      key = PictureKey(digest: digest.finalize())
      self.pixels = pixels
      self.further = further
      self.warnings = warnings
    }

    /// With the pixels of one further view, which are made when it is looked at.
    var byteCount: Int {
      4 * pixels.count * (further.isEmpty ? 1 : 2) + further.reduce(0) { $0 + $1.heldBytes }
    }
  }

  package func show(
    asFormula: Bool, _ decode: @escaping @Sendable () throws -> Picture
  ) async throws -> ShownPicture {
    // Decoded and looked at in one turn: pictures that wait between the two would all be there as a whole.
    try await Background.run { [model] in
      let picture = try decode()
      do {
        try model.checkRoom(toSee: picture, asFormula: asFormula)
        guard asFormula else { return ShownPicture(content: Shown(try model.pixels(of: picture))) }
        let (views, warnings) = try model.formulaViews(of: picture)
        return ShownPicture(
          content: Shown(
            model.pixels(ofView: views[0]), further: Array(views.dropFirst()), warnings: warnings))
      } catch let error as BlankPicture {
        throw EngineError(.request, "\(error)", param: "image")
      } catch {
        throw Self.engineError(error)
      }
    }
  }

  private static func shown(_ picture: ShownPicture) throws(EngineError) -> Shown {
    guard let shown = picture.content as? Shown else {
      throw EngineError(.failure, "a picture of another engine")
    }
    return shown
  }

  // MARK: Chat

  package func prepare(
    _ request: ChatRequest
  ) async throws(EngineError) -> PreparedRequest<ChatEvent> {
    let messages = request.turns.map { turn in
      PromptFormat.Message(
        turn.role == .user ? .user : .assistant, turn.text, pictures: turn.pictures.count,
        placesPictures: false)
    }
    let pictures = try request.turns.flatMap(\.pictures).map(Self.shown)
    let prompt = try prompt(messages, system: request.system, pictures, request.sampling)
    let answers = try (0..<request.choices).map { choice throws(EngineError) in
      try desk(request.sampling, choice: choice, stops: request.stops, prompt)
    }
    return PreparedRequest(
      reserve: try reserving(need(prompt, choices: request.choices)), rows: request.choices,
      promptTokens: prompt.items.count, imageTokens: prompt.imageTokens
    ) { [self] in
      AsyncThrowingStream { continuation in
        let work = TextRequest(
          items: prompt.items, pictures: prompt.keys, choices: request.choices,
          largest: answers[0].largest, see: seeing(pictures),
          onPrompt: { continuation.yield(.prompt(done: $0, cached: $1)) },
          choose: { choice, logits in
            answers[choice].next(logits) { continuation.yield(.token(choice: choice, $0)) }
          },
          onEnd: { error in
            if let error { return continuation.finish(throwing: Self.engineError(error)) }
            for (choice, answer) in answers.enumerated() {
              switch answer.end {
              case .success(let reason)?: continuation.yield(.end(choice: choice, reason))
              case .failure(let error)?: return continuation.finish(throwing: error)
              case nil: return continuation.finish(throwing: CancellationError())
              }
            }
            continuation.finish()
          })
        continuation.onTermination = { if case .cancelled = $0 { work.cancel() } }
        scheduler.submit(work)
      }
    }
  }

  // MARK: Formulas

  package func prepare(
    _ request: FormulaRequest
  ) async throws(EngineError) -> PreparedRequest<FormulaEvent> {
    let messages = [PromptFormat.Message(.user, model.formulaQuestion, pictures: 1)]
    let shown = try Self.shown(request.picture)
    let prompt = try prompt(messages, system: nil, [shown], request.sampling)
    let answer = try desk(request.sampling, choice: 0, stops: [], prompt, readsFormula: true)
    return PreparedRequest(
      reserve: try reserving(need(prompt, choices: 1)), promptTokens: prompt.items.count,
      imageTokens: prompt.imageTokens
    ) { [self] in
      .telling { [self] tell in
        tell(.end(try await read(shown, prompt, request, answer, tell)))
      }
    }
  }

  /// Reads a picture in as many looks as its answers need, each a request of the scheduler.
  ///
  /// - Parameters:
  ///   - answer: of the first look.
  ///   - tell: called with what happens. The text is that of the first look, the number of tokens that of all.
  private func read(
    _ first: Shown, _ prompt: Prompt, _ request: FormulaRequest, _ answer: AnswerDesk,
    _ tell: @escaping @Sendable (FormulaEvent) -> Void
  ) async throws -> ReadFormula {
    var looks = FormulaLooks(
      further: first.further, isGreedy: request.sampling.temperature == 0)
    var (shown, answer) = (first, answer)
    try await look(at: shown, prompt, answer, tell)
    while true {
      _ = looks.take(answer.answer)
      guard let view = looks.next() else { break }
      do {
        shown = Shown(model.pixels(ofView: view))
        answer = try desk(request.sampling, choice: 0, stops: [], prompt, readsFormula: true)
        try await look(at: shown, prompt, answer) { event in
          if case .token(var token) = event, !token.isRest {
            token.text = ""
            tell(.token(token))
          }
        }
      } catch let error where !(error is CancellationError) {
        // What the looks before gave stands.
        break
      }
    }
    return try answer.formula(
      in: looks.surest ?? answer.answer, pictureWarnings: first.warnings)
  }

  private func look(
    at shown: Shown, _ prompt: Prompt, _ answer: AnswerDesk,
    _ tell: @escaping @Sendable (FormulaEvent) -> Void
  ) async throws {
    let running = Locked<TextRequest?>(nil)
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation {
        (finished: CheckedContinuation<Void, any Error>) in
        let work = TextRequest(
          items: prompt.items, pictures: [shown.key], choices: 1, see: seeing([shown]),
          onPrompt: { tell(.prompt(done: $0, cached: $1)) },
          choose: { _, logits in answer.next(logits) { tell(.token($0)) } },
          onEnd: { error in
            if let error { return finished.resume(throwing: error) }
            switch answer.end {
            case .success?: finished.resume()
            case .failure(let error)?: finished.resume(throwing: error)
            case nil: finished.resume(throwing: CancellationError())
            }
          })
        running.withLock { $0 = work }
        if Task.isCancelled { work.cancel() }
        scheduler.submit(work)
      }
    } onCancel: {
      running.withLock { $0?.cancel() }
    }
  }

  package func render(latex: String) async -> RenderedFormula {
    await Background.runShort {
      let formula = Formula(latex)
      let isEmpty = latex.allSatisfy(\.isWhitespace)
      return RenderedFormula(
        latex: latex, mathML: isEmpty ? nil : formula.mathML(display: true),
        typst: isEmpty ? nil : formula.typst, isValid: formula.isValid,
        problem: formula.problems.first?.description)
    }
  }

  // MARK: Painting

  package func prepare(
    _ request: PaintRequest
  ) async throws(EngineError) -> PreparedRequest<PaintEvent> {
    guard let painting else {
      throw EngineError(.unsupported, "this model does not paint", param: "model")
    }
    do {
      return try painting.prepare(request, model, reserving: reserving) {
        self.text(of: request, seed: $0)
      }
    } catch {
      throw Self.engineError(error)
    }
  }

  private func text(of request: PaintRequest, seed: UInt64) -> [(key: String, value: String)] {
    Provenance(
      prompt: request.prompt, seed: seed,
      settings: Painter.Settings(
        guidance: request.guidance, temperature: request.temperature, topK: request.topK,
        topP: request.topP),
      software: software
    ).text(model)
  }

  // MARK: Requests

  private struct Prompt {
    let items: [PromptItem]
    let keys: [PictureKey]
    let imageTokens: Int
    /// Tokens that may be answered.
    let answer: Int
    let pictureBytes: Int
  }

  private func prompt(
    _ messages: [PromptFormat.Message], system: String?, _ pictures: [Shown],
    _ sampling: SamplingRequest
  ) throws(EngineError) -> Prompt {
    do {
      let items = try model.promptItems(messages, system: system)
      guard items.count < context else {
        throw JanusError.context(needed: items.count + 1, available: context)
      }
      return Prompt(
        items: items, keys: pictures.map(\.key),
        imageTokens: pictures.count * model.vision.patchCount,
        answer: min(sampling.maxTokens, context - items.count),
        pictureBytes: pictures.reduce(0) { $0 + $1.byteCount })
    } catch {
      throw Self.engineError(error)
    }
  }

  private func need(_ prompt: Prompt, choices: Int) -> Int {
    let pictures = prompt.keys.count
    let one = model.memoryNeed(
      prompt: prompt.items.count, answer: prompt.answer, pictures: pictures)
    let more = model.memoryNeed(prompt: KVCacheSize.chunk, answer: prompt.answer)
    return one.allocations + (choices - 1) * more.allocations + prompt.pictureBytes
  }

  /// How a request takes its memory when its turn comes.
  ///
  /// - Throws: where it would not fit even if nobody else ran.
  private func reserving(
    _ need: Int
  ) throws(EngineError) -> @Sendable () -> (any Sendable)? {
    if let room = model.room(beside: kept), need > room {
      throw EngineError(
        .memory,
        "the request needs \((need + 999_999) / 1_000_000) MB of memory, but \(room / 1_000_000) MB are available"
      )
    }
    return { [model] in model.reserve(need) }
  }

  private func seeing(
    _ pictures: [Shown]
  ) -> @Sendable (Int, Ops, () -> Bool) throws -> PictureFeatures? {
    { [model] index, ops, keepGoing in
      try model.features(of: pictures[index].pixels, ops, keepGoing: keepGoing)
    }
  }

  private func desk(
    _ sampling: SamplingRequest, choice: Int, stops: [String], _ prompt: Prompt,
    readsFormula: Bool = false
  ) throws(EngineError) -> AnswerDesk {
    do {
      return try AnswerDesk(
        model, sampling, seed: sampling.seed &+ UInt64(choice), stops: stops,
        limit: prompt.answer, readsFormula: readsFormula, promptTokens: prompt.items.count)
    } catch {
      throw Self.engineError(error)
    }
  }

  /// The engine's words for the library's errors.
  static func engineError(_ error: any Error) -> EngineError {
    switch error {
    case let error as EngineError: return error
    case let error as MemoryError: return EngineError(.memory, "\(error)")
    case let error as JanusError:
      switch error {
      case .context(let needed, let available):
        return EngineError(
          .context,
          "the conversation needs \(needed) positions, but the context has \(available)")
      case .paintingContext(let prompt, let picture, let available):
        return EngineError(
          .context,
          "the prompt needs \(prompt) positions and a picture \(picture), but the context has "
            + "\(available)", param: "prompt")
      case .blankPicture(let index, let problem):
        return EngineError(.request, "picture \(index + 1): \(problem)", param: "image")
      case .prompt, .request: return EngineError(.request, "\(error)")
      case .memory: return EngineError(.memory, "\(error)")
      case .noPaintingParts:
        return EngineError(.unsupported, "this model does not paint", param: "model")
      default: return EngineError(.failure, "\(error)")
      }
    default: return EngineError(.failure, "\(error)")
    }
  }
}

/// Positions that a cache grows by.
private enum KVCacheSize {
  static let chunk = 64
}
