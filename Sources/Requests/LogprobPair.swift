/// A token and its log-probability as `--json` prints them: `[id, logprob]`.
package struct LogprobPair: Encodable {
  /// The most that may be requested for a place.
  package static let limit = 1_000

  package let tokenID: Int
  package let logprob: Float

  package init(tokenID: Int, logprob: Float) {
    self.tokenID = tokenID
    self.logprob = logprob
  }

  package func encode(to encoder: any Encoder) throws {
    var pair = encoder.unkeyedContainer()
    try pair.encode(tokenID)
    try pair.encode(logprob)
  }
}
