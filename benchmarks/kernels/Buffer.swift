import JanusEngine
import JanusMeasure
import JanusSystem

/// Memory for a benchmark, filled with bytes that are valid in every panel format: the scales are
/// small positive f16 numbers, and no weight is zero.
final class Buffer: @unchecked Sendable {
  let bytes: UnsafeMutableRawPointer
  let count: Int

  init(count: Int) {
    self.count = count & ~63
    bytes = .allocate(byteCount: self.count, alignment: 4096)
    var state: UInt64 = 1
    for offset in stride(from: 0, to: self.count, by: 8) {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      // 0x08...0x1f in every byte, which makes f16 numbers of about 10⁻⁴...10⁻².
      let word = (state >> 7) & 0x1717_1717_1717_1717 | 0x0808_0808_0808_0808
      bytes.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
    }
  }

  deinit { bytes.deallocate() }
}
