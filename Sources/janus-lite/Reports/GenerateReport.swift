import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// What `generate --json` prints.
struct GenerateReport: Encodable {
  struct Picture: Encodable {
    let path: String
    let seed: UInt64
    let tokenIDs: [Int]
    /// For each code, the most likely ones at its place; nil where nobody asked.
    let logprobs: [[LogprobPair]]?

    enum CodingKeys: String, CodingKey {
      case path, seed, logprobs
      case tokenIDs = "token_ids"
    }
  }

  struct Timings: Encodable {
    let prefill: Double
    let tokens: Double
    let decode: Double
    let total: Double
    let peakMemory: Int

    enum CodingKeys: String, CodingKey {
      case prefill = "prefill_s"
      case tokens = "tokens_s"
      case decode = "decode_s"
      case total = "total_s"
      case peakMemory = "peak_rss_bytes"
    }

    init(_ timings: Painter.Timings, total: Double) {
      prefill = timings.prefill
      tokens = timings.codes
      decode = timings.decode
      self.total = total
      peakMemory = ProcessMemory.peak
    }

    /// What `--verbose` says.
    var summary: String {
      let seconds = { (value: Double) in Format.fixed(value, 2) }
      return "prompt \(seconds(prefill)) s; codes \(seconds(tokens)) s; decoding "
        + "\(seconds(decode)) s; in all \(seconds(total)) s; peak memory "
        + Format.bytes(peakMemory)
    }
  }

  let images: [Picture]
  let promptTokenCount: Int
  let timings: Timings

  enum CodingKeys: String, CodingKey {
    case images, timings
    case promptTokenCount = "prompt_token_count"
  }
}
