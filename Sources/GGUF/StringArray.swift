import JanusSystem

/// An array of strings of a container, decoded one by one when they are read.
public struct StringArray: Sendable {
  /// The metadata key, for messages.
  public let key: String
  let file: MappedFile
  /// Where each element's bytes begin; the eight bytes before are its length, already checked.
  let offsets: [UInt32]

  public var count: Int { offsets.count }
  public var indices: Range<Int> { offsets.indices }

  /// The bytes of an element, valid while the container lives. They may not be UTF-8.
  public func bytes(_ index: Int) -> UnsafeRawBufferPointer {
    let begin = Int(offsets[index])
    let count = file.bytes.loadUnaligned(fromByteOffset: begin - 8, as: UInt64.self)
    return UnsafeRawBufferPointer(
      rebasing: file.bytes[begin..<begin + Int(UInt64(littleEndian: count))])
  }

  /// An element, which must be UTF-8.
  public func string(_ index: Int) throws(ContainerError) -> String {
    guard let text = String(validating: bytes(index), as: UTF8.self) else {
      throw ContainerError(
        path: file.path,
        problem: .invalid(
          part: "metadata key '\(key)[\(index)]'", expected: "UTF-8", found: "other bytes"))
    }
    return text
  }

  /// All elements, each of which must be UTF-8.
  public func strings() throws(ContainerError) -> [String] {
    var strings: [String] = []
    strings.reserveCapacity(count)
    for index in indices { strings.append(try string(index)) }
    return strings
  }
}
