import JanusSystem
import Quant

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An open model file: metadata, and tensors whose bytes are in memory in the order in which the
/// kernels read them.
///
/// Everything is checked here, once: after `init` no offset, shape, type or size can be wrong. The
/// values of keys are checked when they are read, by `Metadata`'s accessors. `docs/FORMAT.md` lists
/// the checks, byte by byte.
public final class Container: Sendable {
  /// The newest `janus.format_version` that this version reads. A file is written with the oldest that
  /// all its tensors are in.
  public static let formatVersion = 2

  public let file: MappedFile
  public let metadata: Metadata
  /// In the order of the file.
  public let tensors: [TensorRecord]
  private let indices: [String: Int]

  /// Opens and checks a file. It reads the header and no byte of the tensors.
  public init(path: String, access: MappedFile.Access = .mapped) throws(ContainerError) {
    do throws(FileError) {
      file = try MappedFile(path: path, access: access)
      // What the header says becomes Swift's arrays.
      guard (try? AvailableMemory.check()) != nil else {
        throw FileError(path: path, operation: "allocate memory for", code: ENOMEM)
      }
    } catch {
      throw ContainerError(path: path, problem: .file(error))
    }
    let parsed: (metadata: Metadata, tensors: [TensorRecord], indices: [String: Int])
    do throws(ContainerError.Problem) {
      parsed = try Self.parse(file)
    } catch {
      throw ContainerError(path: path, problem: error)
    }
    (metadata, tensors, indices) = parsed
  }

  /// The tensor of a name, or `nil`. Takes the same time for any number of tensors.
  public subscript(name: String) -> TensorRecord? { indices[name].map { tensors[$0] } }

  /// The tensor of a name; an error where there is none.
  public func tensor(_ name: String) throws(ContainerError) -> TensorRecord {
    guard let tensor = self[name] else {
      throw ContainerError(path: file.path, problem: .missingTensor(name))
    }
    return tensor
  }

  /// The bytes of one of this container's tensors, aligned to 64, valid while the container lives.
  public func bytes(of tensor: TensorRecord) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: file.bytes[tensor.range])
  }

  /// Compares the bytes of a tensor with the checksum that was written with them.
  public func verify(_ tensor: TensorRecord) throws(ContainerError) {
    var digest = Digest(.sha256)
    digest.update(bytes(of: tensor))
    let found = Digest.hexadecimal(digest.finalize())
    guard found == tensor.sha256 else {
      throw ContainerError(
        path: file.path,
        problem: .checksum(tensor: tensor.name, expected: tensor.sha256, found: found))
    }
  }
}

extension Container {
  private static func parse(
    _ file: MappedFile
  ) throws(ContainerError.Problem) -> (Metadata, [TensorRecord], [String: Int]) {
    guard file.bytes.prefix(4).elementsEqual("GGUF".utf8.prefix(file.count)) else {
      throw .notGGUF
    }
    var reader = ByteReader(file.bytes)
    _ = try reader.skip(4, "magic")
    let version = try reader.integer(UInt32.self, "version")
    guard version == GGUFVersion.current else { throw .ggufVersion(version) }
    let tensorCount = try reader.count(limit: Limits.tensorCount, "tensor count")
    let metadataCount = try reader.count(limit: Limits.metadataCount, "metadata count")

    let metadata = try Metadata(file: file, count: metadataCount, reader: &reader)
    let alignment = try problem { () throws(ContainerError) in try checkedAlignment(metadata) }

    var infos: [TensorInfo] = []
    for index in 0..<tensorCount {
      infos.append(try TensorInfo(index: index, reader: &reader))
    }
    let index = try problem { () throws(ContainerError) in
      try TensorIndex(metadata, count: tensorCount)
    }
    return try resolve(
      infos, index, dataOffset: aligned(reader.offset, to: alignment), alignment: alignment,
      metadata: metadata)
  }

