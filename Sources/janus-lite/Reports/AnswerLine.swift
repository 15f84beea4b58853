import Foundation
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// An answer as `--json` prints it.
struct AnswerLine: Encodable {
  struct Logprob: Encodable {
    let tokenID: Int
    let logprob: Float
    let top: [LogprobPair]

    enum CodingKeys: String, CodingKey {
      case tokenID = "token_id"
      case logprob, top
    }
  }

  struct Timings: Encodable {
    let imageEncode: Double
    let prefill: Double
    let decode: Double
    let prefillTokensPerSecond: Double
    let decodeTokensPerSecond: Double
    let peakMemory: Int

    enum CodingKeys: String, CodingKey {
      case imageEncode = "image_encode_s"
      case prefill = "prefill_s"
      case decode = "decode_s"
      case prefillTokensPerSecond = "prefill_tokens_per_s"
      case decodeTokensPerSecond = "decode_tokens_per_s"
      case peakMemory = "peak_rss_bytes"
    }
  }

  /// The pictures' names as they were given: null, one, or an array of several.
  enum Image: Encodable {
    case none
    case one(String)
    case several([String])

    init(_ names: [String]) {
      self = names.isEmpty ? .none : names.count == 1 ? .one(names[0]) : .several(names)
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .none: try container.encodeNil()
      case .one(let name): try container.encode(name)
      case .several(let names): try container.encode(names)
      }
    }
  }

  let image: Image
  let text: String
  let tokenIDs: [Int]
  let promptTokenCount: Int
  let finishReason: String
  let logprobs: [Logprob]
  let timings: Timings

  enum CodingKeys: String, CodingKey {
    case image, text, logprobs, timings
    case tokenIDs = "token_ids"
    case promptTokenCount = "prompt_token_count"
    case finishReason = "finish_reason"
  }

  init(_ answer: Answer, images: [String]) {
    image = Image(images)
    text = answer.text
    tokenIDs = answer.tokenIDs
    promptTokenCount = answer.promptTokenCount
    finishReason = answer.finishReason.rawValue
    logprobs = answer.logprobs.map { entry in
      Logprob(
        tokenID: entry.tokenID, logprob: entry.logprob,
        top: entry.top.map(LogprobPair.init))
    }
    timings = Timings(
      imageEncode: answer.timings.imageEncode, prefill: answer.timings.prefill,
      decode: answer.timings.decode,
      prefillTokensPerSecond: answer.timings.prefillTokensPerSecond,
      decodeTokensPerSecond: answer.timings.decodeTokensPerSecond,
      peakMemory: ProcessMemory.peak)
  }
}

extension Answer {
  /// What `--verbose` says of an answer.
  var summary: String {
    let seconds = { (value: Double) in Format.fixed(value, 2) }
    return "picture \(seconds(timings.imageEncode)) s; prompt \(promptTokenCount) tokens in "
      + "\(seconds(timings.prefill)) s (\(Format.fixed(timings.prefillTokensPerSecond, 1))/s); "
      + "answer \(tokenIDs.count) tokens in \(seconds(timings.decode)) s "
      + "(\(Format.fixed(timings.decodeTokensPerSecond, 1))/s); ended by \(finishReason.rawValue); "
      + "peak memory \(Format.bytes(ProcessMemory.peak))"
  }

  /// Says on standard error why an answer may be incomplete.
  func noteIncompleteness(of name: String, limit: Int) {
    switch finishReason {
    case .length where tokenIDs.count >= limit:
      StandardError.note("\(name): cut at \(limit) tokens (--max-tokens)")
    case .length: StandardError.note("\(name): cut at the end of the model's context")
    case .loop: StandardError.note("\(name): the answer began to repeat itself and was cut there")
    case .stop, .cancelled: break
    }
  }
}
