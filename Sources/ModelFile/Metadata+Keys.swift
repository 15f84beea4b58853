import GGUF

/// Reading by key: a value's type and its limits are checked.
extension Metadata {
  package func contains(_ key: some MetadataKey) -> Bool { contains(key.name) }

  package func integer(_ key: IntegerKey) throws(ContainerError) -> Int {
    try integer(key.name, in: key.range)
  }

  package func integers(_ key: IntegersKey) throws(ContainerError) -> [Int] {
    let values = try integers(key.name, in: key.range)
    guard key.count.contains(values.count) else {
      throw wrongCount(key, expected: key.count, found: values.count)
    }
    return values
  }

  /// In double precision, as a f64 is stored.
  package func double(_ key: FloatKey) throws(ContainerError) -> Double {
    let value = try double(key.name)
    guard key.range.holds(value, storedAs: key.element) else {
      throw invalid(key.name, expected: key.range.inWords, found: "\(value)")
    }
    return value
  }

  package func float(_ key: FloatKey) throws(ContainerError) -> Float { Float(try double(key)) }

  package func floats(_ key: FloatsKey) throws(ContainerError) -> [Float] {
    let values = try floats(key.name)
    guard values.count == key.count else {
      throw wrongCount(key, expected: key.count...key.count, found: values.count)
    }
    for (index, value) in values.enumerated()
    where !key.range.holds(Double(value), storedAs: .float32) {
      throw invalid("\(key.name)[\(index)]", expected: key.range.inWords, found: "\(value)")
    }
    return values
  }

  package func bool(_ key: BoolKey) throws(ContainerError) -> Bool { try bool(key.name) }

  package func string(_ key: StringKey) throws(ContainerError) -> String { try string(key.name) }

  package func strings(_ key: StringsKey) throws(ContainerError) -> StringArray {
    try strings(key.name)
  }

  private func wrongCount(
    _ key: some MetadataKey, expected: ClosedRange<Int>, found: Int
  ) -> ContainerError {
    let numbers = expected.count == 1 ? "\(expected.lowerBound)" : expected.inWords
    return invalid(key.name, expected: numbers + " numbers", found: "\(found)")
  }
}

extension ClosedRange {
  fileprivate var inWords: String { "\(lowerBound) to \(upperBound)" }
}

extension ClosedRange<Double> {
  /// Whether a number as it is stored is within the range: a bound that is rounded to single
  /// precision belongs to it.
  fileprivate func holds(_ value: Double, storedAs element: FloatKey.Element) -> Bool {
    switch element {
    case .float64: contains(value)
    case .float32: (Float(lowerBound)...Float(upperBound)).contains(Float(value))
    }
  }
}

/// The metadata pairs of a file to be written, in order.
///
/// A value outside of its key's limits is a fault of the program. Numbers from outside are checked
/// with the same keys before.
package struct MetadataPairs: Sendable {
  package private(set) var pairs: [(key: String, value: MetadataValue)] = []

  package init() {}

  package mutating func append(_ key: IntegerKey, _ value: Int) {
    precondition(key.range.contains(value), "\(key.name) = \(value) is outside of its limits")
    pairs.append((key.name, .uint32(UInt32(value))))
  }

  package mutating func append(_ key: IntegersKey, _ values: [Int]) {
    precondition(
      key.count.contains(values.count) && values.allSatisfy(key.range.contains),
      "\(key.name) = \(values) is outside of its limits")
    let value: MetadataValue =
      switch key.element {
      case .int8: .int8s(values.map { Int8($0) })
      case .int32: .int32s(values.map { Int32($0) })
      case .uint32: .uint32s(values.map { UInt32($0) })
      }
    pairs.append((key.name, value))
  }

  package mutating func append(_ key: FloatKey, _ value: Double) {
    precondition(
      key.range.holds(value, storedAs: key.element),
      "\(key.name) = \(value) is outside of its limits")
    pairs.append(
      (key.name, key.element == .float64 ? .float64(value) : .float32(Float(value))))
  }

  package mutating func append(_ key: FloatKey, _ value: Float) { append(key, Double(value)) }

  package mutating func append(_ key: FloatsKey, _ values: [Double]) {
    precondition(
      values.count == key.count
        && values.allSatisfy { key.range.holds($0, storedAs: .float32) },
      "\(key.name) = \(values) is outside of its limits")
    pairs.append((key.name, .float32s(values.map { Float($0) })))
  }

  package mutating func append(_ key: BoolKey, _ value: Bool) {
    pairs.append((key.name, .bool(value)))
  }

  package mutating func append(_ key: StringKey, _ value: String) {
    pairs.append((key.name, .string(value)))
  }

  package mutating func append(_ key: StringsKey, _ values: [String]) {
    pairs.append((key.name, .strings(values)))
  }
}
