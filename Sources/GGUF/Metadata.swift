import JanusSystem

/// The key–value pairs of a container, with typed access.
///
/// Types and lengths of all values are checked when the container opens; the elements of arrays are
/// decoded when they are read. An accessor throws an error that names the key, what was expected
/// and what was found.
public struct Metadata: Sendable {
  struct Entry {
    let type: MetadataType
    /// The elements' type, of an array.
    let elementType: MetadataType?
    let count: Int
    /// The value's place in the file, without its type, length or count.
    let range: Range<Int>
    /// For a string array: where each element's bytes begin, after its length.
    let elementOffsets: [UInt32]
  }

  typealias Problem = ContainerError.Problem

  let file: MappedFile
  let entries: [String: Entry]
  /// In the order of the file.
  public let keys: [String]

  public func contains(_ key: String) -> Bool { entries[key] != nil }

  /// An integer of any of GGUF's integer types.
  public func integer(
    _ key: String, in allowed: ClosedRange<Int> = 0...Int(UInt32.max)
  ) throws(ContainerError) -> Int {
    let entry = try entry(key, "an integer") { $0.type.isInteger }
    let value = rawInteger(entry.type, at: entry.range.lowerBound)
    guard let number = Int(exactly: value), allowed.contains(number) else {
      let expected = "\(allowed.lowerBound) to \(allowed.upperBound)"
      throw invalid(key, expected: expected, found: "\(value)")
    }
    return number
  }

  /// A finite number of either floating-point type.
  public func double(_ key: String) throws(ContainerError) -> Double {
    let entry = try entry(key, "a number") { $0.type == .float32 || $0.type == .float64 }
    let value = rawFloat(entry.type, at: entry.range.lowerBound)
    guard value.isFinite else {
      throw invalid(key, expected: "a finite number", found: "\(value)")
    }
    return value
  }

  /// A finite number of either floating-point type, rounded to single precision.
  public func float(_ key: String) throws(ContainerError) -> Float { Float(try double(key)) }

  public func bool(_ key: String) throws(ContainerError) -> Bool {
    let entry = try entry(key, "a bool") { $0.type == .bool }
    return file.bytes[entry.range.lowerBound] != 0
  }

  public func string(_ key: String) throws(ContainerError) -> String {
    let entry = try entry(key, "a string") { $0.type == .string }
    guard let text = String(validating: file.bytes[entry.range], as: UTF8.self) else {
      throw invalid(key, expected: "UTF-8", found: "other bytes")
    }
    return text
  }

  /// A string array, not yet decoded.
  public func strings(_ key: String) throws(ContainerError) -> StringArray {
    let entry = try entry(key, "an array of strings") { $0.elementType == .string }
    return StringArray(key: key, file: file, offsets: entry.elementOffsets)
  }

  /// An array of any of GGUF's integer types.
  public func integers(
    _ key: String, in allowed: ClosedRange<Int> = Int(Int32.min)...Int(UInt32.max)
  ) throws(ContainerError) -> [Int] {
    let entry = try entry(key, "an array of integers") { $0.elementType?.isInteger ?? false }
    guard let type = entry.elementType, let size = type.byteCount else { return [] }
    var values: [Int] = []
    values.reserveCapacity(entry.count)
    for index in 0..<entry.count {
      let value = rawInteger(type, at: entry.range.lowerBound + index * size)
      guard let number = Int(exactly: value), allowed.contains(number) else {
        let expected = "\(allowed.lowerBound) to \(allowed.upperBound)"
        throw invalid("\(key)[\(index)]", expected: expected, found: "\(value)")
      }
      values.append(number)
    }
    return values
  }

  /// An array of either floating-point type, all finite, rounded to single precision.
  public func floats(_ key: String) throws(ContainerError) -> [Float] {
    let entry = try entry(key, "an array of numbers") {
      $0.elementType == .float32 || $0.elementType == .float64
    }
    guard let type = entry.elementType, let size = type.byteCount else { return [] }
    var values: [Float] = []
    values.reserveCapacity(entry.count)
    for index in 0..<entry.count {
      let value = rawFloat(type, at: entry.range.lowerBound + index * size)
      guard value.isFinite else {
        throw invalid("\(key)[\(index)]", expected: "a finite number", found: "\(value)")
      }
      values.append(Float(value))
    }
    return values
  }

  /// The type of a value in words, `nil` for an absent key: "uint32", "array of 3 float32".
  public func typeDescription(_ key: String) -> String? { entries[key].map(Self.describe) }

  private static func describe(_ entry: Entry) -> String {
    guard let element = entry.elementType else { return "\(entry.type)" }
    return "array of \(entry.count) \(element)"
  }

  private func entry(
    _ key: String, _ expected: String, where matches: (Entry) -> Bool
  ) throws(ContainerError) -> Entry {
    guard let entry = entries[key] else {
      throw ContainerError(path: file.path, problem: .missingKey(key))
    }
    guard matches(entry) else {
      throw invalid(key, expected: expected, found: Self.describe(entry))
    }
    return entry
  }

  /// The error of a key whose value cannot be used.
  package func invalid(_ key: String, expected: String, found: String) -> ContainerError {
    ContainerError(
      path: file.path,
      problem: .invalid(part: "metadata key '\(key)'", expected: expected, found: found))
  }

  /// Wide enough for all of Int64 and UInt64, so that a message can show what was found.
  private func rawInteger(_ type: MetadataType, at offset: Int) -> Int128 {
    func load<Integer: FixedWidthInteger & BitwiseCopyable>(_ type: Integer.Type) -> Int128 {
      Int128(Integer(littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: type)))
    }
    return switch type {
    case .uint8: load(UInt8.self)
    case .int8: load(Int8.self)
    case .uint16: load(UInt16.self)
    case .int16: load(Int16.self)
    case .uint32: load(UInt32.self)
    case .int32: load(Int32.self)
    case .uint64: load(UInt64.self)
    case .int64: load(Int64.self)
    case .float32, .float64, .bool, .string, .array: preconditionFailure("not an integer type")
    }
  }

  private func rawFloat(_ type: MetadataType, at offset: Int) -> Double {
    let bytes = file.bytes
    if type == .float64 {
      let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      return Double(bitPattern: UInt64(littleEndian: bits))
    }
    let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    return Double(Float(bitPattern: UInt32(littleEndian: bits)))
  }
}
