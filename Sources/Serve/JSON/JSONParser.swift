/// Why bytes are not a JSON document.
package struct JSONError: Error, Equatable, CustomStringConvertible {
  package let offset: Int
  package let problem: String

  package var description: String { "byte \(offset): \(problem)" }
}

/// Reads JSON as RFC 8259 defines it, from bytes that nobody vouches for.
///
/// One pass, no look back; nesting and the number of values are limited, so that neither the stack nor
/// memory depends on what was sent beyond its length.
package struct JSONParser {
  /// Arrays and objects inside each other.
  package static let mostLevels = 64
  /// Values in a document: each takes some 40 bytes, whatever it took to send.
  package static let mostValues = 1_000_000

  private let bytes: UnsafeBufferPointer<UInt8>
  private var place = 0
  private var values = 0

  private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  package static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
    var result: Result<JSONValue, JSONError>?
    bytes.withUnsafeBufferPointer { buffer in
      result = Result { () throws(JSONError) in
        var parser = JSONParser(buffer)
        return try parser.document()
      }
    }
    return try result!.get()
  }

  private mutating func document() throws(JSONError) -> JSONValue {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
    let value = try value(level: 0)
    skipSpace()
    guard place == bytes.count else { throw error("expected the end, found more") }
    return value
  }

  private mutating func value(level: Int) throws(JSONError) -> JSONValue {
    values += 1
    guard values <= Self.mostValues else { throw error("more than \(Self.mostValues) values") }
    skipSpace()
    guard let byte = next else { throw error("expected a value, found the end") }
    switch byte {
    case UInt8(ascii: "{"): return .object(try object(level: level + 1))
    case UInt8(ascii: "["): return .array(try array(level: level + 1))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func object(level: Int) throws(JSONError) -> JSONObject {
    try check(level)
    place += 1
    var object = JSONObject()
    skipSpace()
    if take(UInt8(ascii: "}")) { return object }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("expected a member's name") }
      let name = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw error("expected ':'") }
      object.append(name, try value(level: level))
      skipSpace()
      if take(UInt8(ascii: "}")) { return object }
      guard take(UInt8(ascii: ",")) else { throw error("expected ',' or '}'") }
    }
  }

  private mutating func array(level: Int) throws(JSONError) -> [JSONValue] {
    try check(level)
    place += 1
    var array: [JSONValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return array }
    while true {
      array.append(try value(level: level))
      skipSpace()
      if take(UInt8(ascii: "]")) { return array }
      guard take(UInt8(ascii: ",")) else { throw error("expected ',' or ']'") }
    }
  }

  private func check(_ level: Int) throws(JSONError) {
    guard level <= Self.mostLevels else {
      throw error("more than \(Self.mostLevels) arrays and objects inside each other")
    }
  }

  // MARK: Strings

  private mutating func string() throws(JSONError) -> String {
    place += 1
    let start = place
    // Most strings have no escape: they are taken as they stand.
    while let byte = next, byte != 0x22, byte != 0x5C, byte >= 0x20 { place += 1 }
    guard let byte = next else { throw error("expected the end of a string, found the end") }
    if byte == 0x22 {
      defer { place += 1 }
      return try text(bytes[start..<place], at: start)
    }
    var unescaped = Array(bytes[start..<place])
    while let byte = next {
      switch byte {
      case 0x22:
        place += 1
        return try unescaped.withUnsafeBufferPointer { buffer throws(JSONError) in
          try text(buffer[...], at: start)
        }
      case 0x5C: try appendEscape(to: &unescaped)
      case ..<0x20: throw error("a control character in a string")
      default:
        unescaped.append(byte)
        place += 1
      }
    }
    throw error("expected the end of a string, found the end")
  }

  private func text(
    _ slice: Slice<UnsafeBufferPointer<UInt8>>, at start: Int
  ) throws(JSONError) -> String {
    guard let text = String(validating: slice, as: UTF8.self) else {
      throw JSONError(offset: start, problem: "a string that is not UTF-8")
    }
    return text
  }

  private mutating func appendEscape(to out: inout [UInt8]) throws(JSONError) {
    place += 1
    guard let byte = next else { throw error("expected an escape, found the end") }
    place += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0C)
    case UInt8(ascii: "n"): out.append(0x0A)
    case UInt8(ascii: "r"): out.append(0x0D)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "u"):
      let first = try hexadecimal()
      var scalar = Unicode.Scalar(first)
      if scalar == nil, first < 0xDC00, next == UInt8(ascii: "\\") {
        place += 1
        guard take(UInt8(ascii: "u")) else { throw error("half of a surrogate pair") }
        let second = try hexadecimal()
        if (0xDC00...0xDFFF).contains(second) {
          scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        }
      }
      guard let scalar else { throw error("half of a surrogate pair") }
      out += String(Character(scalar)).utf8
    default: throw error("an escape that JSON does not have")
    }
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue,
        byte < 0x80
      else { throw error("expected four hexadecimal digits") }
      value = value << 4 | UInt32(digit)
      place += 1
    }
    return value
  }

  // MARK: Numbers and words

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = place
    var isInteger = true
    _ = take(UInt8(ascii: "-"))
    if !take(UInt8(ascii: "0")) { try digits() }
    if take(UInt8(ascii: ".")) {
      isInteger = false
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      place += 1
      isInteger = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    // Nobody needs more digits, and turning very many into a number takes long.
    guard place - start <= 400 else { throw error("a number of more than 400 characters") }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw error("a number out of range") }
    return .real(value)
  }

  private mutating func digits() throws(JSONError) {
    let start = place
    while let byte = next, (0x30...0x39).contains(byte) { place += 1 }
    guard place > start else {
      throw error(next == nil ? "expected a value, found the end" : "expected a value")
    }
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
    guard bytes[place...].starts(with: word.utf8) else { throw error("expected a value") }
    place += word.utf8.count
    return value
  }

  // MARK: Bytes

  private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    place += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || (0x09...0x0A).contains(byte) || byte == 0x0D {
      place += 1
    }
  }

  private func error(_ problem: String) -> JSONError { JSONError(offset: place, problem: problem) }
}
