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
  /// By which logits are divided first, so that nine in ten answers of probability 0.9 are right. The
  /// model file says it; 1 where nobody has fitted it.
  let temperature: Double

  /// A token less likely than this is doubtful.
  static let threshold = 0.6
  /// Other tokens less likely than this are no alternatives.
  private static let leastAlternative = 0.05

  func of(
    _ token: Int, _ logits: UnsafeBufferPointer<Float>, _ tokenizer: Tokenizer
  ) -> Answer.Certainty {
    let largest = logits.max() ?? 0
    // What lies further below adds less than 10⁻⁸ each.
    let floor = largest - Float(20 * temperature)
    var sum = 0.0
    for logit in logits where logit >= floor {
      sum += exp(Double(logit - largest) / temperature)
    }
    let probability = { (token: Int) in
      exp(Double(logits[token] - largest) / temperature) / sum
    }
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
}
