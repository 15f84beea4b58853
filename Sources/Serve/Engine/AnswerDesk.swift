import Foundation
import JanusImages
import JanusLite
import JanusRequests
import JanusWords

/// Writes an answer from logits as the library does, and tells of each token.
///
/// Belongs to the scheduler, which calls it for one token after another.
final class AnswerDesk: @unchecked Sendable {
  private let tokenizer: Tokenizer
  private var writer: AnswerWriter
  /// How many of the most likely tokens are told; nil tells nothing of a token but its text.
  private let top: Int?
  private var failure: EngineError?

  init(
    _ model: Janus, _ sampling: SamplingRequest, seed: UInt64, stops: [String], limit: Int,
    readsFormula: Bool, promptTokens: Int
  ) throws(JanusError) {
    tokenizer = model.tokenizer
    top = sampling.topLogprobs
    writer = try AnswerWriter(
      model,
      GenerationSettings(
        temperature: sampling.temperature, topP: sampling.topP, topK: sampling.topK, seed: seed,
        maxTokens: sampling.maxTokens, logprobs: top.map { max(1, $0) } ?? 0, stop: stops),
      limit: limit, readsFormula: readsFormula, answer: Answer(promptTokenCount: promptTokens))
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

  /// How many of the largest logits the choices depend on; nil for all.
  var largest: Int? { writer.largest }

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
    if writer.answer.tokenIDs.count > before {
      tell(told(writer.answer.tokenIDs[before], text))
    } else if writer.kept == nil, !text.isEmpty {
      tell(AnswerToken(text: text, chosen: .init(bytes: [], logprob: 0), isRest: true))
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
    return AnswerToken(text: text, chosen: chosen, top: likely)
  }

  private func bytes(of token: Int) -> [UInt8] {
    Array(tokenizer.bytes(of: token, skipSpecial: false))
  }

  var answer: Answer { writer.answer }

  /// The formula that an answer tells, with warnings about its picture.
  func formula(in answer: Answer, pictureWarnings: [PictureWarning]) throws -> ReadFormula {
    let reading = FormulaReading(
      answer, tokenizer: tokenizer, pictureWarnings: pictureWarnings)
    let encoder = JSONEncoder()
    // Equal formulas are equal bytes.
    encoder.outputFormatting = .sortedKeys
    let line = try encoder.encode(FormulaLine(reading, image: ""))
    guard case .object(let all) = try JSONParser.parse(Array(line)) else {
      throw EngineError(.failure, "a formula is no JSON object")
    }
    var members = JSONObject()
    for name in Self.formulaMembers { members.append(name, ifGiven: all[name]) }
    if top != nil { members.append("logprobs", ifGiven: all["logprobs"]) }
    return ReadFormula(members: members)
  }

  /// In the order in which they are written. Pictures have no names here, and the time of a step
  /// belongs to many.
  private static let formulaMembers = [
    "text", "latex", "mathml", "typst", "markdown", "valid", "problem", "confidence", "doubtful",
    "repairs", "warnings", "finish_reason", "token_ids", "prompt_token_count",
  ]
}
