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
  private var turns = 0
  /// Tokens of the last answer that the model has not seen yet: its last token and the end token.
  private var openAnswer: [Int] = []

  /// Whether the vision tower's pages stay after a picture; otherwise they are given back.
  var keepsTower = false

  /// Starts an empty conversation.
  ///
  /// - Parameters:
  ///   - system: the system prompt; nil takes the model's own, "" none.
  ///   - context: positions to use at most; nil takes what the model was made for.
  public init(_ model: Janus, system: String? = nil, context: Int? = nil) throws(JanusError) {
    self.model = model
    self.context = try model.contextLength(atMost: context)
    self.system = system
    ops = Ops(kernels: model.kernels, pool: model.pool)
    run = TextRun(model.languageModel, ops, cacheFormat: model.cacheFormat)
  }

  /// Positions taken so far.
  public var positions: Int { run.count }

  /// Forgets everything that was said.
  public func reset() {
    run.cache.truncate(to: 0)
    turns = 0
    openAnswer = []
  }

  /// Says `prompt`, with `pictures` before it, and returns the answer.
  ///
  /// - Parameter onText: called with each piece of the answer as it comes. Before that, while
  ///   pictures and prompt are taken in, it is called with an empty piece for each layer. Returning
  ///   false stops. A turn that is stopped before its answer leaves the conversation as it was.
  public func send(
    _ prompt: String, pictures: [Picture] = [],
    settings: GenerationSettings = GenerationSettings(),
    onText: (String) -> Bool = { _ in true }
  ) throws(JanusError) -> Answer {
    let items = try items(for: prompt, pictures: pictures.count)
    let need = memoryNeed(positions: items.count, pictures, settings)
    try need.checkFits()
    var answer = Answer(promptTokenCount: items.count)
    let before = run.count
    do throws(JanusError) {
      let seen = try encode(pictures, &answer.timings) { onText("") }
      if let seen, try take(items, seen, settings, &answer, onText) {
        turns += 1
      } else {
        run.cache.truncate(to: before)
        answer.finishReason = .cancelled
      }
      return answer
    } catch {
      run.cache.truncate(to: before)
      throw error
    }
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
        do throws(BlankPicture) {
          let seen = try ops.runToEnd(while: keepGoing) { () throws(BlankPicture) in
            try model.encode(picture, ops)
          }
          guard let seen else { return nil }
          features.append(seen)
        } catch {
          throw .blankPicture(index: index, error)
        }
      }
      return features
    }
  }

  /// Takes the prompt in and answers it; false when stopped before the answer.
  private func take(
    _ items: [PromptItem], _ features: [PictureFeatures], _ settings: GenerationSettings,
    _ answer: inout Answer, _ onText: (String) -> Bool
  ) throws(JanusError) -> Bool {
    answer.timings.prefillTokens = items.count
    let sampler = try sampler(settings)
    var stream = StreamingText(model.tokenizer)
    var guardian = LoopGuard()

    let next = Stopwatch.measure(&answer.timings.prefill) {
      run.prefill(items, pictures: features) { onText("") }
    }
    guard var logits = next else { return false }
    let beginning = run.count
    let limit = min(settings.maxTokens, context - beginning)
    let watch = Stopwatch()
    var last: Int?
    while answer.tokenIDs.count < limit {
      if let token = last {
        logits = run.step(token)
        answer.timings.decodeTokens += 1
      }
      let token = try choose(from: logits, sampler, settings, &answer)
      if token == model.tokenizer.eosID {
        answer.finishReason = .stop
        last = nil
        break
      }
      last = token
      answer.tokenIDs.append(token)
      let piece = stream.append(token)
      answer.text += piece
      if !onText(piece) {
        answer.finishReason = .cancelled
        break
      }
      if settings.stopsLoops, let keep = guardian.append(token) {
        answer.finishReason = .loop
        answer.tokenIDs.removeSubrange(keep...)
        if settings.logprobs > 0 { answer.logprobs.removeSubrange(keep...) }
        answer.text = model.tokenizer.decode(answer.tokenIDs, skipSpecial: true)
        // The next turn must not continue from tokens that were cut from the answer.
        last = answer.tokenIDs.last
        run.cache.truncate(to: beginning + keep - 1)
        break
      }
    }
    answer.timings.decode = watch.seconds
    if answer.finishReason != .loop {
      let rest = stream.finish()
      answer.text += rest
      if !rest.isEmpty { _ = onText(rest) }
    }
    // The last token has not been through the network: the next turn begins with it.
    openAnswer = last.map { [$0] } ?? []
    openAnswer.append(model.tokenizer.eosID)
    return true
  }

  private func sampler(_ settings: GenerationSettings) throws(JanusError) -> Sampler {
    do throws(SamplerError) {
      return try Sampler(
        temperature: settings.temperature, topK: settings.topK, topP: settings.topP,
        seed: settings.seed)
    } catch {
      throw .request(what: error.parameter, expected: error.expected, found: error.found)
    }
  }

  private func choose(
    from logits: UnsafeMutableBufferPointer<Float>, _ sampler: Sampler,
    _ settings: GenerationSettings, _ answer: inout Answer
  ) throws(JanusError) -> Int {
    guard
      let token = sampler.choose(
        from: UnsafeBufferPointer(logits), at: answer.tokenIDs.count)
    else {
      throw .nan(where: "logits of position \(run.count)")
    }
    if settings.logprobs > 0 {
      let values = Logprobs(UnsafeBufferPointer(logits))
      answer.logprobs.append(
        Answer.TokenLogprob(
          tokenID: token, logprob: values[token], top: values.top(settings.logprobs)))
    }
    return token
  }
}
