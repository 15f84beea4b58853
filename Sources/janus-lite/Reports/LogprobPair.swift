import JanusEngine
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// A token and its log-probability as `--json` prints them: `[id, logprob]`.
struct LogprobPair: Encodable {
  /// The most that may be requested for a place.
  static let limit = 1_000

  let tokenID: Int
  let logprob: Float

  func encode(to encoder: any Encoder) throws {
    var pair = encoder.unkeyedContainer()
    try pair.encode(tokenID)
    try pair.encode(logprob)
  }
}
