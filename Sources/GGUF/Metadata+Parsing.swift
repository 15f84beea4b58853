import JanusSystem

extension Metadata {
  /// Reads `count` pairs: types, lengths and names are checked; values are not copied.
  init(
    file: MappedFile, count: Int, reader: inout ByteReader
  ) throws(ContainerError.Problem) {
    var entries: [String: Entry] = [:]
    var keys: [String] = []
    // Not reserved from `count`: that number is from outside.
    for index in 0..<count {
      let key = try reader.name(limit: Limits.keyBytes, "metadata key \(index)")
      let entry = try Self.entry(key: key, reader: &reader)
      guard entries.updateValue(entry, forKey: key) == nil else {
        throw .duplicate(part: "metadata key", name: key)
      }
      keys.append(key)
    }
    self.file = file
    self.entries = entries
    self.keys = keys
  }

  private static func entry(
    key: String, reader: inout ByteReader
  ) throws(ContainerError.Problem) -> Entry {
    let part = "metadata key '\(key)'"
    let type = try self.type(reader: &reader, part)
    if let size = type.byteCount {
      let begin = try reader.skip(size, part)
      try checkBools(type, reader.bytes[begin..<begin + size], part)
      return Entry(
        type: type, elementType: nil, count: 1, range: begin..<begin + size, elementOffsets: [])
    }
    guard type == .array else {
      let range = try reader.stringRange(limit: Limits.stringBytes, part)
      return Entry(type: type, elementType: nil, count: 1, range: range, elementOffsets: [])
    }
    return try array(reader: &reader, part)
  }

  private static func array(
    reader: inout ByteReader, _ part: String
  ) throws(ContainerError.Problem) -> Entry {
    let elementType = try type(reader: &reader, "elements of \(part)")
    guard elementType != .array else {
      throw .invalid(part: part, expected: "an array of numbers or strings", found: "nested arrays")
    }
    let count = try reader.count(limit: Limits.arrayCount, "elements of \(part)")
    if let size = elementType.byteCount {
      let begin = try reader.skip(count * size, part)
      let range = begin..<begin + count * size
      try checkBools(elementType, reader.bytes[range], part)
      return Entry(
        type: .array, elementType: elementType, count: count, range: range, elementOffsets: [])
    }
    let begin = reader.offset
    // Every element takes at least 8 bytes, so a false count is found before memory is allocated.
    guard count <= (reader.bytes.count - begin) / 8 else {
      throw .truncated(
        part: part, offset: begin, needed: count * 8, available: reader.bytes.count - begin)
    }
    var offsets: [UInt32] = []
    offsets.reserveCapacity(count)
    for _ in 0..<count {
      offsets.append(
        UInt32(try reader.stringRange(limit: Limits.stringBytes, part).lowerBound))
    }
    return Entry(
      type: .array, elementType: .string, count: count, range: begin..<reader.offset,
      elementOffsets: offsets)
  }

  private static func type(
    reader: inout ByteReader, _ part: String
  ) throws(ContainerError.Problem) -> MetadataType {
    let number = try reader.integer(UInt32.self, "type of \(part)")
    guard let type = MetadataType(rawValue: number) else {
      throw .invalid(part: "type of \(part)", expected: "0 to 12", found: "\(number)")
    }
    return type
  }

  private static func checkBools(
    _ type: MetadataType, _ bytes: Slice<UnsafeRawBufferPointer>, _ part: String
  ) throws(ContainerError.Problem) {
    guard type == .bool, let wrong = bytes.first(where: { $0 > 1 }) else { return }
    throw .invalid(part: part, expected: "a bool of 0 or 1", found: "\(wrong)")
  }
}
