/// Base64 of RFC 4648, both alphabets, with or without padding, white space skipped.
package enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
    values[Int(UInt8(ascii: "-"))] = 62
    values[Int(UInt8(ascii: "_"))] = 63
    return values
  }()

  package static func encode(_ bytes: [UInt8]) -> String {
    String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { out in
      var place = 0
      var index = 0
      while index < bytes.count {
        let left = bytes.count - index
        let b = left > 1 ? bytes[index + 1] : 0
        let c = left > 2 ? bytes[index + 2] : 0
        let word = UInt32(bytes[index]) << 16 | UInt32(b) << 8 | UInt32(c)
        for digit in 0..<4 {
          out[place + digit] =
            digit <= left
            ? alphabet[Int(word >> UInt32(18 - 6 * digit) & 63)] : UInt8(ascii: "=")
        }
        place += 4
        index += 3
      }
      return place
    }
  }

  /// Nil for anything but base64.
  package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    var out: [UInt8] = []
    out.reserveCapacity(text.count / 4 * 3 + 3)
    var word: UInt32 = 0
    var digits = 0
    var hasEnded = false
    for byte in text {
      let value = values[Int(byte)]
      if value != 0xFF {
        if hasEnded { return nil }
        word = word << 6 | UInt32(value)
        digits += 1
        if digits == 4 {
          out.append(UInt8(truncatingIfNeeded: word >> 16))
          out.append(UInt8(truncatingIfNeeded: word >> 8))
          out.append(UInt8(truncatingIfNeeded: word))
          (word, digits) = (0, 0)
        }
      } else if byte == UInt8(ascii: "=") {
        hasEnded = true
      } else if ![0x20, 0x09, 0x0A, 0x0D].contains(byte) {
        return nil
      }
    }
    switch digits {
    case 0: break
    case 2: out.append(UInt8(truncatingIfNeeded: word >> 4))
    case 3:
      out.append(UInt8(truncatingIfNeeded: word >> 10))
      out.append(UInt8(truncatingIfNeeded: word >> 2))
    default: return nil
    }
    return out
  }
}
