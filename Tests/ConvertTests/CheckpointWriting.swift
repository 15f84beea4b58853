import JanusSystem

/// A tensor of a checkpoint that a test writes.
struct TestTensor {
  var name: String
  var shape: [Int]
  var values: [Float]

  /// bfloat16 as the bytes of a file; the tests' values are exact in it.
  var bytes: [UInt8] {
    values.flatMap { value in
      let bits = UInt16(value.bitPattern >> 16)
      return [UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8)]
    }
  }
}

func littleEndian<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// The bytes of a safetensors file.
func safetensors(header: String, data: [UInt8]) -> [UInt8] {
  littleEndian(UInt64(header.utf8.count)) + Array(header.utf8) + data
}

func safetensors(_ tensors: [TestTensor]) -> [UInt8] {
  var data: [UInt8] = []
  var entries = [#""__metadata__":{"format":"pt"}"#]
  for tensor in tensors {
    let begin = data.count
    data += tensor.bytes
    entries.append(
      #""\#(tensor.name)":{"dtype":"BF16","shape":\#(tensor.shape),"#
        + #""data_offsets":[\#(begin),\#(data.count)]}"#)
  }
  return safetensors(header: "{\(entries.joined(separator: ","))}", data: data)
}

/// The bytes of a zip of stored entries.
func zip(_ entries: [(name: String, data: [UInt8])]) -> [UInt8] {
  var file: [UInt8] = []
  var directory: [UInt8] = []
  for (name, data) in entries {
    let sizes =
      littleEndian(UInt32(0)) + littleEndian(UInt32(data.count)) + littleEndian(UInt32(data.count))
    let begin = file.count
    file += [0x50, 0x4b, 3, 4] + [UInt8](repeating: 0, count: 10) + sizes
    file +=
      littleEndian(UInt16(name.utf8.count)) + littleEndian(UInt16(0)) + Array(name.utf8) + data
    directory += [0x50, 0x4b, 1, 2] + [UInt8](repeating: 0, count: 12) + sizes
    directory += littleEndian(UInt16(name.utf8.count)) + [UInt8](repeating: 0, count: 12)
    directory += littleEndian(UInt32(begin)) + Array(name.utf8)
  }
  let count = littleEndian(UInt16(entries.count))
  return file + directory + [0x50, 0x4b, 5, 6, 0, 0, 0, 0] + count + count
    + littleEndian(UInt32(directory.count)) + littleEndian(UInt32(file.count)) + [0, 0]
}

/// The parts of a pickle as `torch.save` writes them.
enum Pickle {
  static func text(_ text: String) -> [UInt8] {
    [0x58] + littleEndian(UInt32(text.utf8.count)) + Array(text.utf8)
  }

  static func global(_ module: String, _ name: String) -> [UInt8] {
    [0x63] + Array("\(module)\n\(name)\n".utf8)
  }

  static func integer(_ value: Int) -> [UInt8] {
    Int32(exactly: value).map { [0x4a] + littleEndian($0) }
      ?? [0x8a, 8] + littleEndian(Int64(value))
  }

  static func tuple(_ items: [[UInt8]]) -> [UInt8] { [0x28] + items.flatMap { $0 } + [0x74] }

  static func tensor(
    key: String, count: Int, offset: Int = 0, size: [Int], stride: [Int],
    storage: String = "BFloat16Storage"
  ) -> [UInt8] {
    let identifier =
      tuple([
        text("storage"), global("torch", storage), text(key), text("cpu"), integer(count),
      ]) + [0x51]
    return global("torch._utils", "_rebuild_tensor_v2")
      + tuple([
        identifier, integer(offset), tuple(size.map(integer)), tuple(stride.map(integer)), [0x89],
        global("collections", "OrderedDict") + [0x29, 0x52],
      ]) + [0x52]
  }

  /// A dictionary as a whole pickle.
  static func document(_ members: [(name: String, value: [UInt8])]) -> [UInt8] {
    [0x80, 2, 0x7d, 0x28] + members.flatMap { text($0.name) + $0.value } + [0x75, 0x2e]
  }
}

/// The bytes of a file of `torch.save`.
func torchArchive(_ tensors: [TestTensor], folder: String = "archive") -> [UInt8] {
  let members = tensors.enumerated().map { index, tensor in
    var strides = [Int](repeating: 1, count: tensor.shape.count)
    for dimension in tensor.shape.indices.dropLast().reversed() {
      strides[dimension] = strides[dimension + 1] * tensor.shape[dimension + 1]
    }
    return (
      tensor.name,
      Pickle.tensor(
        key: "\(index)", count: tensor.values.count, size: tensor.shape, stride: strides)
    )
  }
  let storages = tensors.enumerated().map { ("\(folder)/data/\($0)", $1.bytes) }
  return zip([("\(folder)/data.pkl", Pickle.document(members))] + storages)
}

/// An archive of one hand-written pickle and two storages, "0" and "1", of six numbers each.
func torchArchive(pickle: [UInt8]) -> [UInt8] {
  let storage = TestTensor(name: "", shape: [6], values: [0, 1, 2, 3, 4, 5]).bytes
  return zip([("a/data.pkl", pickle), ("a/data/0", storage), ("a/data/1", storage)])
}
