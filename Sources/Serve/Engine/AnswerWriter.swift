import JanusEngine
import JanusLite
import JanusWords

/// Turns logits into an answer's tokens and text until it ends.
///
/// Belongs to the scheduler, which calls it for one token after another.
final class AnswerWriter: @unchecked Sendable {
  private let tokenizer: Tokenizer
  private let sampler: Sampler
  private let limit: Int
  private let topLogprobs: Int?
  private let keepsTokens: Bool
  private var stream: StreamingText
  private var stops: StopTexts
  private var loops = LoopGuard()
  private var count = 0
  /// How it ended; nil while it goes on.
  private(set) var end: Result<EndReason, EngineError>?
  /// All of its tokens, if they are kept; of a loop the first round.
  private(set) var tokens: [AnswerToken] = []

  init(
    _ model: Janus, _ sampler: Sampler, limit: Int, stops: [String], topLogprobs: Int?,
    keepsTokens: Bool = false
  ) {
    tokenizer = model.tokenizer
    self.sampler = sampler
    self.limit = limit
    self.topLogprobs = topLogprobs
    self.keepsTokens = keepsTokens
    stream = StreamingText(model.tokenizer)
    self.stops = StopTexts(stops)
  }

  /// Chooses the next token and tells of it; nil when the answer has ended.
  func next(
    _ logits: UnsafeBufferPointer<Float>, _ tell: (AnswerToken) -> Void
  ) -> Int? {
    guard let token = sampler.choose(from: logits, at: count) else {
      end = .failure(EngineError(.failure, "the model computed NaN; its file may be damaged"))
      return nil
    }
    if token == tokenizer.eosID { return finish(.stop, tell) }
    count += 1
    let text = stops.append(stream.append(token))
    add(token, text, logits, tell)
    if stops.isFound {
      end = .success(.stop)
      return nil
    }
    if let keep = loops.append(token) {
      if keepsTokens { tokens.removeSubrange(keep...) }
      return finish(.loop, tell)
    }
    return count < limit ? token : finish(.length, tell)
  }

  private func add(
    _ token: Int, _ text: String, _ logits: UnsafeBufferPointer<Float>,
    _ tell: (AnswerToken) -> Void
  ) {
    var chosen = AnswerToken.Likely(bytes: bytes(of: token), logprob: 0)
    var top: [AnswerToken.Likely] = []
    if let topLogprobs {
      let values = Logprobs(logits)
      chosen.logprob = values[token]
      if topLogprobs > 0 {
        top = values.top(topLogprobs).map {
          .init(bytes: bytes(of: $0.tokenID), logprob: $0.logprob)
        }
      }
    }
    let token = AnswerToken(text: text, chosen: chosen, top: top)
    if keepsTokens { tokens.append(token) }
    tell(token)
  }

  private func bytes(of token: Int) -> [UInt8] {
    Array(tokenizer.bytes(of: token, skipSpecial: false))
  }

  /// Gives out what was held back.
  private func finish(_ reason: EndReason, _ tell: (AnswerToken) -> Void) -> Int? {
    end = .success(reason)
    let rest = stops.append(stream.finish()) + stops.finish()
    if reason != .loop || !keepsTokens, !rest.isEmpty {
      let token = AnswerToken(text: rest, chosen: .init(bytes: [], logprob: 0), isRest: true)
      if keepsTokens { tokens.append(token) }
      tell(token)
    }
    return nil
  }
}
