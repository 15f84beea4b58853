import JanusSystem

/// A tensor as GGUF itself describes it, before it is joined with the `janus.tensors` arrays.
struct TensorInfo {
  let name: String
  /// Innermost first.
  let dimensions: [UInt64]
  let type: StorageType
  /// From the beginning of the data section.
  let offset: UInt64

  init(index: Int, reader: inout ByteReader) throws(ContainerError.Problem) {
    name = try reader.name(limit: Limits.tensorNameBytes, "name of tensor \(index)")
    let part = "tensor '\(name)'"
    let count = try reader.integer(UInt32.self, "dimension count of \(part)")
    guard (1...UInt32(Limits.dimensionCount)).contains(count) else {
      throw .invalid(
        part: "dimension count of \(part)", expected: "1 to \(Limits.dimensionCount)",
        found: "\(count)")
    }
    var dimensions: [UInt64] = []
    for _ in 0..<count {
      dimensions.append(try reader.integer(UInt64.self, "dimensions of \(part)"))
    }
    self.dimensions = dimensions
    let number = try reader.integer(UInt32.self, "type of \(part)")
    guard let type = StorageType(rawValue: number) else {
      throw .invalid(
        part: "type of \(part)", expected: "0 (F32), 8 (Q8_0), 24 (I8) or 30 (BF16)",
        found: "\(number)")
    }
    self.type = type
    offset = try reader.integer(UInt64.self, "offset of \(part)")
  }
}
