/// `Kernels.expandInt4`.
public func expandInt4(
  _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
  _ out: UnsafeMutableRawPointer
) {
  for block in 0..<blocks {
    let pairs = (panels + block * 288).assumingMemoryBound(to: UInt8.self)
    let bytes = (out + block * 544).assumingMemoryBound(to: UInt8.self)
    for i in 0..<256 {
      bytes[i] = levels[Int(pairs[i] & 15)]
      bytes[256 + i] = levels[Int(pairs[i] >> 4)]
    }
    (bytes + 512).update(from: pairs + 256, count: 32)
  }
}
