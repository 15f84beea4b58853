enum ByteOrder {
  case little, big
}

/// The lowest `count` bytes of a number, the lowest first.
func littleEndian(_ number: Int, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
}

/// Numbers of a file at any place, nil where they reach beyond its ends.
extension UnsafeRawBufferPointer {
  func byte(at offset: Int) -> UInt8? {
    indices.contains(offset) ? self[offset] : nil
  }

  func short(at offset: Int, _ order: ByteOrder) -> UInt16? {
    guard offset >= 0, offset <= count - 2 else { return nil }
    let value = loadUnaligned(fromByteOffset: offset, as: UInt16.self)
    return order == .little ? UInt16(littleEndian: value) : UInt16(bigEndian: value)
  }

  func long(at offset: Int, _ order: ByteOrder) -> UInt32? {
    guard offset >= 0, offset <= count - 4 else { return nil }
    let value = loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    return order == .little ? UInt32(littleEndian: value) : UInt32(bigEndian: value)
  }

  /// Whether the ASCII text stands at the offset.
  func holds(_ text: StaticString, at offset: Int = 0) -> Bool {
    guard offset >= 0, offset <= count - text.utf8CodeUnitCount else { return false }
    return (0..<text.utf8CodeUnitCount).allSatisfy { self[offset + $0] == text.utf8Start[$0] }
  }
}
