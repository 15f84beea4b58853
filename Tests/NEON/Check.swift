// Judges the NEON tier by the portable one, in an emulator: `.ci/check-neon` builds and runs it.
// Embedded Swift: pointers only, and C's `exit` for the verdict.

import KernelsNEON
import KernelsPortable

@_silgen_name("exit") func exit(_ status: Int32) -> Never

@main
enum Check {
  static func main() {
    checkPanels(bits: 8)
    checkPanels(bits: 4)
    checkExpansion()
    checkActivations()
    checkHalves()
    checkFloatMatmul()
    checkAttention()
    checkElementwise()
    print("NEON tier: all checks passed")
  }
}

func expect(_ truth: Bool, _ what: StaticString) {
  if truth { return }
  print(what)
  exit(1)
}

/// SplitMix64.
struct Random {
  var state: UInt64

  mutating func bits() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Uniform in -limit...limit.
  mutating func float(_ limit: Float) -> Float {
    (Float(bits() >> 40) * 0x1p-23 - 1) * limit
  }
}

/// Memory that ends with canaries.
struct Buffer<Element> {
  let start: UnsafeMutablePointer<Element>
  let byteCount: Int

  init(_ count: Int) {
    byteCount = count * MemoryLayout<Element>.stride
    let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount + 64, alignment: 16)
    memory.initializeMemory(as: UInt8.self, repeating: 0xff, count: byteCount + 64)
    start = memory.bindMemory(to: Element.self, capacity: count)
  }

  func expectIntact(_ what: StaticString) {
    let bytes = UnsafeRawPointer(start)
    for i in byteCount..<byteCount + 64 {
      expect(bytes.load(fromByteOffset: i, as: UInt8.self) == 0xff, what)
    }
  }

  func free() { start.deallocate() }
}

func floats(_ count: Int, _ limit: Float, _ random: inout Random) -> Buffer<Float> {
  let buffer = Buffer<Float>(count)
  for i in 0..<count { buffer.start[i] = random.float(limit) }
  return buffer
}

/// Halves between 2⁻¹⁰ and 2, of either sign.
func halves(_ count: Int, _ random: inout Random) -> Buffer<UInt16> {
  let buffer = Buffer<UInt16>(count)
  for i in 0..<count {
    let bits = random.bits()
    buffer.start[i] = UInt16(0x1400 + bits % 0x2c00) | UInt16(bits >> 63) << 15
  }
  return buffer
}

func bytes(_ count: Int, _ random: inout Random) -> Buffer<Int8> {
  let buffer = Buffer<Int8>(count)
  for i in 0..<count { buffer.start[i] = Int8(truncatingIfNeeded: random.bits()) }
  return buffer
}

func expectSameBits(_ a: Buffer<Float>, _ b: Buffer<Float>, _ count: Int, _ what: StaticString) {
  a.expectIntact(what)
  for i in 0..<count {
    let same = a.start[i].bitPattern == b.start[i].bitPattern
    expect(same || (a.start[i].isNaN && b.start[i].isNaN), what)
  }
}

/// Both tiers are within `roundings` roundings of a true value of size `size`.
func expectClose(
  _ a: Buffer<Float>, _ b: Buffer<Float>, _ count: Int, size: Float, roundings: Float,
  _ what: StaticString
) {
  a.expectIntact(what)
  for i in 0..<count {
    expect(abs(a.start[i] - b.start[i]) <= 2 * roundings * size * 0x1p-24 + 0x1p-120, what)
  }
}
