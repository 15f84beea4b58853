/// Chooses a token, or a code of a picture, from logits.
///
/// Temperature, then top-k, then top-p, each as in `transformers`; what they leave is drawn by the
/// Gumbel-max rule. A choice is a function of logits, seed and position alone, the same on every
/// platform.
package struct Sampler: Sendable {
  private let temperature: Double
  private let topK: Int?
  private let topP: Double?
  private let seed: UInt64

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
    self.seed = seed
  }

  /// How many of the largest logits a choice depends on; nil where it depends on all. Those that are as large as the last
  /// of them count, too.
  package var largest: Int? { temperature == 0 ? 1 : topK }

  /// The index that is chosen at a position, counted from 0 in an answer or a picture; of several
  /// equally likely ones greedy choice takes the first.
  ///
  /// Nil when no choice is possible: a logit is NaN or +∞, or none is finite.
  package func choose(from logits: UnsafeBufferPointer<Float>, at position: Int) -> Int? {
    guard let best = mostLikely(logits) else { return nil }
    return temperature == 0
      ? best
      : draw(logits, largest: Double(logits[best]), GumbelNoise(seed: seed, position: position))
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

  private func draw(
    _ logits: UnsafeBufferPointer<Float>, largest: Double, _ noise: GumbelNoise
  ) -> Int? {
    var least = -Float.infinity
    if let topK, topK < logits.count {
      least = TopSelection(topK, of: logits).last.map { logits[$0] } ?? least
    }
    var race = Race(noise)
    guard let topP, topP < 1 else {
      for (index, logit) in logits.enumerated() where logit >= least {
        race.enter(index, (Double(logit) - largest) / temperature)
      }
      return race.winner
    }
    var candidates: [(index: Int, logit: Double, weight: Double)] = []
    for (index, logit) in logits.enumerated() where logit >= least {
      let tempered = (Double(logit) - largest) / temperature
      candidates.append((index, tempered, PortableMath.exp(tempered)))
    }
    for position in Self.nucleus(candidates.map(\.weight), topP) {
      race.enter(candidates[position].index, candidates[position].logit)
    }
    return race.winner
  }

  /// The places of the heaviest weights up to the one that reaches the share `p` of all, ascending.
  private static func nucleus(_ weights: [Double], _ p: Double) -> [Int] {
    let total = weights.reduce(0, +)
    let enough = p * total
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
    return order.prefix(count).sorted()
  }
}

/// Finds the largest sum of logit and noise; of equal ones the first that entered.
private struct Race {
  private let noise: GumbelNoise
  private var best = -Double.infinity
  private(set) var winner: Int?

  init(_ noise: GumbelNoise) { self.noise = noise }

  /// Logits are those after the temperature, 0 for the most likely token.
  @inline(__always)
  mutating func enter(_ index: Int, _ logit: Double) {
    let bits = noise.bits(index)
    // To win, −ln u must be below e^(logit − best), and it is above 1 − u. A power of two above
    // that bound spares nearly all tokens the logarithms.
    let behind = best - logit
    if behind > 2 {
      let shift = min(60, Int(min(behind, 100) * 1.4426950408889634) - 1)
      if ((1 << 52) - 1 - bits) >> 1 >= (1 << 52) >> UInt64(shift) { return }
    }
    let sum = logit + GumbelNoise.value(bits)
    if sum > best || winner == nil { (best, winner) = (sum, index) }
  }
}

/// A setting of the sampler that makes no sense.
package struct SamplerError: Error, Equatable, CustomStringConvertible, Sendable {
  package let parameter: String
  package let expected: String
  package let found: String

  package var description: String { "\(parameter): expected \(expected), found \(found)" }
}
