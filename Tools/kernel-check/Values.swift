/// Random operands: mostly ordinary numbers, sometimes those at which kernels take other paths.
struct Values: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &self) == 0 }

  /// A size up to `most`: small, around a multiple of a vector's width, or any.
  mutating func size(_ most: Int, least: Int = 0) -> Int {
    let size =
      switch Int.random(in: 0..<3, using: &self) {
      case 0: Int.random(in: 0...16, using: &self)
      case 1:
        16 * Int.random(in: 0...most / 16, using: &self) + Int.random(in: -1...1, using: &self)
      default: Int.random(in: 0...most, using: &self)
      }
    return min(most, max(least, size))
  }

  mutating func floats(_ count: Int) -> [Float] {
    let magnitude = [Float(1), 1, 1e-3, 30, 1e4].randomElement(using: &self)!
    return (0..<count).map { _ in Float.random(in: -1...1, using: &self) * magnitude }
  }

  /// The same with a few that are extreme or no number.
  mutating func strangeFloats(_ count: Int) -> [Float] {
    var floats = floats(count)
    guard count > 0, chance(4) else { return floats }
    let strange: [Float] = [
      0, -0, .nan, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
      0x1p-126,
      0x1p112, -0x1p-103,
    ]
    for _ in 0..<Int.random(in: 1...3, using: &self) {
      floats[Int.random(in: 0..<count, using: &self)] = strange.randomElement(using: &self)!
    }
    return floats
  }

  /// f16 numbers, sometimes any bits.
  mutating func halves(_ count: Int) -> [UInt16] {
    let anyBits = chance(8)
    return (0..<count).map { _ in
      anyBits
        ? UInt16.random(in: 0...UInt16.max, using: &self)
        : UInt16.random(in: 0x1400..<0x4000, using: &self) | (chance(2) ? 0x8000 : 0)
    }
  }

  /// bf16 numbers between -2 and 2.
  mutating func shortFloats(_ count: Int) -> [UInt16] {
    floats(count).map { UInt16($0.bitPattern >> 16) }
  }

  /// Without -128, which neither weights nor activations have.
  mutating func signedBytes(_ count: Int) -> [Int8] {
    let isExtreme = chance(6)
    return (0..<count).map { _ in
      isExtreme ? (chance(2) ? 127 : -127) : Int8.random(in: -127...127, using: &self)
    }
  }

  mutating func bytes(_ count: Int, in range: ClosedRange<UInt8>) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: range, using: &self) }
  }

  /// Scales of activations of a precision, where `full` allows any.
  mutating func scales(_ count: Int, mask: UInt32) -> [Float] {
    (0..<count).map { _ in
      let scale = Float.random(in: 1e-4...0.1, using: &self)
      return Float(bitPattern: scale.bitPattern & ~mask)
    }
  }
}
