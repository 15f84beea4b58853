import JanusEngine
import JanusImages
import JanusModelFile
import JanusSystem
import JanusWords

/// A conversation with a model: what was said stays in its cache, and each picture is encoded once.
///
/// Belongs to one thread at a time. If a turn throws, the conversation is as it was before it.
public final class Conversation {
  public let model: Janus
  /// Positions that the conversation may take.
  public let context: Int
  private let ops: Ops
  private let run: TextRun
  private let system: String?
  /// The memory that it holds, for `Admission`.
  private let place = Admission.Place()
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
  public init(_ model: Janus, system: String? = nil, context: Int? = nil) throws(JanusError) {
    self.model = model
    self.context = try model.contextLength(atMost: context)
    self.system = system
    ops = Ops(kernels: model.kernels, pool: model.pool)
    run = TextRun(model.languageModel, ops, cacheFormat: model.cacheFormat)
  }

  deinit { model.admission.leave(place) }

  /// Positions taken so far.
  public var positions: Int { run.count }

  /// Forgets everything that was said.
  public func reset() {
    run.cache.truncate(to: 0)
    model.admission.settle(place, holding: 0)
    turns = 0
    openAnswer = []
    before = []
  }

  /// Forgets the last turn, its question and its answer. False where there is none.
  public func forgetLastTurn() -> Bool {
    guard let last = before.popLast() else { return false }
    run.cache.truncate(to: last.positions)
    openAnswer = last.openAnswer
    turns -= 1
    model.admission.settle(place, holding: heldBytes)
    return true
  }

  /// Takes in a turn that was had before, with the answer that was given then.
  public func recall(
    _ prompt: String, pictures: [Picture] = [], answer: String, stop: StopToken? = nil
  ) throws(JanusError) {
    let tokens = model.tokenizer.encode(answer, specialTokens: .asText)
    guard run.count + tokens.count < context else {
      throw .context(needed: run.count + tokens.count + 1, available: context)
    }
    var settings = GenerationSettings()
    settings.maxTokens = 1
    let items = try items(for: prompt, pictures: pictures.count)
    try model.admission.admit(
      memoryNeed(positions: items.count, pictures, settings), for: place)
    defer { model.admission.settle(place, holding: heldBytes) }
    let positions = run.count
    let keepGoing = { stop?.isStopped != true }
    var timings = Answer.Timings()
    do throws(JanusError) {
      guard let seen = try encode(pictures, &timings, keepGoing: keepGoing),
        try prefill(items, seen, keepGoing) != nil
      else {
        run.cache.truncate(to: positions)
        return
      }
    } catch {
      run.cache.truncate(to: positions)
      throw error
    }
    before.append((positions, openAnswer))
    turns += 1
    openAnswer = tokens + [model.tokenizer.eosID]
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
    let items = try items(for: prompt, pictures: pictures.count)
    let need = memoryNeed(positions: items.count, pictures, settings)
    try model.admission.admit(need, for: place)
    defer { model.admission.settle(place, holding: heldBytes) }
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
  public func memoryNeed(
    _ prompt: String, pictures: [Picture] = [],
    settings: GenerationSettings = GenerationSettings()
  ) throws(JanusError) -> MemoryNeed {
    memoryNeed(
      positions: try items(for: prompt, pictures: pictures.count).count, pictures, settings)
  }

  private func memoryNeed(
    positions: Int, _ pictures: [Picture], _ settings: GenerationSettings
  ) -> MemoryNeed {
    MemoryNeed(
      model, prompt: positions, answer: min(settings.maxTokens, context - run.count - positions),
      before: run.count, pictures: pictures.count,
      pictureBytes: pictures.reduce(0) { $0 + $1.bytes.count }, keepsTower: keepsTower)
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
