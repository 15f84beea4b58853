import JanusSystem

/// The types of GGUF's metadata values, by their numbers in the file.
enum MetadataType: UInt32 {
  case uint8 = 0
  case int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

  /// Bytes of one value; `nil` where that differs from value to value.
  var byteCount: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string, .array: nil
    }
  }

  var isInteger: Bool {
    switch self {
    case .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: true
    case .float32, .float64, .bool, .string, .array: false
    }
  }
}

/// The version of GGUF itself.
enum GGUFVersion {
  static let current: UInt32 = 3
}

/// GGUF's number formats of tensors, by their numbers in the file: the four that are used here.
enum StorageType: UInt32 {
  case f32 = 0
  case q8Rows = 8
  case i8 = 24
  case bf16 = 30
}
