import JanusSystem

/// Writes a model file: first everything about it, then the bytes of its tensors.
///
/// The bytes of a tensor come in pieces, in order; different tensors may be written from different
/// threads at once. The file is written under another name beside its place and gets its own name
/// in `finish()`. A writer that is cancelled or freed before that leaves nothing. The header is
/// written last, so that even the file under the other name cannot be taken for a model.
public final class ContainerWriter: Sendable {
  /// A tensor that the file will hold.
  public struct Tensor: Sendable {
    public let name: String
    public let layout: TensorLayout

    public init(name: String, layout: TensorLayout) {
      self.name = name
      self.layout = layout
    }
  }

  public static let alignment = 64

  public let path: String
  /// Bytes of the finished file.
  public let byteCount: Int
  private let metadata: [(key: String, value: MetadataValue)]
  private let tensors: [Tensor]
  private let sinks: [TensorSink]
  private let output: PartialFile

  /// Creates the file.
  ///
  /// `metadata` is written in its order, after the keys that the writer adds itself:
  /// `general.architecture`, `general.alignment`, `janus.format_version` and `janus.tensors.*`.
  /// Names and values that a reader would refuse are refused here.
  public init(
    path: String, metadata: [(key: String, value: MetadataValue)], tensors: [Tensor]
  ) throws(ContainerError) {
    self.path = path
    self.metadata = metadata
    self.tensors = tensors
    let (offsets, byteCount) = try Self.places(path: path, metadata: metadata, tensors: tensors)
    sinks = zip(tensors, offsets).map { TensorSink(offset: $1, count: $0.layout.byteCount) }
    self.byteCount = byteCount
    do throws(FileError) {
      output = try PartialFile(destination: path, byteCount: byteCount)
    } catch {
      throw ContainerError(path: path, problem: .file(error))
    }
  }

  /// Where each tensor will lie, and the size of the file, before it is made.
  public static func places(
    path: String, metadata: [(key: String, value: MetadataValue)], tensors: [Tensor]
  ) throws(ContainerError) -> (offsets: [Int], byteCount: Int) {
    let placeholders = Array(repeating: String(repeating: "0", count: 64), count: tensors.count)
    do throws(ContainerError.Problem) {
      try check(metadata, tensors)
      let header = header(metadata, tensors, checksums: placeholders)
      guard header.count <= Limits.headerBytes else {
        throw .limit(
          part: "header bytes", limit: Limits.headerBytes, found: UInt64(header.count))
      }
      var end = aligned(header.count, to: alignment)
      var offsets: [Int] = []
      for tensor in tensors {
        guard tensor.layout.byteCount < 1 << 61 - end else {
          throw .invalid(
            part: "tensor '\(tensor.name)'", expected: "a file below 2^61 bytes",
            found: "\(tensor.layout.byteCount) bytes more")
        }
        offsets.append(end)
        end = aligned(end + tensor.layout.byteCount, to: alignment)
      }
      return (offsets, end)
    } catch {
      throw ContainerError(path: path, problem: error)
    }
  }

  /// Writes the next bytes of the tensor with this index in the list of tensors.
  ///
  /// Safe from any thread. Appending more bytes than the tensor has is a caller's mistake.
  public func append(
    _ bytes: UnsafeRawBufferPointer, to tensor: Int
  ) throws(ContainerError) {
    do throws(FileError) {
      try sinks[tensor].append(bytes, to: output)
    } catch {
      throw ContainerError(path: path, problem: .file(error))
    }
  }

  /// Writes the header and gives the file its name. Every tensor must be complete.
  public func finish() throws(ContainerError) {
    let header = Self.header(metadata, tensors, checksums: sinks.map { $0.checksum() })
    do throws(FileError) {
      try output.write(header, at: 0)
      try output.commit()
    } catch {
      throw ContainerError(path: path, problem: .file(error))
    }
  }

  /// Removes what has been written. Nothing may be appended after.
  public func cancel() { output.discard() }
}

