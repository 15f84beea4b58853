import JanusWords

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How sure a model is of a token: its probability, and what else it might have been.
struct Confidence {
  /// The temperature that logits are divided by, so that of answers with probability 0.9 nine in
  /// ten are right. It comes from the model file; 1 if it was not fitted.
  let temperature: Double

  /// A token less likely than this is doubtful.
  static let threshold = 0.6
  /// Other tokens less likely than this are no alternatives.
  private static let leastAlternative = 0.05

  func of(
    _ token: Int, _ logits: UnsafeBufferPointer<Float>, _ tokenizer: Tokenizer
  ) -> Answer.Certainty {
    let logprob = logprobs(logits)
    let probability = { (token: Int) in exp(logprob(token)) }
    let own = probability(token)
    var alternatives: [(text: String, probability: Double)] = []
    if own < Self.threshold {
      for other in TopSelection(4, of: logits) where other != token {
        let share = probability(other)
        if share < Self.leastAlternative { break }
        let text =
          other == tokenizer.eosID
          ? "" : String(decoding: tokenizer.bytes(of: other), as: UTF8.self)
        alternatives.append((text, share))
      }
    }
    return Answer.Certainty(probability: own, alternatives: alternatives)
  }

  /// The log-probability of each token. `logits` must stay valid while the function is used.
  func logprobs(_ logits: UnsafeBufferPointer<Float>) -> (_ token: Int) -> Double {
    let largest = logits.max() ?? 0
    // Each smaller logit would add less than 10⁻⁸.
    let floor = largest - Float(20 * temperature)
    var sum = 0.0
    for logit in logits where logit >= floor {
      sum += exp(Double(logit - largest) / temperature)
    }
    let (scale, logSum) = (temperature, log(sum))
    return { Double(logits[$0] - largest) / scale - logSum }
  }

  /// The probability of an answer whose tokens have a log-probability in all.
  static func probability(_ logprob: Double) -> Double { exp(logprob) }
}
