import JanusLite
import JanusSystem

/// What `generate --json` prints.
package struct GenerateReport: Encodable {
  package struct Picture: Encodable {
    package let path: String
    package let seed: UInt64
    package let tokenIDs: [Int]
    /// For each code, the most likely ones at its place; nil unless requested.
    package let logprobs: [[LogprobPair]]?
    /// What the picture's file says of how it was made: pairs of key and value.
    package let text: [[String]]

    package init(
      path: String, seed: UInt64, tokenIDs: [Int], logprobs: [[LogprobPair]]?,
      text: [(key: String, value: String)]
    ) {
      self.path = path
      self.seed = seed
      self.tokenIDs = tokenIDs
      self.logprobs = logprobs
      self.text = text.map { [$0.key, $0.value] }
    }

    enum CodingKeys: String, CodingKey {
      case path, seed, logprobs, text
      case tokenIDs = "token_ids"
    }
  }

  package struct Timings: Encodable {
    package let prefill: Double
    package let tokens: Double
    package let decode: Double
    package let total: Double
    package let peakMemory: Int

    enum CodingKeys: String, CodingKey {
      case prefill = "prefill_s"
      case tokens = "tokens_s"
      case decode = "decode_s"
      case total = "total_s"
      case peakMemory = "peak_rss_bytes"
    }

    package init(_ timings: Painter.Timings, total: Double) {
      prefill = timings.prefill
      tokens = timings.codes
      decode = timings.decode
      self.total = total
      peakMemory = ProcessMemory.peak
    }
  }

  /// - Parameter prompt: where a report is one of several.
  package init(
    prompt: String? = nil, images: [Picture], promptTokenCount: Int, timings: Timings
  ) {
    self.prompt = prompt
    self.images = images
    self.promptTokenCount = promptTokenCount
    self.timings = timings
  }

  package let prompt: String?
  package let images: [Picture]
  package let promptTokenCount: Int
  package let timings: Timings

  enum CodingKeys: String, CodingKey {
    case prompt, images, timings
    case promptTokenCount = "prompt_token_count"
  }
}
