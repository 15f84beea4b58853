import JanusEngine
import JanusImages
import JanusModelFile
import JanusSystem
import JanusWords

/// Reads the formulas in pictures as LaTeX, one picture or many.
///
/// Many pictures share each pass over the weights. A picture's answer has the same bits alone and among
/// others. Takes one call at a time: a second one gives the error `request` while the first runs.
public final class FormulaReader {
  /// Pictures that are read at once unless the caller says otherwise: with eight, reading the weights is the
  /// smaller part of a step.
  public static let together = 8
  private static let mostTogether = 1_024

  private let model: Janus
  private let context: Int
  private let readsMany: Bool
  private let trims: Bool
  private let ops: Ops
  private let batch: TextBatch
  /// Sequences that wait for a picture, and how many positions they have memory for.
  private var idle: [(run: TextRun, positions: Int)] = []
  private let place = Admission.Place()
  private let use = ExclusiveUse("a reader of formulas")
  /// Readings of one picture beside the most likely one that can be asked for.
  private static let mostAlternatives = 64

  /// A reader of its own memory.
  ///
  /// - Parameters:
  ///   - model: the model that reads.
  ///   - context: positions to use at most; nil takes what the model was made for.
  ///   - readsMany: whether several pictures will be read, so that the vision tower's pages are worth
  ///     keeping while there is memory.
  ///   - trims: whether pictures are cut to their writing first.
  /// - Throws: `request` for a context that the model does not have.
  public init(
    _ model: Janus, context: Int? = nil, readsMany: Bool = false, trims: Bool = true
  ) throws(JanusError) {
    self.model = model
    self.context = try model.contextLength(atMost: context)
    self.readsMany = readsMany
    self.trims = trims
    ops = Ops(kernels: model.kernels, pool: model.pool)
    batch = TextBatch(model.languageModel, ops)
  }

  deinit { model.admission.leave(place) }

  /// The memory that reading takes.
  ///
  /// - Parameters:
  ///   - picture: the one to read, or the largest of them.
  ///   - together: pictures that are read at once.
  ///   - settings: of which the length of an answer counts.
  /// - Throws: `request` for numbers below 0, and fewer than one picture.
  public func memoryNeed(
    _ picture: Picture, together: Int = 1, settings: GenerationSettings = GenerationSettings()
  ) throws(JanusError) -> MemoryNeed {
    guard (1...Self.mostTogether).contains(together) else {
      throw .request(
        what: "pictures at once", expected: "1 to \(Self.mostTogether)", found: "\(together)")
    }
    // One without a page is cut to its writing, which is a copy.
    let cut = trims && model.formulaPage == nil ? picture.bytes.count : 0
    let looking = picture.bytesToFindWriting + cut
    let pages = model.pageBytes
    // Pages take the picture's place once its writing is found.
    return try memoryNeed(
      together: together, pictureBytes: pages > 0 ? together * pages : picture.heldBytes,
      lookingBytes: pages > 0 ? picture.heldBytes + looking : looking, settings: settings)
  }

  /// The most memory that a picture takes beside others, in bytes: its keys and values, and its pages.
  public func bytesPerPicture(
    settings: GenerationSettings = GenerationSettings()
  ) throws(JanusError) -> Int {
    try settings.check()
    let prompt = try items().count
    return model.pageBytes
      + CacheShape(model.language, format: model.cacheFormat).bytes(
        positions: prompt + min(settings.maxTokens, context - prompt))
  }

  /// Reads the formula in `picture`.
  ///
  /// The answer is held to the grammar of formulas while it is generated. So it is valid LaTeX for
  /// any model. A model that reads pages looks again, at other sizes, where it is not sure of a greedy answer, and the
  /// surest answer counts.
  /// - Parameters:
  ///   - picture: a picture of one formula, or of several below each other.
  ///   - settings: how the answer is chosen, and its length at most.
  ///   - alternatives: how many other readings to look for, by beam search: 0 to 64.
  ///   - stop: ends the work early, with the finish reason `cancelled`.
  ///   - onText: called with each piece of the raw answer as it comes. Where the model looks again, of the first look alone.
  /// - Throws: `blankPicture` for one without writing, `request` for numbers that make no sense and while
  ///   another call runs, `context`, `memory`, `nan`.
  public func read(
    _ picture: Picture, settings: GenerationSettings = GenerationSettings(), alternatives: Int = 0,
    stop: StopToken? = nil, onText: (String) -> Void = { _ in }
  ) throws(JanusError) -> FormulaReading {
    var left: Picture? = picture
    var result: Result<FormulaReading, JanusError>?
    readAll(
      together: 1, settings: settings, alternatives: alternatives, stop: stop,
      next: {
        defer { left = nil }
        return left
      }, onText: { _, text in onText(text) }, onReading: { result = $1 })
    if let result { return try result.get() }
    // Stopped before it began.
    var answer = Answer(promptTokenCount: 0)
    answer.finishReason = .cancelled
    return FormulaReading(answer, tokenizer: model.tokenizer)
  }

