#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What many places say together.
package struct DivergenceSummary: Sendable {
  /// A place: which input, and how many tokens or codes of it stand before.
  package struct Place: Sendable, Equatable {
    /// Counts the inputs from 0.
    package let input: Int
    package let index: Int
    package let divergence: Divergence
  }

  /// The places that differ most, worst first.
  package private(set) var worst: [Place] = []
  private let worstCount: Int
  private var nats: [Float] = []
  private var sum = 0.0
  private var agreements = 0
  private var targets = 0
  private var targetLogs = (first: 0.0, second: 0.0)

  /// - Parameter worstCount: how many of the worst places are kept.
  package init(worstCount: Int = 10) { self.worstCount = worstCount }

  package var count: Int { nats.count }
  /// Mean divergence of a place, in nats; nil without places.
  package var mean: Double? { count > 0 ? sum / Double(count) : nil }
  /// The part of the places where both choose the same.
  package var agreement: Double? { count > 0 ? Double(agreements) / Double(count) : nil }

  /// Perplexity of what follows, under the first model and under the second; nil where nothing is known to
  /// follow.
  package var perplexity: (first: Double, second: Double)? {
    guard targets > 0 else { return nil }
    return (exp(-targetLogs.first / Double(targets)), exp(-targetLogs.second / Double(targets)))
  }

  /// The divergence that `part` (0 to 1) of the places do not exceed.
  package func quantile(_ part: Double) -> Double? {
    guard count > 0 else { return nil }
    let index = Int((part * Double(count)).rounded(.up)) - 1
    return Double(nats.sorted()[max(0, min(count - 1, index))])
  }

  package mutating func add(_ divergence: Divergence, input: Int, index: Int) {
    nats.append(Float(divergence.nats))
    sum += divergence.nats
    if divergence.agrees { agreements += 1 }
    if let target = divergence.target {
      targets += 1
      targetLogs.first += target.first
      targetLogs.second += target.second
    }
    guard worst.count < worstCount || divergence.nats > worst.last?.divergence.nats ?? .infinity
    else { return }
    let place = worst.firstIndex { $0.divergence.nats < divergence.nats } ?? worst.endIndex
    worst.insert(Place(input: input, index: index, divergence: divergence), at: place)
    if worst.count > worstCount { worst.removeLast() }
  }
}
