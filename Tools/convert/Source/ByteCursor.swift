import JanusSystem

/// Reads bytes from outside, never past their end.
struct ByteCursor {
  let bytes: [UInt8]
  private(set) var offset: Int

  init(_ bytes: [UInt8], at offset: Int = 0) {
    self.bytes = bytes
    self.offset = offset
  }

  var remaining: Int { bytes.count - offset }

  /// The next `count` bytes, `nil` where fewer remain.
  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, count <= remaining else { return nil }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  /// The next little-endian number.
  mutating func integer<Integer: FixedWidthInteger & UnsignedInteger>(
    _ type: Integer.Type
  ) -> Integer? {
    take(MemoryLayout<Integer>.size)?.reversed().reduce(0) { $0 << 8 | Integer($1) }
  }

  /// The next `count` bytes as text, `nil` where they are not UTF-8.
  mutating func text(_ count: Int) -> String? {
    take(count).flatMap { String(validating: $0, as: UTF8.self) }
  }

  /// The bytes up to a newline, which is passed over.
  mutating func line() -> String? {
    guard let end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    let line = text(end - offset)
    offset = end + 1
    return line
  }
}
