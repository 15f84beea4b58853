import JanusFormulas
import JanusWords

/// Turns logits into an answer, token by token, until it ends.
///
/// It does not depend on caches and networks, so that the same code writes one answer or many at
/// once.
package struct AnswerWriter {
  private let tokenizer: Tokenizer
  private let sampler: Sampler
  private let settings: GenerationSettings
  /// Tokens that the answer may have.
  private let limit: Int
  private var stream: StreamingText
  private var stops: StopTexts
  private var loops: RepetitionGuard
  private var constraint: FormulaConstraint?
  private let confidence: Confidence

  package private(set) var answer: Answer
  /// The token that the network takes in next; nil once the answer has ended.
  package private(set) var next: Int?
  /// How many of the answer's tokens count after a loop was cut; nil where nothing was cut.
  package private(set) var kept: Int?
  package private(set) var isFinished = false

  /// - Parameters:
  ///   - limit: tokens that the answer may have, of the settings and of the context.
  ///   - readsFormula: whether the answer is held to the grammar of formulas.
  /// - Throws: `request` for settings that make no sense.
  package init(
    _ model: Janus, _ settings: GenerationSettings, limit: Int, readsFormula: Bool = false,
    answer: Answer = Answer(promptTokenCount: 0)
  ) throws(JanusError) {
    sampler = try settings.sampler()
    tokenizer = model.tokenizer
    self.settings = settings
    self.limit = limit
    self.answer = answer
    stream = StreamingText(model.tokenizer)
    stops = StopTexts(settings.stop)
    loops = RepetitionGuard(alignmentTokens: model.alignmentTokens)
    confidence = Confidence(temperature: model.confidenceTemperature)
    if readsFormula {
      constraint = FormulaConstraint(
        model.tokenizer, isFormulaOnly: model.formulaPage != nil)
    }
    if limit <= 0 { isFinished = true }
  }

  /// How many of the largest logits the next choice, and what is noted of it, depend on; nil for all.
  package var largest: Int? {
    constraint == nil && settings.logprobs == 0 ? sampler.largest : nil
  }

  /// Chooses the token that logits `[V]` give.
  ///
  /// - Returns: the text that has become certain, often empty.
  /// - Throws: `nan` where logits are NaN.
  package mutating func take(
    _ logits: UnsafeBufferPointer<Float>
  ) throws(JanusError) -> String {
    precondition(!isFinished, "the answer has ended")
    let place = answer.tokenIDs.count
    let choice =
      constraint != nil
      ? constraint?.choose(from: logits, at: place, with: sampler)
      : sampler.choose(from: logits, at: place)
    guard let token = choice else {
      throw .nan(where: "logits of token \(place) of the answer")
    }
    answer.repairs = constraint?.repairs ?? 0
    note(token, logits)
    if token == tokenizer.eosID { return finish(.stop) }
    answer.tokenIDs.append(token)
    let piece = stops.append(stream.append(token))
    answer.text += piece
    next = token
    if stops.isFound {
      next = nil
      return end(.stop, piece)
    }
    if settings.stopsLoops, let keep = loops.append(token) { return piece + cut(keep) }
    return answer.tokenIDs.count < limit ? piece : piece + finish(.length)
  }

  /// Ends the answer where it is.
  package mutating func cancel() {
    if !isFinished { _ = finish(.cancelled) }
  }

  /// What the log-probabilities say of a token, the one that ends the answer among them.
  private mutating func note(_ token: Int, _ logits: UnsafeBufferPointer<Float>) {
    if constraint != nil { answer.certainty.append(confidence.of(token, logits, tokenizer)) }
    guard settings.logprobs > 0, token != tokenizer.eosID else { return }
    let values = Logprobs(logits)
    answer.logprobs.append(
      Answer.TokenLogprob(
        tokenID: token, logprob: values[token], top: values.top(settings.logprobs)))
  }

  private mutating func end(_ reason: Answer.FinishReason, _ piece: String) -> String {
    answer.finishReason = reason
    isFinished = true
    return piece
  }

  /// Returns the text that was held back, and closes a formula that did not end by itself.
  private mutating func finish(_ reason: Answer.FinishReason) -> String {
    if reason == .stop { next = nil }
    var rest = stops.append(stream.finish()) + stops.finish()
    if let constraint, reason == .length || reason == .cancelled { rest += constraint.closing }
    answer.text += rest
    return end(reason, rest)
  }

  /// Removes the tokens that a loop repeated.
  private mutating func cut(_ keep: Int) -> String {
    answer.tokenIDs.removeSubrange(keep...)
    if settings.logprobs > 0 { answer.logprobs.removeSubrange(keep...) }
    if constraint != nil { answer.certainty.removeSubrange(keep...) }
    answer.text = tokenizer.decode(answer.tokenIDs, skipSpecial: true)
    if constraint != nil {
      constraint?.restart(with: answer.tokenIDs)
      answer.text += constraint?.closing ?? ""
    }
    kept = keep
    // The next turn must not continue from tokens that were cut from the answer.
    next = answer.tokenIDs.last
    return end(.loop, "")
  }
}

extension GenerationSettings {
  /// - Throws: `request` for settings that make no sense.
  func check() throws(JanusError) { _ = try sampler() }

  /// What chooses the tokens.
  ///
  /// - Throws: `request` for settings that make no sense.
  fileprivate func sampler() throws(JanusError) -> Sampler {
    for (what, number) in [("tokens of an answer", maxTokens), ("log-probabilities", logprobs)]
    where number < 0 {
      throw .request(what: what, expected: "0 or more", found: "\(number)")
    }
    do throws(SamplerError) {
      return try Sampler(temperature: temperature, topK: topK, topP: topP, seed: seed)
    } catch {
      throw .request(what: error.parameter, expected: error.expected, found: error.found)
    }
  }
}
