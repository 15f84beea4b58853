import JanusModelFile

/// The dimensions that a configuration states, by their keys in the model file, each with the place
/// that it was read from.
struct ConfiguredDimensions: Sendable {
  private var dimensions: [IntegerKey: Dimension] = [:]
  private var lists: [IntegersKey: (values: [Int], source: String)] = [:]
  private var numbers: [FloatKey: Double] = [:]

  subscript(key: IntegerKey) -> Dimension {
    get { Self.stated(dimensions[key], key) }
    set { dimensions[key] = newValue }
  }

  subscript(key: FloatKey) -> Double {
    get { Self.stated(numbers[key], key) }
    set { numbers[key] = newValue }
  }

  subscript(key: IntegersKey) -> (values: [Int], source: String) {
    get { Self.stated(lists[key], key) }
    set { lists[key] = newValue }
  }

  /// Readers of configurations state every dimension before anybody takes it.
  private static func stated<Value>(_ value: Value?, _ key: some MetadataKey) -> Value {
    guard let value else { preconditionFailure("no configuration gives \(key.name)") }
    return value
  }

  /// A phrase about dimensions with the places that they come from.
  func text(_ phrase: Phrase) -> String {
    phrase.text { name in
      dimensions.first { $0.key.name == name }?.value.source
        ?? lists.first { $0.key.name == name }?.value.source ?? name
    }
  }
}

extension ConfiguredDimensions: DimensionSource {
  func integer(_ key: IntegerKey) -> Int { self[key].value }
  func integers(_ key: IntegersKey) -> [Int] { self[key].values }
  func float(_ key: FloatKey) -> Float { Float(self[key]) }
}