  /// The alignment of a file whose architecture and format version are right.
  private static func checkedAlignment(_ metadata: Metadata) throws(ContainerError) -> Int {
    func fail(_ problem: ContainerError.Problem) -> ContainerError {
      ContainerError(path: metadata.file.path, problem: problem)
    }
    let architecture = try metadata.string(ContainerKey.architecture)
    guard architecture == "janus" else { throw fail(.architecture(found: architecture)) }
    let version = try metadata.integer(ContainerKey.formatVersion, in: 1...Int(UInt32.max))
    guard version <= formatVersion else {
      throw fail(.newerFormat(found: version, supported: formatVersion))
    }
    let alignment = try metadata.integer(ContainerKey.alignment, in: Limits.alignment)
    guard alignment.nonzeroBitCount == 1 else {
      throw fail(
        .invalid(
          part: "metadata key '\(ContainerKey.alignment)'", expected: "a power of two",
          found: "\(alignment)"))
    }
    return alignment
  }

  /// Joins GGUF's description of the tensors with ours. Both must agree. The tensors must fill the
  /// data section in order, with only padding between them.
  private static func resolve(
    _ infos: [TensorInfo], _ index: TensorIndex, dataOffset: Int, alignment: Int, metadata: Metadata
  ) throws(ContainerError.Problem) -> (Metadata, [TensorRecord], [String: Int]) {
    let fileSize = metadata.file.count
    let version = try problem { () throws(ContainerError) in
      try metadata.integer(ContainerKey.formatVersion, in: 1...formatVersion)
    }
    var tensors: [TensorRecord] = []
    var indices: [String: Int] = [:]
    var end = dataOffset
    for (position, info) in infos.enumerated() {
      let part = "tensor '\(info.name)'"
      guard index.names[position] == info.name else {
        throw .invalid(
          part: "metadata key 'janus.tensors.name[\(position)]'", expected: "'\(info.name)'",
          found: "'\(printable(index.names[position]))'")
      }
      let layout = try index.layout(position, part: part)
      guard layout.format.formatVersion <= version else {
        throw .invalid(
          part: "format of \(part)",
          expected: "one of \(ContainerKey.formatVersion) \(version), which the file has",
          found: "'\(layout.format.rawValue)' of \(layout.format.formatVersion)")
      }
      guard layout.storageType == info.type, layout.dimensions == info.dimensions else {
        throw .invalid(
          part: part,
          expected: "type \(layout.storageType.rawValue) with dimensions \(layout.dimensions) "
            + "for \(layout.format.rawValue) [\(layout.shapeText)]",
          found: "type \(info.type.rawValue) with dimensions \(info.dimensions)")
      }
      let begin = aligned(end, to: alignment)
      guard info.offset == UInt64(begin - dataOffset) else {
        throw .invalid(
          part: "offset of \(part)",
          expected: "\(begin - dataOffset), where the tensor before ends", found: "\(info.offset)")
      }
      guard begin <= fileSize, layout.byteCount <= fileSize - begin else {
        throw .truncated(
          part: part, offset: begin, needed: layout.byteCount,
          available: max(0, fileSize - begin))
      }
      end = begin + layout.byteCount
      guard indices.updateValue(position, forKey: info.name) == nil else {
        throw .duplicate(part: "tensor", name: info.name)
      }
      tensors.append(
        TensorRecord(
          name: info.name, layout: layout, range: begin..<end,
          sha256: try index.checksum(position, part: part)))
    }
    guard fileSize == aligned(end, to: alignment) else {
      if fileSize < aligned(end, to: alignment) {
        throw .truncated(
          part: "padding of the last tensor", offset: end,
          needed: aligned(end, to: alignment) - end,
          available: max(0, fileSize - end))
      }
      throw .invalid(
        part: "file size", expected: "\(aligned(end, to: alignment)) bytes, the end of the tensors",
        found: "\(fileSize)")
    }
    return (metadata, tensors, indices)
  }

  /// Removes the path from an error; the caller adds it again.
  private static func problem<Value>(
    _ body: () throws(ContainerError) -> Value
  ) throws(ContainerError.Problem) -> Value {
    do throws(ContainerError) { return try body() } catch { throw error.problem }
  }
}

/// The next multiple of `alignment`, a power of two. Offsets here are below 2^62, so that nothing
/// overflows.
func aligned(_ offset: Int, to alignment: Int) -> Int {
  (offset + alignment - 1) & ~(alignment - 1)
}
