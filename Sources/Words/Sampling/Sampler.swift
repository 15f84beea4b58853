#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Chooses the next token from logits.
///
/// Temperature, then top-k, then top-p, each as in `transformers`; the same seed gives the same
/// choices on every platform.
package struct Sampler: Sendable {
  private let temperature: Double
  private let topK: Int?
  private let topP: Double?
  private var random: SplitMix64
  /// The tokens that may still be chosen, and their weights; kept to spare the allocation.
  private var candidates: [Int] = []
  private var weights: [Double] = []

  /// - Parameters:
  ///   - temperature: 0 always takes the most likely token, and the rest has no effect.
  ///   - topK: keeps the k most likely tokens, and what is as likely as the last of them.
  ///   - topP: keeps the fewest most likely tokens that together reach this probability.
  package init(
    temperature: Float = 0, topK: Int? = nil, topP: Float? = nil, seed: UInt64 = 0
  ) throws(SamplerError) {
    guard temperature.isFinite, temperature >= 0 else {
      throw SamplerError(
        parameter: "temperature", expected: "0 or more", found: "\(temperature)")
    }
    if let topK, topK < 1 {
      throw SamplerError(parameter: "top-k", expected: "1 or more", found: "\(topK)")
    }
    if let topP, !(topP > 0 && topP <= 1) {
      throw SamplerError(parameter: "top-p", expected: "above 0 and up to 1", found: "\(topP)")
    }
    self.temperature = Double(temperature)
    self.topK = topK
    self.topP = topP.map(Double.init)
    random = SplitMix64(seed: seed)
  }

  /// The index that is chosen; of several equally likely ones greedy choice takes the first.
  ///
  /// Nil when no choice is possible: a logit is NaN or +∞, or none is finite.
  package mutating func next(_ logits: UnsafeBufferPointer<Float>) -> Int? {
    guard let best = mostLikely(logits) else { return nil }
    return temperature == 0 ? best : draw(logits, largest: Double(logits[best]))
  }

  private func mostLikely(_ logits: UnsafeBufferPointer<Float>) -> Int? {
    var best = 0
    var largest = -Float.infinity
    for (index, logit) in logits.enumerated() {
      guard logit < .infinity else { return nil }  // false for NaN, too
      if logit > largest { (best, largest) = (index, logit) }
    }
    return largest > -.infinity ? best : nil
  }

  private mutating func draw(_ logits: UnsafeBufferPointer<Float>, largest: Double) -> Int? {
    var least = -Float.infinity
    if let topK, topK < logits.count {
      least = TopSelection(topK, of: logits).last.map { logits[$0] } ?? least
    }
    candidates.removeAll(keepingCapacity: true)
    weights.removeAll(keepingCapacity: true)
    var total = 0.0
    for (index, logit) in logits.enumerated() where logit >= least {
      let weight = exp((Double(logit) - largest) / temperature)
      candidates.append(index)
      weights.append(weight)
      total += weight
    }
    if let topP, topP < 1 { total = keepNucleus(topP * total, total) }
    var rest = random.nextUnit() * total
    for (position, weight) in weights.enumerated() {
      rest -= weight
      if rest < 0 { return candidates[position] }
    }
    // Rounding may leave a tiny rest. Then it is the last candidate that has any weight.
    return weights.lastIndex { $0 > 0 }.map { candidates[$0] }
  }

  /// Keeps the heaviest candidates up to the one that reaches `enough`; returns their weight.
  private mutating func keepNucleus(_ enough: Double, _ total: Double) -> Double {
    // All lighter ones together weigh less than what is cut, so they need not be sorted.
    let floor = (total - enough) / Double(weights.count)
    let order = weights.indices.filter { weights[$0] >= floor }
      .sorted { (weights[$0], $1) > (weights[$1], $0) }
    var kept = 0.0
    var count = 0
    while count < order.count, kept < enough {
      kept += weights[order[count]]
      count += 1
    }
    let chosen = order.prefix(count).sorted()
    candidates = chosen.map { candidates[$0] }
    weights = chosen.map { weights[$0] }
    return kept
  }
}

/// A setting of the sampler that makes no sense.
package struct SamplerError: Error, Equatable, CustomStringConvertible, Sendable {
  package let parameter: String
  package let expected: String
  package let found: String

  package var description: String { "\(parameter): expected \(expected), found \(found)" }
}
