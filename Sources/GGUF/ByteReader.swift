import JanusSystem

/// Reads little-endian numbers and strings from the front of a header, and never past its end.
struct ByteReader {
  typealias Problem = ContainerError.Problem

  let bytes: UnsafeRawBufferPointer
  private(set) var offset = 0

  /// The bytes of a whole file; only as many as a header may have are read.
  init(_ file: UnsafeRawBufferPointer) {
    bytes = UnsafeRawBufferPointer(rebasing: file.prefix(Limits.headerBytes))
  }

  /// Skips `count` bytes and returns where they began.
  mutating func skip(_ count: Int, _ part: @autoclosure () -> String) throws(Problem) -> Int {
    let begin = offset
    guard count <= bytes.count - begin else {
      if bytes.count == Limits.headerBytes {
        throw .limit(
          part: "header bytes (in \(part()))", limit: Limits.headerBytes,
          found: UInt64(begin) + UInt64(count))
      }
      throw .truncated(
        part: part(), offset: begin, needed: count, available: bytes.count - begin)
    }
    offset = begin + count
    return begin
  }

  mutating func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ type: Integer.Type, _ part: @autoclosure () -> String
  ) throws(Problem) -> Integer {
    let begin = try skip(MemoryLayout<Integer>.size, part())
    return Integer(littleEndian: bytes.loadUnaligned(fromByteOffset: begin, as: type))
  }

  /// A 64-bit count that is within `limit`.
  mutating func count(limit: Int, _ part: @autoclosure () -> String) throws(Problem) -> Int {
    let found = try integer(UInt64.self, part())
    guard found <= UInt64(limit) else { throw .limit(part: part(), limit: limit, found: found) }
    return Int(found)
  }

  /// The range of a string's bytes, after its length.
  mutating func stringRange(
    limit: Int, _ part: @autoclosure () -> String
  ) throws(Problem) -> Range<Int> {
    let count = try count(limit: limit, "length of \(part())")
    let begin = try skip(count, part())
    return begin..<begin + count
  }

  /// A key or a name: at least one character, all of them printable ASCII.
  mutating func name(limit: Int, _ part: @autoclosure () -> String) throws(Problem) -> String {
    let range = try stringRange(limit: limit, part())
    let text = bytes[range]
    guard !text.isEmpty, text.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      throw .invalid(
        part: "\(part()) at byte \(range.lowerBound)", expected: "printable ASCII",
        found: "'\(printable(String(decoding: text, as: UTF8.self)))'")
    }
    return String(decoding: text, as: UTF8.self)
  }
}
