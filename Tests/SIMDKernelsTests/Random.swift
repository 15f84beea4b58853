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

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }

  mutating func bytes(_ count: Int, in range: ClosedRange<UInt8> = 0...255) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: range, using: &self) }
  }

  /// f16 numbers between 2⁻¹⁰ and 2, of either sign.
  mutating func halves(_ count: Int) -> [UInt16] {
    (0..<count).map { _ in
      UInt16.random(in: 0x1400..<0x4000, using: &self) | (Bool.random(using: &self) ? 0x8000 : 0)
    }
  }
}

/// Sizes around multiples of 4, 8, 16, 32, 64 and 512, where loops change their path.
let awkwardSizes = [
  0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 129, 511, 512, 513, 626, 640, 1100, 2048,
]

/// Half a unit in the last place of 1: the relative error of one rounding.
let rounding = 0x1p-24
