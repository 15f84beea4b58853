import JanusEngine
import JanusImages
import JanusModelFile
import JanusSystem
import JanusWords
import Synchronization

/// A conversation with a model: what was said stays in its cache, and each picture is encoded once.
///
/// Takes one call at a time: a second one throws `request` while the first runs. If a turn throws, the
/// conversation is as it was before it.
public final class Conversation {
  /// The model that answers; kept open as long as the conversation lives.
  public let model: Janus
  /// Positions that the conversation may take.
  public let context: Int
  private let ops: Ops
  private let run: TextRun
  private let system: String?
  /// The memory that it holds, for `Admission`.
  private let place = Admission.Place()
  private let use = ExclusiveUse("a conversation")
  /// `run.count` at the end of the last call.
  private let settled = Atomic(0)
  private var turns = 0
  /// Tokens of the last answer that the model has not seen yet: its last token and the end token.
  private var openAnswer: [Int] = []
  /// What stood before each turn.
  private var before: [(positions: Int, openAnswer: [Int])] = []

  /// Whether the vision tower's pages stay after a picture; otherwise they are given back.
  var keepsTower = false

  /// Starts an empty conversation.
  ///
  /// - Parameters:
  ///   - model: the model that answers.
  ///   - system: the system prompt; nil takes the model's own, "" none.
  ///   - context: positions to use at most; nil takes what the model was made for.
  /// - Throws: `request` for a context that the model does not have.
  public init(_ model: Janus, system: String? = nil, context: Int? = nil) throws(JanusError) {
    self.model = model
    self.context = try model.contextLength(atMost: context)
    self.system = system
    ops = Ops(kernels: model.kernels, pool: model.pool)
    run = TextRun(model.languageModel, ops, cacheFormat: model.cacheFormat)
  }

  deinit { model.admission.leave(place) }

  /// Positions taken so far; while a call runs, those before it.
  public var positions: Int { settled.load(ordering: .relaxed) }

  /// Forgets everything that was said. Ends the process while another call runs.
  public func reset() {
    use.run {
      run.cache.truncate(to: 0)
      turns = 0
      openAnswer = []
      before = []
      settle()
    }
  }

  /// Forgets the last turn, its question and its answer. False where there is none. Ends the process while
  /// another call runs.
  public func forgetLastTurn() -> Bool {
    use.run {
      defer { settle() }
      return undoLastTurn()
    }
  }

  private func undoLastTurn() -> Bool {
    guard let last = before.popLast() else { return false }
    run.cache.truncate(to: last.positions)
    openAnswer = last.openAnswer
    turns -= 1
    return true
  }

  /// Makes known what the conversation holds after a call.
  private func settle() {
    settled.store(run.count, ordering: .relaxed)
    model.admission.settle(place, holding: heldBytes)
  }

  /// Takes in a turn that was had before, with the answer that was given then.
  ///
  /// - Parameters:
  ///   - prompt: what the user said.
  ///   - pictures: what it was about, in order.
  ///   - answer: what the model answered.
  ///   - stop: ends the work early; the conversation stays as it was.
  /// - Returns: whether the turn was taken in; false when stopped.
  @discardableResult
  public func recall(
    _ prompt: String, pictures: [Picture] = [], answer: String, stop: StopToken? = nil
  ) throws(JanusError) -> Bool {
    let outer = try use.enter()
    defer {
      settle()
      use.leave(outer)
    }
    let tokens = model.tokenizer.encode(answer, specialTokens: .asText)
    guard run.count + tokens.count < context else {
      throw .context(needed: run.count + tokens.count + 1, available: context)
    }
    var settings = GenerationSettings()
    settings.maxTokens = 1
    let items = try items(for: prompt, pictures: pictures.count)
    try model.admission.admit(
      memoryNeed(positions: items.count, pictures, settings), for: place)
    let positions = run.count
    let keepGoing = { stop?.isStopped != true }
    var timings = Answer.Timings()
    do throws(JanusError) {
      guard let seen = try encode(pictures, &timings, keepGoing: keepGoing),
        try prefill(items, seen, keepGoing) != nil
      else {
        run.cache.truncate(to: positions)
        return false
      }
    } catch {
      run.cache.truncate(to: positions)
      throw error
    }
    before.append((positions, openAnswer))
    turns += 1
    openAnswer = tokens + [model.tokenizer.eosID]
    return true
  }

