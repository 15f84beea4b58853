import JanusSystem

/// Reads JSON text (RFC 8259) that may be hostile.
///
/// Stricter than most: no duplicate keys, valid UTF-8 only, and nesting to `maximumDepth`, so that
/// no text can exhaust the stack.
struct JSONParser {
  /// What is wrong, and at which byte.
  struct Problem: Error, Equatable, CustomStringConvertible {
    let offset: Int
    let text: String
    var description: String { "JSON at byte \(offset): \(text)" }
  }

  static let maximumDepth = 64

  private let bytes: UnsafeBufferPointer<UInt8>
  private var offset = 0
  /// Values that may still come: a value of two bytes takes up a hundred times that.
  private var valuesLeft: Int

  /// Parses a whole text: one value with nothing but white space around it.
  static func parse(
    _ bytes: UnsafeRawBufferPointer, maximumValues: Int = CheckpointLimits.jsonValues
  ) throws(Problem) -> JSON {
    var parser = JSONParser(
      bytes: bytes.assumingMemoryBound(to: UInt8.self), maximumValues: maximumValues)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.offset == bytes.count else { throw parser.problem("text behind the value") }
    return value
  }

  static func parse(
    _ bytes: [UInt8], maximumValues: Int = CheckpointLimits.jsonValues
  ) throws(Problem) -> JSON {
    // withUnsafeBytes cannot rethrow a typed error through its closure here.
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(Problem) in try parse(buffer, maximumValues: maximumValues) }
    }
    return try result.get()
  }

  private init(bytes: UnsafeBufferPointer<UInt8>, maximumValues: Int) {
    self.bytes = bytes
    valuesLeft = maximumValues
  }

  private func problem(_ text: String) -> Problem { Problem(offset: offset, text: text) }

  private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
      offset += 1
    }
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Problem) {
    skipSpace()
    guard current == UInt8(ascii: character) else {
      throw problem(
        current == nil ? "the text ends, expected '\(character)'" : "expected '\(character)'")
    }
    offset += 1
  }

  private mutating func value(depth: Int) throws(Problem) -> JSON {
    guard depth < Self.maximumDepth else {
      throw problem("nested more than \(Self.maximumDepth) deep")
    }
    guard valuesLeft > 0 else { throw problem("too many values") }
    valuesLeft -= 1
    skipSpace()
    switch current {
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw problem("the text ends, expected a value")
    default: return try number()
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSON) throws(Problem) -> JSON {
    let count = word.utf8CodeUnitCount
    guard bytes.count - offset >= count,
      (0..<count).allSatisfy({ bytes[offset + $0] == word.utf8Start[$0] })
    else { throw problem("expected '\(word)'") }
    offset += count
    return value
  }

  private mutating func object(depth: Int) throws(Problem) -> JSON.Object {
    var object = JSON.Object()
    try expect("{")
    skipSpace()
    if current == UInt8(ascii: "}") {
      offset += 1
      return object
    }
    while true {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw problem("expected a key in quotes") }
      let begin = offset
      let key = try string()
      try expect(":")
      guard object.append(key, try value(depth: depth + 1)) else {
        throw Problem(offset: begin, text: "the key '\(shown(key))' occurs twice")
      }
      skipSpace()
      if current == UInt8(ascii: ",") {
        offset += 1
        continue
      }
      try expect("}")
      return object
    }
  }

  private mutating func array(depth: Int) throws(Problem) -> [JSON] {
    var array: [JSON] = []
    try expect("[")
    skipSpace()
    if current == UInt8(ascii: "]") {
      offset += 1
      return array
    }
    while true {
      array.append(try value(depth: depth + 1))
      skipSpace()
      if current == UInt8(ascii: ",") {
        offset += 1
        continue
      }
      try expect("]")
      return array
    }
  }

  private mutating func number() throws(Problem) -> JSON {
    let begin = offset
    var isInteger = true
    if current == UInt8(ascii: "-") { offset += 1 }
    let whole = digits()
    guard whole > 0, whole == 1 || bytes[offset - whole] != UInt8(ascii: "0") else {
      throw Problem(offset: begin, text: "expected a value")
    }
    if current == UInt8(ascii: ".") {
      isInteger = false
      offset += 1
      guard digits() > 0 else { throw problem("expected digits behind '.'") }
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      isInteger = false
      offset += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { offset += 1 }
      guard digits() > 0 else { throw problem("expected digits of an exponent") }
    }
    let text = String(decoding: bytes[begin..<offset], as: UTF8.self)
    if isInteger, let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else {
      throw Problem(offset: begin, text: "the number \(shown(text)) is too large")
    }
    return .number(number)
  }

  private mutating func digits() -> Int {
    let begin = offset
    while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { offset += 1 }
    return offset - begin
  }

  private mutating func string() throws(Problem) -> String {
    let begin = offset
    offset += 1
    var plainBegin = offset
    var escaped = ""
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        let rest = try plain(plainBegin..<offset)
        offset += 1
        return escaped.isEmpty ? rest : escaped + rest
      case UInt8(ascii: "\\"):
        escaped += try plain(plainBegin..<offset)
        escaped.unicodeScalars.append(try escape())
        plainBegin = offset
      case 0..<0x20: throw problem("a control character in a string")
      default: offset += 1
      }
    }
    throw Problem(offset: begin, text: "the string does not end")
  }

  private func plain(_ range: Range<Int>) throws(Problem) -> String {
    let part = UnsafeBufferPointer(rebasing: bytes[range])
    guard let text = String(validating: part, as: UTF8.self) else {
      throw Problem(offset: range.lowerBound, text: "a string that is not UTF-8")
    }
    return text
  }

  private mutating func escape() throws(Problem) -> Unicode.Scalar {
    let begin = offset
    offset += 1
    let character = current
    offset += 1
    switch character {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let first = hexadecimal()
      if let first, let scalar = Unicode.Scalar(first) { return scalar }
      // The other half of a surrogate pair must follow.
      if let first, (0xd800..<0xdc00).contains(first), current == UInt8(ascii: "\\") {
        offset += 1
        if current == UInt8(ascii: "u") {
          offset += 1
          if let second = hexadecimal(), (0xdc00..<0xe000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
          {
            return scalar
          }
        }
      }
    default: break
    }
    throw Problem(offset: begin, text: "an escape that is none")
  }

  private mutating func hexadecimal() -> UInt32? {
    guard bytes.count - offset >= 4 else { return nil }
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue else { return nil }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }
}
