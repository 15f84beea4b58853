/// Scalars of valid UTF-8, read straight from its bytes.
package enum UTF8Scalar {
  /// Bytes of the scalar that begins with `lead`.
  @inline(__always)
  static func length(_ lead: UInt8) -> Int {
    lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// The scalar that begins at `position`, and how many bytes it takes.
  @inline(__always)
  func scalar(at position: Int) -> (value: UInt32, length: Int) {
    let lead = self[position]
    guard lead >= 0x80 else { return (UInt32(lead), 1) }
    let length = UTF8Scalar.length(lead)
    var value = UInt32(lead) & (0x7F >> UInt32(length))
    for offset in 1..<length { value = value << 6 | UInt32(self[position + offset] & 0x3F) }
    return (value, length)
  }

  func part(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(rebasing: self[range])
  }
}
