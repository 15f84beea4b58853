/// Multiply-accumulates in a round of `integerPeak`.
public let productsPerRound = 64

/// `Kernels.integerPeak`, in the widest multiplication that every processor has for vectors.
public func integerPeak(_ rounds: Int) -> Int32 {
  typealias Lanes = SIMD16<Int16>
  var a = Lanes(repeating: 3)
  var sums = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
  for round in 0..<rounds {
    a ^= Lanes(repeating: Int16(truncatingIfNeeded: round))
    sums.0 &+= a &* Lanes(repeating: 5)
    sums.1 &+= a &* Lanes(repeating: 7)
    sums.2 &+= a &* Lanes(repeating: 11)
    sums.3 &+= a &* Lanes(repeating: 13)
  }
  return Int32((sums.0 &+ sums.1 &+ sums.2 &+ sums.3).wrappedSum())
}
