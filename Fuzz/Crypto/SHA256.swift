import Foundation

/// FIPS 180-4, in plain Swift; stands in for swift-crypto.
public struct SHA256: Sendable {
  public struct Digest: Sequence, Sendable {
    let bytes: [UInt8]
    public func makeIterator() -> [UInt8].Iterator { bytes.makeIterator() }
  }
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
    0x5be0_cd19,
  ]
  private var pending: [UInt8] = []
  private var count: UInt64 = 0
  public init() {}
  public static func hash(data: some Sequence<UInt8>) -> Digest {
    var hash = SHA256()
    hash.update(Array(data))
    return hash.finalize()
  }
  public mutating func update(data: some Sequence<UInt8>) { update(Array(data)) }
  public mutating func update(bufferPointer: UnsafeRawBufferPointer) {
    update(Array(bufferPointer))
  }
  private mutating func update(_ bytes: [UInt8]) {
    count += UInt64(bytes.count)
    pending += bytes
    var at = 0
    while pending.count - at >= 64 {
      block(at)
      at += 64
    }
    pending.removeFirst(at)
  }
  public func finalize() -> Digest {
    var copy = self
    var tail: [UInt8] = [0x80]
    while (copy.pending.count + tail.count) % 64 != 56 { tail.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) {
      tail.append(UInt8(truncatingIfNeeded: (copy.count * 8) >> UInt64(shift)))
    }
    copy.update(tail)
    return Digest(
      bytes: copy.state.flatMap { w in
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: w >> UInt32($0)) }
      })
  }
  private static let k: [UInt32] = {
    var primes: [Int] = []
    var n = 2
    while primes.count < 64 {
      if primes.allSatisfy({ n % $0 != 0 }) { primes.append(n) }
      n += 1
    }
    // The first 32 bits of the fractional parts of cube roots, by integer search on 2^32 * cbrt(p).
    return primes.map { p in
      var low: UInt64 = 0
      var high: UInt64 = 1 << 36
      while low + 1 < high {
        let mid = (low + high) / 2
        let (h, l) = mid.multipliedFullWidth(by: mid)
        // mid^3 <= p << 96 ?
        let m = mid
        let (h0, l0) = l.multipliedFullWidth(by: m)
        let (h1, l1) = h.multipliedFullWidth(by: m)
        let (mid64, carry) = l1.addingReportingOverflow(h0)
        let top = h1 + (carry ? 1 : 0)
        let limit = UInt64(p) << 32
        let less = top == 0 && (mid64 < limit || mid64 == limit && l0 == 0)
        if less { low = mid } else { high = mid }
      }
      return UInt32(truncatingIfNeeded: low)
    }
  }()
  private mutating func block(_ at: Int) {
    var w = [UInt32](repeating: 0, count: 64)
    for i in 0..<16 { w[i] = (0..<4).reduce(0) { $0 << 8 | UInt32(pending[at + i * 4 + $1]) } }
    func r(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }
    for i in 16..<64 {
      let a = w[i - 15]
      let b = w[i - 2]
      w[i] =
        w[i - 16] &+ (r(a, 7) ^ r(a, 18) ^ a >> 3) &+ w[i - 7] &+ (r(b, 17) ^ r(b, 19) ^ b >> 10)
    }
    var s = state
    for i in 0..<64 {
      let t1 =
        s[7] &+ (r(s[4], 6) ^ r(s[4], 11) ^ r(s[4], 25)) &+ (s[4] & s[5] ^ ~s[4] & s[6])
        &+ Self.k[i] &+ w[i]
      let t2 = (r(s[0], 2) ^ r(s[0], 13) ^ r(s[0], 22)) &+ (s[0] & s[1] ^ s[0] & s[2] ^ s[1] & s[2])
      s = [t1 &+ t2, s[0], s[1], s[2], s[3] &+ t1, s[4], s[5], s[6]]
    }
    for i in 0..<8 { state[i] = state[i] &+ s[i] }
  }
}
