#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How two models' distributions over the same tokens differ at one place.
package struct Divergence: Sendable, Equatable {
  /// Kullback–Leibler divergence of the second from the first, `Σ p log(p / q)`, in nats.
  package let nats: Double
  /// The first model's most likely token.
  package let first: Int
  /// The second model's most likely token.
  package let second: Int
  /// Log-probabilities of the token that follows, where one is known.
  package let target: (first: Double, second: Double)?

  /// Whether both models would choose the same token.
  package var agrees: Bool { first == second }

  /// - Parameters:
  ///   - first: logits of the model that is taken for right, `[V]`.
  ///   - second: logits of the other one, `[V]`.
  ///   - target: the token that follows.
  /// - Returns: nil where a row holds NaN or +∞, or no finite number.
  package init?(
    first: UnsafeBufferPointer<Float>, second: UnsafeBufferPointer<Float>, target: Int? = nil
  ) {
    precondition(first.count == second.count && !first.isEmpty, "rows of different models")
    guard let p = Distribution(first), let q = Distribution(second) else { return nil }
    var sum = 0.0
    for index in 0..<first.count {
      let logP = Double(first[index]) - p.logSum
      let probability = exp(logP)
      // A token that cannot come adds nothing, whatever the other model says of it.
      if probability > 0 { sum += probability * (logP - (Double(second[index]) - q.logSum)) }
    }
    // Equal rows may differ by rounding to either side of nothing.
    nats = max(0, sum)
    self.first = p.best
    self.second = q.best
    self.target = target.map {
      (Double(first[$0]) - p.logSum, Double(second[$0]) - q.logSum)
    }
  }

  package static func == (a: Divergence, b: Divergence) -> Bool {
    a.nats == b.nats && a.first == b.first && a.second == b.second
      && a.target?.first == b.target?.first && a.target?.second == b.target?.second
  }
}

/// The normalising sum of a row of logits, and its largest element.
private struct Distribution {
  let best: Int
  let logSum: Double

  init?(_ logits: UnsafeBufferPointer<Float>) {
    var best = 0
    var largest = -Float.infinity
    for (index, logit) in logits.enumerated() {
      guard logit < .infinity else { return nil }  // false for NaN, too
      if logit > largest { (best, largest) = (index, logit) }
    }
    guard largest > -.infinity else { return nil }
    self.best = best
    let top = Double(largest)
    logSum = top + log(logits.reduce(0.0) { $0 + exp(Double($1) - top) })
  }
}