  /// Reads pictures, `together` at once: where one is finished, the next takes its place.
  ///
  /// - Parameters:
  ///   - together: 1 or more; other numbers end the process.
  ///   - settings: how answers are chosen, and their length at most.
  ///   - alternatives: how many other readings of each to look for, by beam search: 0 to 64.
  ///   - stop: ends the work early.
  ///   - next: gives the next picture; nil when there is none. Asked when there is a place for it.
  ///   - onText: called with each piece of a raw answer, and the number of its picture from 0; of first looks alone.
  ///   - onReading: called once for each picture, with its number, in the order in which they are finished.
  ///     After `stop` those that were begun end with the finish reason `cancelled`.
  public func readAll(
    together: Int = FormulaReader.together, settings: GenerationSettings = GenerationSettings(),
    alternatives: Int = 0, stop: StopToken? = nil, next: () -> Picture?,
    onText: (Int, String) -> Void = { _, _ in },
    onReading: (Int, Result<FormulaReading, JanusError>) -> Void
  ) {
    precondition(together > 0, "pictures are read one at once or more")
    let outer: UInt
    do throws(JanusError) {
      outer = try use.enter()
    } catch {
      refuseAll(error, next, onReading)
      return
    }
    defer { use.leave(outer) }
    defer { model.admission.settle(place, holding: heldBytes([])) }
    var slots: [FormulaSlot] = []
    var count = 0
    var hasMore = true
    func end(_ slot: FormulaSlot) {
      onReading(slot.index, reading(of: slot, settings, alternatives, stop))
      idle.append((slot.run, slot.run.count))
    }
    /// Whether an answer is still written: after the end of one that is not sure, that of the next look.
    func goesOn(_ slot: FormulaSlot) -> Bool {
      while slot.isFinished {
        guard let view = slot.nextView() else { return false }
        do throws(JanusError) {
          try look(at: view, slot, try items(), alternatives: alternatives, stop)
        } catch {
          slot.fail(error)
        }
      }
      return true
    }
    while true {
      while hasMore, slots.count < together, stop?.isStopped != true {
        guard let picture = next() else {
          hasMore = false
          break
        }
        let index = count
        count += 1
        do throws(JanusError) {
          let slot = try begin(
            consume picture, index, beside: slots, settings, alternatives: alternatives, stop)
          if !slot.newText.isEmpty { onText(index, slot.newText) }
          if goesOn(slot) { slots.append(slot) } else { end(slot) }
        } catch {
          onReading(index, .failure(error))
        }
      }
      if stop?.isStopped == true { for slot in slots { slot.cancel() } }
      if slots.isEmpty { return }
      step(slots)
      for slot in slots where !slot.newText.isEmpty { onText(slot.index, slot.newText) }
      slots = slots.filter { slot in
        if goesOn(slot) { return true }
        end(slot)
        return false
      }
    }
  }

  /// The same error for every picture.
  private func refuseAll(
    _ error: JanusError, _ next: () -> Picture?,
    _ onReading: (Int, Result<FormulaReading, JanusError>) -> Void
  ) {
    var index = 0
    while next() != nil {
      onReading(index, .failure(error))
      index += 1
    }
  }

  // MARK: One picture

  /// Sees a picture, takes its question in, and chooses the answer's first token.
  private func begin(
    _ picture: consuming Picture, _ index: Int, beside: [FormulaSlot],
    _ settings: GenerationSettings, alternatives: Int, _ stop: StopToken?
  ) throws(JanusError) -> FormulaSlot {
    guard (0...Self.mostAlternatives).contains(alternatives) else {
      throw .request(
        what: "alternatives", expected: "0 to \(Self.mostAlternatives)", found: "\(alternatives)")
    }
    // Views may be far smaller than the picture, which is not held meanwhile.
    let (views, warnings) = try views(of: consume picture)
    let items = try items()
    let need = try memoryNeed(
      together: beside.count + 1, pictureBytes: views.reduce(0) { $0 + $1.heldBytes },
      holding: heldBytes(beside), settings: settings)
    try model.admission.admit(need, for: place)
    let run =
      idle.popLast()?.run
      ?? TextRun(model.languageModel, ops, cacheFormat: model.cacheFormat)
    run.cache.truncate(to: 0)
    let writer = try AnswerWriter(
      model, settings, limit: min(settings.maxTokens, context - items.count), readsFormula: true,
      answer: Answer(promptTokenCount: items.count))
    let slot = FormulaSlot(
      index: index, run: run, writer: writer,
      looks: FormulaLooks(
        further: Array(views.dropFirst()), isGreedy: settings.temperature == 0),
      warnings: warnings)
    try look(at: views[0], slot, items, alternatives: alternatives, stop)
    return slot
  }

