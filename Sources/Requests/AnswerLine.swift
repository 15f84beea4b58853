import JanusLite
import JanusSystem

/// An answer as JSON.
package struct AnswerLine: Encodable {
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

  /// The pictures' names as they were given; none for an answer to text alone.
  let images: [String]
  let text: String
  let tokenIDs: [Int]
  let promptTokenCount: Int
  let finishReason: String
  let logprobs: [Logprob]
  let timings: Timings

  enum CodingKeys: String, CodingKey {
    case images, text, logprobs, timings
    case tokenIDs = "token_ids"
    case promptTokenCount = "prompt_token_count"
    case finishReason = "finish_reason"
  }

  package init(_ answer: Answer, images: [String]) {
    self.images = images
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
