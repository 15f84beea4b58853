/// Multiply-accumulates in a round of `integerPeak`.
public let productsPerRound = 64

/// `Kernels.integerPeak`.
public func integerPeak(_ rounds: Int) -> Int32 {
  var a = SIMD64<UInt8>(repeating: 3)
  let b = SIMD16<Int32>(repeating: 5)
  var sum = SIMD16<Int32>.zero
  for round in 0..<rounds {
    a ^= SIMD64(repeating: UInt8(truncatingIfNeeded: round))
    sum &+= SIMD16<Int32>(truncatingIfNeeded: a.lowHalf.lowHalf) &* b
    sum &+= SIMD16<Int32>(truncatingIfNeeded: a.lowHalf.highHalf) &* b
    sum &+= SIMD16<Int32>(truncatingIfNeeded: a.highHalf.lowHalf) &* b
    sum &+= SIMD16<Int32>(truncatingIfNeeded: a.highHalf.highHalf) &* b
  }
  return sum.wrappedSum()
}