  /// Sees a view of a picture, takes the question in, and chooses the answer's first token.
  private func look(
    at view: Picture, _ slot: FormulaSlot, _ items: [PromptItem], alternatives: Int,
    _ stop: StopToken?
  ) throws(JanusError) {
    let keepGoing = { stop?.isStopped != true }
    let features = try Stopwatch.measure(&slot.timings.imageEncode) { () throws(JanusError) in
      try encode(view, keepGoing: keepGoing)
    }
    guard let features else { return slot.cancel() }
    let logits = try Stopwatch.measure(&slot.timings.prefill) { () throws(JanusError) in
      try JanusError.carrying { () throws(MemoryError) in
        try slot.run.prefill(items, pictures: [features], keepGoing: keepGoing)
      }
    }
    guard let logits else { return slot.cancel() }
    slot.timings.prefillTokens += items.count
    if alternatives > 0 {
      // Not shared: a further look overwrites the positions.
      let fork = try JanusError.carrying { () throws(MemoryError) in
        try slot.run.fork(sharing: false)
      }
      slot.start = (fork, Array(logits))
    }
    slot.take(UnsafeBufferPointer(logits))
  }

  /// What the model is to see of a picture.
  ///
  /// - Throws: `blankPicture` where there is no writing: a model would invent a formula.
  private func views(
    of picture: consuming Picture
  ) throws(JanusError) -> (views: [Picture], warnings: [PictureWarning]) {
    try model.checkRoom(toSee: picture, asFormula: true)
    do throws(BlankPicture) {
      return try model.formulaViews(of: picture, trims: trims)
    } catch {
      throw .blankPicture(index: 0, error)
    }
  }

  /// The positions of the question about one picture.
  private func items() throws(JanusError) -> [PromptItem] {
    let tokens: [Int]
    do throws(TokenizerError) {
      tokens = try model.promptFormat.turn(model.formulaQuestion, pictures: 1, index: 0)
    } catch {
      throw .prompt(problem: "\(error)")
    }
    guard tokens.count < context else {
      throw .context(needed: tokens.count + 1, available: context)
    }
    var patch = 0
    return tokens.map { token in
      guard token == model.promptFormat.imageTokenID else { return .token(token) }
      defer { patch += 1 }
      return .patch(picture: 0, index: patch)
    }
  }

  /// Runs a view through the vision tower; nil when stopped.
  private func encode(
    _ view: Picture, keepGoing: () -> Bool
  ) throws(JanusError) -> PictureFeatures? {
    defer { if !keepsTower { model.visionTower.file.giveBack(ModelPart.seeing) } }
    return try model.features(of: model.pixels(ofView: view), ops, keepGoing: keepGoing)
  }

  /// The tower stays while the available memory is more than twice the weights that a picture reads.
  private var keepsTower: Bool {
    let parts = ModelPart.seeing.union(ModelPart.answering)
    let weights = model.languageModel.file.byteCount(of: parts)
    return readsMany && (AvailableMemory.bytes ?? .max) > 2 * weights
  }

  private func memoryNeed(
    together: Int, pictureBytes: Int, lookingBytes: Int = 0, holding held: Int = 0,
    settings: GenerationSettings
  ) throws(JanusError) -> MemoryNeed {
    try settings.check()
    let prompt = try items().count
    return MemoryNeed(
      model, prompt: prompt, answer: min(settings.maxTokens, context - prompt), pictures: 1,
      pictureBytes: pictureBytes, lookingBytes: lookingBytes, keepsTower: keepsTower,
      others: together - 1, holding: held)
  }

  /// Bytes of the keys and values that there are.
  private func heldBytes(_ slots: [FormulaSlot]) -> Int {
    let shape = CacheShape(model.language, format: model.cacheFormat)
    return (slots.map(\.run.count) + idle.map(\.positions)).reduce(0) {
      $0 + shape.bytes(positions: $1)
    }
  }

  // MARK: Many

  /// Takes the next token of every answer in, and chooses the ones that follow.
  private func step(_ slots: [FormulaSlot]) {
    let watch = Stopwatch()
    let running = slots.filter { $0.next != nil }
    guard !running.isEmpty else { return }
    do throws(JanusError) {
      try JanusError.carrying { () throws(MemoryError) in
        if let slot = running.first, running.count == 1, let token = slot.next {
          slot.take(UnsafeBufferPointer(try slot.run.step(token)))
        } else {
          let logits = try batch.step(running.map { ($0.run, $0.next ?? 0) })
          // Each choice looks at every logit.
          ops.pool.run(running.count) { index, _ in running[index].take(logits[index]) }
        }
      }
    } catch {
      for slot in running { slot.fail(error) }
    }
    for slot in running {
      slot.timings.decode += watch.seconds
      slot.timings.decodeTokens += 1
    }
  }

  private func reading(
    of slot: FormulaSlot, _ settings: GenerationSettings, _ alternatives: Int, _ stop: StopToken?
  ) -> Result<FormulaReading, JanusError> {
    Result { () throws(JanusError) in
      var reading = try slot.reading(model.tokenizer)
      if let (start, logits) = slot.surestStart, reading.answer.finishReason != .cancelled {
        let search = BeamSearch(
          model, batch: batch, width: alternatives + 1,
          limit: min(settings.maxTokens, context - start.count))
        let found = try JanusError.carrying { () throws(MemoryError) in
          try search.run(
            from: start, logits, share: reading.share, keepGoing: { stop?.isStopped != true })
        }
        reading.alternatives = Array(
          found.filter { $0.latex != reading.latex }.prefix(alternatives))
      }
      return reading
    }
  }
}
