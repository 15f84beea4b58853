// Compares the NEON tier with the portable one, in an emulator. `.ci/check-neon` builds and runs
// it. Embedded Swift: pointers only, and C's `exit` for the verdict.

import KernelsNEON
import KernelsPortable

@_silgen_name("exit") func exit(_ status: Int32) -> Never
@_silgen_name("mmap") func mmap(
  _ address: UnsafeMutableRawPointer?, _ byteCount: Int, _ protection: Int32, _ flags: Int32,
  _ file: Int32, _ offset: Int
) -> UnsafeMutableRawPointer
@_silgen_name("mprotect") func mprotect(
  _ address: UnsafeMutableRawPointer, _ byteCount: Int, _ protection: Int32
) -> Int32
@_silgen_name("munmap") func munmap(_ address: UnsafeMutableRawPointer, _ byteCount: Int) -> Int32

@main
enum Check {
  static func main() {
    checkPanels(bits: 8)
    checkPanels(bits: 4)
    checkExpansion()
    checkCodedPanels()
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

/// Memory between canaries and a protected page.
struct Buffer<Element> {
  let start: UnsafeMutablePointer<Element>
  let byteCount: Int
  private let base: UnsafeMutableRawPointer
  private let room: Int
  /// The largest that an arm64 kernel may use.
  private static var page: Int { 65_536 }

  init(_ count: Int) {
    byteCount = count * MemoryLayout<Element>.stride
    room = (64 + byteCount + Self.page - 1) / Self.page * Self.page
    // For reading and writing; private, anonymous.
    base = mmap(nil, room + Self.page, 1 | 2, 0x2 | 0x20, -1, 0)
    expect(Int(bitPattern: base) != -1, "mmap")
    expect(mprotect(base + room, Self.page, 0) == 0, "mprotect")
    let memory = base + room - byteCount
    (memory - 64).initializeMemory(as: UInt8.self, repeating: 0xff, count: 64 + byteCount)
    start = memory.bindMemory(to: Element.self, capacity: count)
  }

  func expectIntact(_ what: StaticString) {
    let bytes = UnsafeRawPointer(start) - 64
    for i in 0..<64 { expect(bytes.load(fromByteOffset: i, as: UInt8.self) == 0xff, what) }
  }

  func free() { _ = munmap(base, room + Self.page) }
}

func floats(_ count: Int, _ limit: Float, _ random: inout Random) -> Buffer<Float> {
  let buffer = Buffer<Float>(count)
  for i in 0..<count { buffer.start[i] = random.float(limit) }
  return buffer
}

/// f16 numbers between 2⁻¹⁰ and 2, of either sign.
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
