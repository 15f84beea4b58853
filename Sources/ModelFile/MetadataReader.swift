import GGUF
import Quant

/// Reads the values of a model from its file's metadata.
package struct MetadataReader {
  package let container: Container

  package init(_ container: Container) { self.container = container }

  package func double(_ key: FloatKey) throws(ModelFileError) -> Double {
    try read { (m) throws(ContainerError) in try m.double(key) }
  }

  package func floats(_ key: FloatsKey) throws(ModelFileError) -> [Float] {
    try read { (m) throws(ContainerError) in try m.floats(key) }
  }

  package func bool(_ key: BoolKey) throws(ModelFileError) -> Bool {
    try read { (m) throws(ContainerError) in try m.bool(key) }
  }

  package func string(_ key: StringKey) throws(ModelFileError) -> String {
    try read { (m) throws(ContainerError) in try m.string(key) }
  }

  /// The values of the sixteen int4 nibbles.
  package func levels() throws(ModelFileError) -> Levels {
    let values = try integers(.levels)
    guard let levels = Levels(values.map { Int8($0) }) else {
      throw .geometry(
        file: container.file.path, key: IntegersKey.levels.name,
        expected: "16 numbers, ascending", found: "\(values)")
    }
    return levels
  }

  /// All dimensions, within the limits that the runtime can compute with, and without contradiction.
  package func geometry() throws(ModelFileError) -> Geometry {
    let paints = try bool(.painting)
    let geometry = try Geometry(self, painting: paints)
    if let contradiction = geometry.contradiction {
      throw .geometry(
        file: container.file.path, key: contradiction.subject.meaning.text(),
        expected: contradiction.expected.text(), found: "\(contradiction.subject.value)")
    }
    return geometry
  }

  private func read<Value>(
    _ body: (Metadata) throws(ContainerError) -> Value
  ) throws(ModelFileError) -> Value {
    do throws(ContainerError) {
      return try body(container.metadata)
    } catch {
      throw .container(error)
    }
  }
}

extension MetadataReader: DimensionSource {
  package func integer(_ key: IntegerKey) throws(ModelFileError) -> Int {
    try read { (m) throws(ContainerError) in try m.integer(key) }
  }

  package func integers(_ key: IntegersKey) throws(ModelFileError) -> [Int] {
    try read { (m) throws(ContainerError) in try m.integers(key) }
  }

  package func float(_ key: FloatKey) throws(ModelFileError) -> Float {
    try read { (m) throws(ContainerError) in try m.float(key) }
  }
}