extension ContainerWriter {
  private static func header(
    _ metadata: [(key: String, value: MetadataValue)], _ tensors: [Tensor], checksums: [String]
  ) -> [UInt8] {
    let pairs: [(key: String, value: MetadataValue)] =
      [
        (ContainerKey.architecture, .string("janus")),
        (ContainerKey.alignment, .uint32(UInt32(alignment))),
        (
          ContainerKey.formatVersion,
          .uint32(UInt32(tensors.map(\.layout.format.formatVersion).max() ?? 1))
        ),
      ] + metadata + [
        (ContainerKey.tensorNames, .strings(tensors.map(\.name))),
        (ContainerKey.tensorFormats, .strings(tensors.map(\.layout.format.rawValue))),
        (ContainerKey.tensorShapes, .strings(tensors.map(\.layout.shapeText))),
        (ContainerKey.tensorChecksums, .strings(checksums)),
      ]
    var header = HeaderEncoder()
    header.appendRaw("GGUF")
    header.append(GGUFVersion.current)
    header.append(UInt64(tensors.count))
    header.append(UInt64(pairs.count))
    for pair in pairs { header.append(key: pair.key, pair.value) }
    var offset = 0
    for tensor in tensors {
      let dimensions = tensor.layout.dimensions
      header.append(tensor.name)
      header.append(UInt32(dimensions.count))
      for dimension in dimensions { header.append(dimension) }
      header.append(tensor.layout.storageType.rawValue)
      header.append(UInt64(offset))
      offset = aligned(offset &+ tensor.layout.byteCount, to: alignment)
    }
    return header.bytes
  }

  /// Throws for what `Container` would refuse.
  private static func check(
    _ metadata: [(key: String, value: MetadataValue)], _ tensors: [Tensor]
  ) throws(ContainerError.Problem) {
    func within(_ limit: Int, _ found: Int, _ part: String) throws(ContainerError.Problem) {
      if found > limit { throw .limit(part: part, limit: limit, found: UInt64(found)) }
    }
    func checkName(_ name: String, limit: Int, _ part: String) throws(ContainerError.Problem) {
      try within(limit, name.utf8.count, "length of \(part) '\(printable(name))'")
      guard !name.isEmpty, name.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
        throw .invalid(part: part, expected: "printable ASCII", found: "'\(printable(name))'")
      }
    }
    try within(Limits.tensorCount, tensors.count, "tensor count")
    try within(Limits.metadataCount - ContainerKey.all.count, metadata.count, "metadata count")
    var names: Set<String> = []
    for tensor in tensors {
      try checkName(tensor.name, limit: Limits.tensorNameBytes, "tensor name")
      guard names.insert(tensor.name).inserted else {
        throw .duplicate(part: "tensor", name: tensor.name)
      }
    }
    var keys = Set(ContainerKey.all)
    for (key, value) in metadata {
      try checkName(key, limit: Limits.keyBytes, "metadata key")
      guard keys.insert(key).inserted else { throw .duplicate(part: "metadata key", name: key) }
      let part = "metadata key '\(key)'"
      switch value {
      case .string(let text):
        try within(Limits.stringBytes, text.utf8.count, "length of \(part)")
      case .strings(let texts):
        try within(Limits.arrayCount, texts.count, "elements of \(part)")
        for text in texts { try within(Limits.stringBytes, text.utf8.count, "length of \(part)") }
      case .int8s(let values): try within(Limits.arrayCount, values.count, "elements of \(part)")
      case .uint32s(let values): try within(Limits.arrayCount, values.count, "elements of \(part)")
      case .int32s(let values): try within(Limits.arrayCount, values.count, "elements of \(part)")
      case .float32s(let values): try within(Limits.arrayCount, values.count, "elements of \(part)")
      case .bool, .uint32, .int32, .float32, .float64: break
      }
    }
  }
}

/// Where one tensor's bytes go.
private final class TensorSink: Sendable {
  private struct State {
    var written = 0
    var digest = Digest(.sha256)
  }

  private let offset: Int
  private let count: Int
  private let state: Locked<State>

  init(offset: Int, count: Int) {
    self.offset = offset
    self.count = count
    state = Locked(State())
  }

  func append(_ bytes: UnsafeRawBufferPointer, to output: PartialFile) throws(FileError) {
    try state.withLock { (state) throws(FileError) in
      precondition(bytes.count <= count - state.written, "more bytes than the tensor has")
      try output.write(bytes, at: offset + state.written)
      state.digest.update(bytes)
      state.written += bytes.count
    }
  }

  func checksum() -> String {
    state.withLock { state in
      precondition(state.written == count, "the tensor is not complete")
      return Digest.hexadecimal(state.digest.finalize())
    }
  }
}
