import JanusSystem

/// The members of an object from outside, read with their types and limits.
///
/// `null` counts as missing, as OpenAI's clients use it. Members that nobody asks for are ignored.
package struct Fields {
  let object: JSONObject
  let path: String

  init(_ object: JSONObject, path: String = "") {
    self.object = object
    self.path = path
  }

  init(_ value: JSONValue, path: String = "") throws(APIError) {
    guard case .object(let object) = value else {
      throw .field(path.isEmpty ? "body" : path, expected: "an object", found: value.typeName)
    }
    self.init(object, path: path)
  }

  func path(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  subscript(name: String) -> JSONValue? {
    guard let value = object[name], value != .null else { return nil }
    return value
  }

  func string(_ name: String, most: Int = 1 << 20) throws(APIError) -> String? {
    guard let value = self[name] else { return nil }
    guard case .string(let text) = value else {
      throw .field(path(name), expected: "a string", found: value.typeName)
    }
    guard text.utf8.count <= most else {
      throw .field(
        path(name), expected: "at most \(most) bytes", found: "\(text.utf8.count)")
    }
    return text
  }

  func bool(_ name: String) throws(APIError) -> Bool? {
    guard let value = self[name] else { return nil }
    guard case .bool(let flag) = value else {
      throw .field(path(name), expected: "a boolean", found: value.typeName)
    }
    return flag
  }

  func integer(_ name: String, _ range: ClosedRange<Int>) throws(APIError) -> Int? {
    guard let value = self[name] else { return nil }
    let number: Int
    switch value {
    case .integer(let value): number = value
    // 1.0 is an integer to JSON schema, and to clients that know one kind of number.
    case .real(let value) where Int(exactly: value) != nil: number = Int(exactly: value)!
    default: throw .field(path(name), expected: "an integer", found: value.typeName)
    }
    guard range.contains(number) else {
      let expected =
        range.upperBound == .max
        ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
      throw .field(path(name), expected: expected, found: "\(number)")
    }
    return number
  }

  func number(_ name: String, _ range: ClosedRange<Double>) throws(APIError) -> Double? {
    guard let value = self[name] else { return nil }
    let number: Double
    switch value {
    case .integer(let value): number = Double(value)
    case .real(let value): number = value
    default: throw .field(path(name), expected: "a number", found: value.typeName)
    }
    guard range.contains(number) else {
      throw .field(
        path(name), expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(number)")
    }
    return number
  }

  func choice(_ name: String, of allowed: [String]) throws(APIError) -> String? {
    guard let text = try string(name) else { return nil }
    guard allowed.contains(text) else {
      throw .field(
        path(name), expected: "one of \(allowed.joined(separator: ", "))", found: quoted(text))
    }
    return text
  }

  func array(_ name: String, most: Int) throws(APIError) -> [JSONValue]? {
    guard let value = self[name] else { return nil }
    guard case .array(let values) = value else {
      throw .field(path(name), expected: "an array", found: value.typeName)
    }
    guard values.count <= most else {
      throw .field(path(name), expected: "at most \(most) items", found: "\(values.count)")
    }
    return values
  }

  func fields(_ name: String) throws(APIError) -> Fields? {
    guard let value = self[name] else { return nil }
    return try Fields(value, path: path(name))
  }
}

/// Words from outside as a message quotes them: short, on one line.
func quoted(_ text: String) -> String { "'\(DisplayText.line(text, limit: 60))'" }
