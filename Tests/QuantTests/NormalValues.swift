import Foundation

/// Reproducible random numbers (SplitMix64).
struct Random: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Normal values by Box and Muller's method.
  mutating func normal(_ count: Int, deviation: Double = 1) -> [Float] {
    (0..<count).map { _ in
      let radius = (-2 * log(Double.random(in: 0x1p-60..<1, using: &self))).squareRoot()
      return Float(deviation * radius * cos(2 * .pi * Double.random(in: 0..<1, using: &self)))
    }
  }

  /// Values of Student's t with so many degrees of freedom; normal ones for zero.
  mutating func heavyTailed(_ count: Int, degrees: Int) -> [Float] {
    guard degrees > 0 else { return normal(count) }
    return (0..<count).map { _ in
      let values = normal(degrees + 1)
      let square = values.dropFirst().reduce(0) { $0 + $1 * $1 }
      return values[0] / (square / Float(degrees)).squareRoot()
    }
  }
}
