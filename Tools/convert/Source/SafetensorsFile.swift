import JanusSystem

/// A safetensors file: eight bytes of length, a JSON header, the tensors' bytes.
///
/// Checked as the format demands: the header within its limit and beginning with `{`, no name
/// twice, sizes equal to shapes, and tensors that cover the data section without gap or overlap.
/// Format: https://github.com/huggingface/safetensors#format
struct SafetensorsFile {
  let path: String
  let tensors: [StoredTensor]

  /// Bytes of one element of every format that the specification lists by whole bytes.
  private static let elementBytes: [String: Int] = [
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "U16": 2, "I16": 2,
    "F16": 2, "BF16": 2, "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8, "C64": 8,
  ]
  private static let elements: [String: SourceElement] = [
    "F32": .f32, "F16": .f16, "BF16": .bf16,
  ]

  init(path: String) throws(ConversionError) { try self.init(file: SourceFile(path: path)) }

  init(file: SourceFile) throws(ConversionError) {
    let path = file.path
    func problem(_ text: String) -> ConversionError { .data(file: path, problem: text) }

    guard file.count >= 8 else {
      throw problem("truncated: expected at least 8 bytes of safetensors, found \(file.count)")
    }
    let lengthBytes = try file.bytes(0..<8)
    let length = lengthBytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(CheckpointLimits.safetensorsHeaderBytes) else {
      if let text = try file.text() {
        throw problem("expected weights, found the text '\(text)'")
      }
      throw problem(
        "header length: expected at most \(CheckpointLimits.safetensorsHeaderBytes) bytes, found "
          + "\(length); is this a safetensors file?")
    }
    let dataBegin = 8 + Int(length)
    guard dataBegin <= file.count else {
      throw problem("truncated: the header ends at \(dataBegin), the file at \(file.count)")
    }
    let headerBytes = try file.bytes(8..<dataBegin)
    guard headerBytes.first == UInt8(ascii: "{") else {
      throw problem("expected a header that begins with '{'; is this a safetensors file?")
    }
    let header: JSON
    do throws(JSONParser.Problem) {
      header = try JSONParser.parse(headerBytes)
    } catch {
      throw problem("header: \(error)")
    }

    var entries: [(begin: Int, end: Int, tensor: StoredTensor)] = []
    for (name, value) in (header.object ?? JSON.Object()).members where name != "__metadata__" {
      guard entries.count < CheckpointLimits.tensorCount else {
        throw problem("more than \(CheckpointLimits.tensorCount) tensors")
      }
      entries.append(try Self.entry(name, value, file: file, dataBegin: dataBegin))
    }
    entries.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
    var end = 0
    for entry in entries {
      guard entry.begin == end else {
        throw problem(
          "tensor '\(shown(entry.tensor.name))': expected to begin at byte \(end) of the data, "
            + "where the one before ends, found \(entry.begin)")
      }
      end = entry.end
    }
    guard end == file.count - dataBegin else {
      throw problem(
        "\(end > file.count - dataBegin ? "truncated" : "data behind the last tensor"): the "
          + "tensors need \(end) bytes, found \(file.count - dataBegin)")
    }
    self.path = path
    tensors = entries.map(\.tensor)
  }

  private static func entry(
    _ name: String, _ value: JSON, file: SourceFile, dataBegin: Int
  ) throws(ConversionError) -> (begin: Int, end: Int, tensor: StoredTensor) {
    func problem(_ text: String) -> ConversionError {
      .data(file: file.path, problem: "tensor '\(shown(name))': \(text)")
    }
    guard name.utf8.count <= CheckpointLimits.nameBytes else {
      throw problem("the name is too long")
    }
    guard let dtype = value.object?["dtype"]?.string,
      let shapeValues = value.object?["shape"]?.array,
      let offsets = value.object?["data_offsets"]?.array, offsets.count == 2,
      let begin = offsets[0].integer, let end = offsets[1].integer
    else { throw problem("expected dtype, shape and two data_offsets") }
    guard let elementBytes = elementBytes[dtype] else {
      throw problem("unknown dtype '\(shown(dtype))', expected F32, F16 or BF16")
    }
    let shape = shapeValues.compactMap(\.integer)
    guard shape.count == shapeValues.count, shape.count <= CheckpointLimits.rank,
      shape.allSatisfy({ $0 >= 0 })
    else {
      throw problem(
        "expected a shape of at most \(CheckpointLimits.rank) sizes, found "
          + shown(value.object?["shape"]?.text ?? ""))
    }
    // A size of 0 must not hide that the others overflow where strides are computed.
    guard let largest = checkedProduct(shape.map { max($0, 1) } + [elementBytes]) else {
      throw problem("the shape \(shown(shape)) is too large")
    }
    let byteCount = shape.contains(0) ? 0 : largest
    guard begin >= 0, end >= begin, end - begin == byteCount else {
      throw problem(
        "\(dtype) of shape \(shown(shape)) needs \(byteCount) bytes, data_offsets are "
          + "[\(begin), \(end)]")
    }
    // One comparison on sizes that cannot overflow: the range must end inside the file.
    guard end <= file.count - dataBegin else {
      throw problem(
        "truncated: data_offsets end at \(end), the data at \(file.count - dataBegin)")
    }
    let tensor = StoredTensor(
      name: name, dtype: dtype, element: elements[dtype], shape: shape, file: file,
      byteOffset: dataBegin + begin)
    return (begin, end, tensor)
  }
}