  /// Says `prompt`, with `pictures` before it, and returns the answer.
  ///
  /// - Parameters:
  ///   - prompt: what the user says.
  ///   - pictures: what it is about, in order.
  ///   - settings: how the answer is chosen, and its length at most.
  ///   - stop: ends the work early. A turn that is stopped before its answer leaves the
  ///     conversation as it was. An answer that is stopped stays as far as it came, with the finish
  ///     reason `cancelled`.
  ///   - onText: called with each piece of the answer as it comes.
  /// - Throws: `context` where the prompt does not fit, `request` for settings that make no sense and while
  ///   another call runs, `blankPicture`, `prompt`, `memory`, `nan`.
  public func send(
    _ prompt: String, pictures: [Picture] = [],
    settings: GenerationSettings = GenerationSettings(), stop: StopToken? = nil,
    onText: (String) -> Void = { _ in }
  ) throws(JanusError) -> Answer {
    try send(
      prompt, pictures: pictures, settings: settings, readsFormula: false, stop: stop,
      onText: onText)
  }

  /// - Parameter readsFormula: whether the answer is held to the grammar of formulas.
  package func send(
    _ prompt: String, pictures: [Picture], settings: GenerationSettings, readsFormula: Bool,
    stop: StopToken?, onText: (String) -> Void
  ) throws(JanusError) -> Answer {
    let outer = try use.enter()
    defer {
      settle()
      use.leave(outer)
    }
    return try answer(
      prompt, pictures: pictures, settings: settings, readsFormula: readsFormula, stop: stop,
      onText: onText)
  }

  /// `send` for a task. Where `cancelled` was stopped meanwhile, the turn is undone and `CancellationError` thrown.
  func send(
    _ prompt: String, pictures: [Picture], settings: GenerationSettings, stop: StopToken,
    unless cancelled: StopToken, onText: (String) -> Void
  ) throws -> Answer {
    let outer = try use.enter()
    defer {
      settle()
      use.leave(outer)
    }
    let turnsBefore = turns
    let answer = try answer(
      prompt, pictures: pictures, settings: settings, readsFormula: false, stop: stop,
      onText: onText)
    if cancelled.isStopped {
      if turns > turnsBefore { _ = undoLastTurn() }
      throw CancellationError()
    }
    return answer
  }

  private func answer(
    _ prompt: String, pictures: [Picture], settings: GenerationSettings, readsFormula: Bool,
    stop: StopToken?, onText: (String) -> Void
  ) throws(JanusError) -> Answer {
    let items = try items(for: prompt, pictures: pictures.count)
    let need = try memoryNeed(positions: items.count, pictures, settings)
    try model.admission.admit(need, for: place)
    let answer = Answer(promptTokenCount: items.count)
    let (before, openBefore, turnsBefore) = (run.count, openAnswer, turns)
    let keepGoing = { stop?.isStopped != true }
    do throws(JanusError) {
      var timings = answer.timings
      guard let seen = try encode(pictures, &timings, keepGoing: keepGoing) else {
        return stopped(answer, at: before)
      }
      let logits = try Stopwatch.measure(&timings.prefill) { () throws(JanusError) in
        try prefill(items, seen, keepGoing)
      }
      guard let logits else { return stopped(answer, at: before) }
      timings.prefillTokens = items.count
      turns += 1
      self.before.append((before, openBefore))
      var writer = try AnswerWriter(
        model, settings, limit: min(settings.maxTokens, context - run.count),
        readsFormula: readsFormula, answer: answer)
      try write(with: &writer, from: logits, &timings, keepGoing: keepGoing, onText)
      var finished = writer.answer
      finished.timings = timings
      return finished
    } catch {
      run.cache.truncate(to: before)
      openAnswer = openBefore
      if turns > turnsBefore { self.before.removeLast() }
      turns = turnsBefore
      throw error
    }
  }

  /// Takes in a prompt; nil when stopped.
  private func prefill(
    _ items: [PromptItem], _ pictures: [PictureFeatures], _ keepGoing: () -> Bool
  ) throws(JanusError) -> UnsafeMutableBufferPointer<Float>? {
    try JanusError.carrying { () throws(MemoryError) in
      try run.prefill(items, pictures: pictures, keepGoing: keepGoing)
    }
  }

