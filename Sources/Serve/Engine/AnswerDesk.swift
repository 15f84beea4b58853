import JanusLite
import JanusWords

/// Writes an answer from logits as the library does, and tells of each token.
///
/// Belongs to the scheduler, which calls it for one token after another.
final class AnswerDesk: @unchecked Sendable {
  private let tokenizer: Tokenizer
  private var writer: AnswerWriter
  /// How many of the most likely tokens are told; nil tells nothing of a token but its text.
  private let top: Int?
  private let keepsTokens: Bool
  private var tokens: [AnswerToken] = []
  private var failure: EngineError?

  init(
    _ model: Janus, _ sampling: SamplingRequest, seed: UInt64, stops: [String], limit: Int,
    readsFormula: Bool
  ) throws(JanusError) {
    tokenizer = model.tokenizer
    top = sampling.topLogprobs
    keepsTokens = readsFormula
    writer = try AnswerWriter(
      model,
      GenerationSettings(
        temperature: sampling.temperature, topP: sampling.topP, topK: sampling.topK, seed: seed,
        maxTokens: sampling.maxTokens, logprobs: top.map { max(1, $0) } ?? 0, stop: stops),
      limit: limit, readsFormula: readsFormula)
  }

  /// How the answer ended; nil while it goes on, or where its request was dropped.
  var end: Result<EndReason, EngineError>? {
    if let failure { return .failure(failure) }
    guard writer.isFinished else { return nil }
    switch writer.answer.finishReason {
    case .stop: return .success(.stop)
    case .length: return .success(.length)
    case .loop: return .success(.loop)
    case .cancelled: return nil
    }
  }

  /// Chooses the next token and tells of it; nil when the answer has ended.
  func next(
    _ logits: UnsafeBufferPointer<Float>, _ tell: (AnswerToken) -> Void
  ) -> Int? {
    let before = writer.answer.tokenIDs.count
    let text: String
    do throws(JanusError) {
      text = try writer.take(logits)
    } catch {
      failure = EngineError(.failure, "\(error)")
      return nil
    }
    if let kept = writer.kept {
      // What a loop repeated is in no result, though a stream has told it.
      tokens.removeSubrange(min(kept, tokens.count)...)
    } else if writer.answer.tokenIDs.count > before {
      tell(told(writer.answer.tokenIDs[before], text))
    } else if !text.isEmpty {
      let rest = AnswerToken(text: text, chosen: .init(bytes: [], logprob: 0), isRest: true)
      if keepsTokens { tokens.append(rest) }
      tell(rest)
    }
    return writer.isFinished ? nil : writer.next
  }

  private func told(_ token: Int, _ text: String) -> AnswerToken {
    var chosen = AnswerToken.Likely(bytes: bytes(of: token), logprob: 0)
    var likely: [AnswerToken.Likely] = []
    if let top, let entry = writer.answer.logprobs.last {
      chosen.logprob = entry.logprob
      likely = entry.top.prefix(top).map {
        AnswerToken.Likely(bytes: bytes(of: $0.tokenID), logprob: $0.logprob)
      }
    }
    let told = AnswerToken(text: text, chosen: chosen, top: likely)
    if keepsTokens { tokens.append(told) }
    return told
  }

  private func bytes(of token: Int) -> [UInt8] {
    Array(tokenizer.bytes(of: token, skipSpecial: false))
  }

  /// The formula that was read.
  func formula(_ end: EndReason) -> ReadFormula {
    let reading = FormulaReading(writer.answer, tokenizer: tokenizer)
    return ReadFormula(
      formula: RenderedFormula(
        latex: reading.latex, mathML: reading.hasFormula ? reading.mathML : nil,
        typst: reading.hasFormula ? reading.typst : nil, isValid: reading.isValid,
        problem: reading.problem),
      confidence: Float(reading.confidence), end: end, tokens: tokens,
      warnings: reading.warnings)
  }
}
