import JanusSystem

/// A metadata value to be written: the types that a Janus file uses.
public enum MetadataValue: Equatable, Sendable {
  case bool(Bool)
  case uint32(UInt32)
  case int32(Int32)
  case float32(Float)
  case float64(Double)
  case string(String)
  case int8s([Int8])
  case uint32s([UInt32])
  case int32s([Int32])
  case float32s([Float])
  case strings([String])
}

/// Collects the bytes of a header.
struct HeaderEncoder {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ text: String) {
    append(UInt64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  /// Text without its length: the magic.
  mutating func appendRaw(_ text: StaticString) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// A pair: key, type, value.
  mutating func append(key: String, _ value: MetadataValue) {
    append(key)
    switch value {
    case .bool(let value):
      append(type: .bool)
      append(UInt8(value ? 1 : 0))
    case .uint32(let value):
      append(type: .uint32)
      append(value)
    case .int32(let value):
      append(type: .int32)
      append(value)
    case .float32(let value):
      append(type: .float32)
      append(value.bitPattern)
    case .float64(let value):
      append(type: .float64)
      append(value.bitPattern)
    case .string(let value):
      append(type: .string)
      append(value)
    case .int8s(let values):
      append(array: .int8, count: values.count)
      for value in values { append(value) }
    case .uint32s(let values):
      append(array: .uint32, count: values.count)
      for value in values { append(value) }
    case .int32s(let values):
      append(array: .int32, count: values.count)
      for value in values { append(value) }
    case .float32s(let values):
      append(array: .float32, count: values.count)
      for value in values { append(value.bitPattern) }
    case .strings(let values):
      append(array: .string, count: values.count)
      for value in values { append(value) }
    }
  }

  private mutating func append(type: MetadataType) { append(type.rawValue) }

  private mutating func append(array type: MetadataType, count: Int) {
    append(type: .array)
    append(type: type)
    append(UInt64(count))
  }
}