  /// An answer that was stopped before its first token.
  private func stopped(_ answer: Answer, at positions: Int) -> Answer {
    run.cache.truncate(to: positions)
    var answer = answer
    answer.finishReason = .cancelled
    return answer
  }

  /// Decodes until the answer ends.
  private func write(
    with writer: inout AnswerWriter, from first: UnsafeMutableBufferPointer<Float>,
    _ timings: inout Answer.Timings, keepGoing: () -> Bool, _ onText: (String) -> Void
  ) throws(JanusError) {
    let beginning = run.count
    let watch = Stopwatch()
    var logits = first
    while !writer.isFinished {
      let piece = try writer.take(UnsafeBufferPointer(logits))
      if !piece.isEmpty { onText(piece) }
      if writer.isFinished { break }
      if !keepGoing() {
        writer.cancel()
        break
      }
      guard let token = writer.next else { break }
      logits = try JanusError.carrying { () throws(MemoryError) in
        try run.step(token, largest: writer.largest)
      }
      timings.decodeTokens += 1
    }
    timings.decode = watch.seconds
    if let kept = writer.kept { run.cache.truncate(to: beginning + max(0, kept - 1)) }
    // The last token has not been through the network: the next turn begins with it.
    openAnswer = writer.next.map { [$0] } ?? []
    openAnswer.append(model.tokenizer.eosID)
  }

  /// Bytes of the keys and values that stay between turns.
  private var heldBytes: Int {
    CacheShape(model.language, format: model.cacheFormat).bytes(positions: run.count)
  }

  /// The memory that `send` will take for the same arguments.
  ///
  /// - Throws: what `send` throws of them before it computes.
  public func memoryNeed(
    _ prompt: String, pictures: [Picture] = [],
    settings: GenerationSettings = GenerationSettings()
  ) throws(JanusError) -> MemoryNeed {
    let outer = try use.enter(inside: true)
    defer { use.leave(outer) }
    return try memoryNeed(
      positions: items(for: prompt, pictures: pictures.count).count, pictures, settings)
  }

  private func memoryNeed(
    positions: Int, _ pictures: [Picture], _ settings: GenerationSettings
  ) throws(JanusError) -> MemoryNeed {
    try settings.check()
    return MemoryNeed(
      model, prompt: positions, answer: min(settings.maxTokens, context - run.count - positions),
      before: run.count, pictures: pictures.count,
      pictureBytes: pictures.reduce(0) { $0 + $1.heldBytes }, keepsTower: keepsTower)
  }

  /// The positions that the prompt adds to the conversation, if they fit.
  private func items(for prompt: String, pictures: Int) throws(JanusError) -> [PromptItem] {
    try model.checkLength(prompt, before: run.count, context: context)
    let tokens: [Int]
    do throws(TokenizerError) {
      tokens = try model.promptFormat.turn(
        prompt, pictures: pictures, index: turns, system: system)
    } catch {
      throw .prompt(problem: "\(error)")
    }
    let items = openAnswer.map(PromptItem.token) + items(for: tokens)
    guard run.count + items.count < context else {
      throw .context(needed: run.count + items.count + 1, available: context)
    }
    return items
  }

  /// A prompt's ids with every image token replaced by the patch that it stands for. (In an answer
  /// such a token is one that the model made up.)
  private func items(for tokens: [Int]) -> [PromptItem] {
    let image = model.promptFormat.imageTokenID
    let patches = model.vision.patchCount
    var seen = 0
    return tokens.map { token in
      guard token == image else { return .token(token) }
      defer { seen += 1 }
      return .patch(picture: seen / patches, index: seen % patches)
    }
  }

  /// Runs the pictures through the vision tower; nil when stopped.
  private func encode(
    _ pictures: [Picture], _ timings: inout Answer.Timings, keepGoing: () -> Bool
  ) throws(JanusError) -> [PictureFeatures]? {
    try Stopwatch.measure(&timings.imageEncode) { () throws(JanusError) in
      defer {
        if !pictures.isEmpty && !keepsTower { model.visionTower.file.giveBack(ModelPart.seeing) }
      }
      var features: [PictureFeatures] = []
      for (index, picture) in pictures.enumerated() {
        let seen = try ops.runToEnd(while: keepGoing) { () throws(JanusError) in
          try model.encode(picture, index: index, ops)
        }
        guard let seen else { return nil }
        features.append(seen)
      }
      return features
    }
  }
}
