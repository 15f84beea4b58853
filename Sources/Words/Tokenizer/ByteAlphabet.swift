/// GPT-2's alphabet: each byte written as one visible character.
///
/// Printable Latin-1 stands for itself, the other 68 bytes for U+0100 onwards, in ascending order.
package enum ByteAlphabet {
  /// Byte of each scalar up to U+0143; -1 where there is none.
  private static let byteOfScalar: [Int16] = {
    let own = (0..<256).map {
      (0x21...0x7E).contains($0) || (0xA1...0xAC).contains($0) || (0xAE...0xFF).contains($0)
    }
    var table = Array(repeating: Int16(-1), count: 0x144)
    var next = 0x100
    for byte in 0..<256 {
      if own[byte] {
        table[byte] = Int16(byte)
      } else {
        table[next] = Int16(byte)
        next += 1
      }
    }
    return table
  }()

  /// Appends the bytes that `text`, UTF-8 in the alphabet, stands for; false and nothing appended
  /// when a character is outside of the alphabet.
  static func decode(_ text: UnsafeRawBufferPointer, into bytes: inout [UInt8]) -> Bool {
    let start = bytes.count
    let decoded = byteOfScalar.withUnsafeBufferPointer { table in
      var position = 0
      while position < text.count {
        var value = Int(text[position])
        position += 1
        if value >= 0x80 {
          guard value & 0xE0 == 0xC0, position < text.count, text[position] & 0xC0 == 0x80
          else { return false }
          value = (value & 0x1F) << 6 | Int(text[position] & 0x3F)
          position += 1
        }
        guard value < table.count, table[value] >= 0 else { return false }
        bytes.append(UInt8(truncatingIfNeeded: table[value]))
      }
      return true
    }
    if !decoded { bytes.removeLast(bytes.count - start) }
    return decoded
  }
}
