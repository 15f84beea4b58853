import JanusSystem

/// A JSON value; objects keep the order of their members.
enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  /// A number without fraction and exponent that fits.
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case object(Object)

  /// Members in the order of the text, found by their key in constant time. No key occurs twice.
  struct Object: Equatable, Sendable {
    private(set) var keys: [String] = []
    private(set) var values: [JSON] = []
    private var positions: [String: Int] = [:]

    var members: Zip2Sequence<[String], [JSON]> { zip(keys, values) }

    /// Whether the key was new.
    mutating func append(_ key: String, _ value: JSON) -> Bool {
      guard positions.updateValue(keys.count, forKey: key) == nil else { return false }
      keys.append(key)
      values.append(value)
      return true
    }

    subscript(key: String) -> JSON? { positions[key].map { values[$0] } }

    /// The order of the members does not matter.
    static func == (a: Object, b: Object) -> Bool {
      a.keys.count == b.keys.count && a.members.allSatisfy { key, value in b[key] == value }
    }
  }

  var object: Object? {
    if case .object(let object) = self { object } else { nil }
  }

  var array: [JSON]? {
    if case .array(let array) = self { array } else { nil }
  }

  var string: String? {
    if case .string(let string) = self { string } else { nil }
  }

  var bool: Bool? {
    if case .bool(let bool) = self { bool } else { nil }
  }

  /// An integer, also when it is written as 2.0.
  var integer: Int? {
    switch self {
    case .integer(let integer): integer
    case .number(let number): Int(exactly: number)
    default: nil
    }
  }

  var double: Double? {
    switch self {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    default: nil
    }
  }

  /// The value as compact JSON text.
  var text: String {
    switch self {
    case .null: "null"
    case .bool(let bool): bool ? "true" : "false"
    case .integer(let integer): "\(integer)"
    case .number(let number): "\(number)"
    case .string(let string): Self.quoted(string)
    case .array(let array): "[\(array.map(\.text).joined(separator: ","))]"
    case .object(let object):
      "{\(object.members.map { "\(Self.quoted($0)):\($1.text)" }.joined(separator: ","))}"
    }
  }

  private static func quoted(_ string: String) -> String {
    var quoted = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
