import JanusModelFile
import JanusSystem

/// A size of the model and where it comes from, so that a mismatch can name both.
struct Dimension: Equatable, Sendable {
  let value: Int
  /// The configuration's key, or a rule in words.
  let source: String

  static func fixed(_ value: Int, _ source: String) -> Dimension {
    Dimension(value: value, source: source)
  }

  /// Sizes are bounded where they are read, so that products of a few cannot overflow.
  static func * (a: Dimension, b: Int) -> Dimension {
    Dimension(value: a.value * b, source: "\(a.source) × \(b)")
  }
}

/// An object of a configuration file, read with types, defaults and limits.
///
/// A key that is absent or null takes its default; without one it is an error.
struct ConfigSection {
  let file: String
  /// Where the object lies in the file: "", "text_config", "vision_config.params".
  let path: String
  let object: JSON.Object

  init(file: String, path: String = "", json: JSON) throws(ConversionError) {
    guard let object = json.object else {
      throw .data(file: file, problem: "\(path.isEmpty ? "" : path + ": ")expected an object")
    }
    self.file = file
    self.path = path
    self.object = object
  }

  func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private func value(_ key: String) -> JSON? { object[key] == .null ? nil : object[key] }

  func has(_ key: String) -> Bool { value(key) != nil }

  private func mismatch(_ key: String, expected: String) -> ConversionError {
    .data(
      file: file,
      problem: "\(name(key)): expected \(expected), found "
        + (value(key).map { shown($0.text) } ?? "nothing"))
  }

  private func read<Value>(
    _ key: String, default fallback: Value?, expected: String, _ convert: (JSON) -> Value?
  ) throws(ConversionError) -> Value {
    guard let json = value(key) else {
      guard let fallback else { throw mismatch(key, expected: expected) }
      return fallback
    }
    guard let converted = convert(json) else { throw mismatch(key, expected: expected) }
    return converted
  }

  func section(_ key: String) throws(ConversionError) -> ConfigSection {
    guard let json = value(key) else { throw mismatch(key, expected: "an object") }
    return try ConfigSection(file: file, path: name(key), json: json)
  }

  func integer(
    _ key: String, default fallback: Int? = nil, in range: ClosedRange<Int>
  ) throws(ConversionError) -> Int {
    try read(
      key, default: fallback,
      expected: range.count == 1
        ? "\(range.lowerBound)" : "an integer from \(range.lowerBound) to \(range.upperBound)"
    ) { json in json.integer.flatMap { range.contains($0) ? $0 : nil } }
  }

  /// A dimension that remembers its key.
  ///
  /// - Parameter limits: the key in the model file, which has the limits.
  func dimension(
    _ key: String, _ limits: IntegerKey, default fallback: Int? = nil
  ) throws(ConversionError) -> Dimension {
    let source = name(key) + (has(key) ? "" : ", absent, by default")
    let value = try integer(key, default: fallback, in: limits.range)
    return try checked(Dimension(value: value, source: source), limits)
  }

  /// A dimension that was computed or is a default, if it is within the limits.
  func checked(_ dimension: Dimension, _ limits: IntegerKey) throws(ConversionError) -> Dimension {
    let range = limits.range
    guard range.contains(dimension.value) else {
      throw .data(
        file: file,
        problem: "\(dimension.source) = \(dimension.value), expected \(range.lowerBound) to "
          + "\(range.upperBound)")
    }
    return dimension
  }

  func integers(
    _ key: String, _ limits: IntegersKey, default fallback: [Int]
  ) throws(ConversionError) -> (values: [Int], source: String) {
    let (range, count) = (limits.range, limits.count)
    let values = try read(
      key, default: fallback,
      expected: "\(count.lowerBound) to \(count.upperBound) integers from \(range.lowerBound) to "
        + "\(range.upperBound)"
    ) { json in
      let values = (json.array ?? []).compactMap(\.integer).filter(range.contains)
      return count.contains(values.count) && values.count == json.array?.count ? values : nil
    }
    return (values, name(key))
  }

  func number(
    _ key: String, _ limits: FloatKey, default fallback: Double? = nil
  ) throws(ConversionError) -> Double {
    try number(key, default: fallback, in: limits.range)
  }

  /// Feed-forward lengths of a vision tower as multiples of its embedding length.
  static let mlpRatios = 0.01...64

  func number(
    _ key: String, default fallback: Double? = nil, in range: ClosedRange<Double>
  ) throws(ConversionError) -> Double {
    try read(
      key, default: fallback, expected: "a number from \(range.lowerBound) to \(range.upperBound)"
    ) { json in json.double.flatMap { range.contains($0) ? $0 : nil } }
  }

  func numbers(_ key: String, _ limits: FloatsKey) throws(ConversionError) -> [Double] {
    let (range, count) = (limits.range, limits.count)
    return try read(
      key, default: nil,
      expected: "\(count) numbers from \(range.lowerBound) to \(range.upperBound)"
    ) { json in
      let values = (json.array ?? []).compactMap(\.double).filter(range.contains)
      return values.count == count && json.array?.count == count ? values : nil
    }
  }

  func string(_ key: String, default fallback: String? = nil) throws(ConversionError) -> String {
    try read(key, default: fallback, expected: "a string", \.string)
  }

  func bool(_ key: String, default fallback: Bool? = nil) throws(ConversionError) -> Bool {
    try read(key, default: fallback, expected: "true or false", \.bool)
  }

  /// Refuses a feature that is not computed here: where the key stands, it must have `value`.
  func demand(_ key: String, _ allowed: JSON...) throws(ConversionError) {
    guard let found = value(key), !allowed.contains(found) else { return }
    throw .data(
      file: file,
      problem: "\(name(key)) = \(shown(found.text)) is not supported, expected "
        + (allowed.isEmpty ? "none" : allowed.map(\.text).joined(separator: " or ")))
  }

  /// Two sizes that the network needs to be equal.
  func demandEqual(_ a: Dimension, _ b: Dimension) throws(ConversionError) {
    guard a.value == b.value else {
      throw .data(
        file: file, problem: "\(a.source) = \(a.value), expected \(b.value) as \(b.source)")
    }
  }

  /// A size that must be a multiple of another.
  func demandMultiple(_ a: Dimension, of b: Dimension) throws(ConversionError) {
    guard a.value.isMultiple(of: b.value) else {
      throw .data(
        file: file,
        problem: "\(a.source) = \(a.value), expected a multiple of \(b.value), \(b.source)")
    }
  }
}
