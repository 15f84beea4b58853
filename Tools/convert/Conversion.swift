import Foundation
import GGUF
import JanusModelFile
import JanusSystem
import Quant

/// A checkpoint that is being converted to a model file.
///
/// Opening it reads and checks everything but the weights: names, shapes, sizes, configuration and
/// vocabulary. Writing streams the weights in pieces of a few megabytes over all cores, so that
/// memory does not grow with the model.
public struct Conversion: Sendable {
  /// How far a conversion has come.
  public struct Progress: Sendable {
    /// Bytes of the output that are written.
    public let bytesDone: Int
    public let bytesTotal: Int
    /// The tensor at hand, by its name in the file.
    public let tensor: String
  }

  /// Where a checkpoint was downloaded from.
  public struct Origin: Sendable {
    /// The address of the repository's page.
    public let repository: String
    /// 40 hexadecimal digits.
    public let commit: String

    public init(repository: String, commit: String) {
      (self.repository, self.commit) = (repository, commit)
    }

    /// The keys of the file.
    public static let keys = (
      repository: StringKey.sourceRepository.name, commit: StringKey.sourceCommit.name
    )
  }

  /// Notes on what was found and chosen, one line each.
  public let notes: [String]
  /// Warnings, one line each.
  public let warnings: [String]
  let tensors: [PlannedTensor]
  let metadata: [(key: String, value: MetadataValue)]
  /// Threads that encode.
  public let threads: Int

  /// Opens a checkpoint.
  ///
  /// - Parameters:
  ///   - source: its folder, one file of its weights, an archive of the folder that is not packed, or
  ///     a folder of a hub's cache.
  ///   - base: a checkpoint that lends the configuration files that `source` lacks. Where `source` is
  ///     an adapter alone, the one that it is merged into.
  ///   - adapter: the folder of a LoRA adapter of PEFT that is merged into the weights.
  ///   - overrides: formats other than the recipe's; the last that matches a tensor counts.
  ///   - includePainting: whether what only painting needs goes into the file.
  ///   - threads: threads that encode; all cores by default.
  ///   - origin: where it was downloaded from, for the file to say it.
  ///   - converter: the program and version that the file names as its writer.
  public init(
    source: String, base: String? = nil, adapter: String? = nil,
    quantization: Quantization = .int4, overrides: [TensorOverride] = [],
    includePainting: Bool = true, threads: Int? = nil, origin: Origin? = nil,
    converter: String = "janus-lite"
  ) throws(ConversionError) {
    try self.init(
      source: source, base: base, adapter: adapter, quantization: quantization,
      overrides: overrides, includePainting: includePainting, importance: nil, threads: threads,
      origin: origin, converter: converter)
  }

  /// - Parameter importance: what each column of the weights is multiplied by, as it was measured on this model;
  ///   nil takes the file `importance.gguf` of the checkpoint, where it has one, and else rounds each weight by itself.
  package init(
    source: String, base: String? = nil, adapter: String? = nil,
    quantization: Quantization = .int4, overrides: [TensorOverride] = [],
    includePainting: Bool = true, importance: Importance?, threads: Int? = nil,
    origin: Origin? = nil, converter: String = "janus-lite"
  ) throws(ConversionError) {
    precondition(threads.map { $0 > 0 } ?? true, "at least one thread")
    try Self.checkMemory(for: source)
    let parts = try Self.parts(source, base: base, adapter: adapter)
    let checkpoint = try Checkpoint(
      folder: parts.folder, base: parts.base, adapter: parts.adapter, painting: includePainting)
    let recipe = Recipe(quantization: quantization, overrides: overrides)
    let formats = try recipe.formats(of: checkpoint.tensors.map(\.spec))
    var tensors: [PlannedTensor] = []
    for (tensor, format) in zip(checkpoint.tensors, formats) {
      tensors.append(try PlannedTensor(tensor.spec, from: tensor.stored, format: format))
    }
    var remarks = (notes: [String](), warnings: [String]())
    if let importance {
      try Self.round(&tensors, by: importance, of: checkpoint)
    } else if formats.contains(where: \.isInt4), let path = checkpoint.folder.importanceFile {
      do {
        try Self.round(&tensors, by: Importance(path: path), of: checkpoint)
        remarks.notes.append("rounded by what was measured of it, in importance.gguf")
      } catch {
        // Nobody asked for it.
        remarks.warnings.append("importance.gguf is not used: \(error)")
      }
    }
    self.tensors = tensors
    let source = origin.map { origin in
      [
        (key: Origin.keys.repository, value: MetadataValue.string(origin.repository)),
        (key: Origin.keys.commit, value: .string(origin.commit)),
      ]
    }
    metadata =
      try ModelMetadata.pairs(
        checkpoint.folder, checkpoint.geometry, quantization: quantization, converter: converter)
      + (source ?? [])
    notes = checkpoint.notes + remarks.notes + Self.notes(of: metadata)
    try Self.checkGrowth(of: tensors)
    warnings = checkpoint.warnings + remarks.warnings
    self.threads = threads ?? Self.coreCount
  }

  private static func round(
    _ tensors: inout [PlannedTensor], by importance: Importance, of checkpoint: Checkpoint
  ) throws(ConversionError) {
    let model = try checkpoint.fingerprint()
    var rounded = tensors
    do throws(ImportanceError) {
      try importance.check(model: model)
      for index in rounded.indices { try rounded[index].round(by: importance) }
    } catch {
      throw .importance(error)
    }
    tensors = rounded
  }

  /// An adapter alone and its base are a base and an adapter.
  private static func parts(
    _ source: String, base: String?, adapter: String?
  ) throws(ConversionError) -> (folder: String, base: String?, adapter: String?) {
    guard let base, adapter == nil else { return (source, base, adapter) }
    let location = try? CheckpointLocation(source)
    let isAdapter =
      location?.weights == nil
      && location?.tree.files.contains(where: ForeignFolder.adapterFiles.contains) == true
    return isAdapter ? (base, nil, source) : (source, base, nil)
  }

  private static func notes(of metadata: [(key: String, value: MetadataValue)]) -> [String] {
    let isFirst = metadata.contains { $0.key == "janus.prompt.user" && $0.value == .string("User") }
    return isFirst ? ["prompts of the first generation, Janus-1.3B: 'User' and 'Assistant'"] : []
  }

  /// Views can make much of few bytes: what a checkpoint becomes is bounded by what it is.
  private static func checkGrowth(of tensors: [PlannedTensor]) throws(ConversionError) {
    var files: [String: Int] = [:]
    for tensor in tensors { files[tensor.stored.file.path] = tensor.stored.file.count }
    let source = files.values.reduce(0) { $0.addingReportingOverflow($1).partialValue }
    let result = tensors.reduce(0) { $0.addingReportingOverflow($1.layout.byteCount).partialValue }
    guard result > 0, source > 0, result / CheckpointLimits.growth < source else {
      throw .data(
        file: tensors.first?.stored.file.path ?? "",
        problem: "its \(source) bytes would become \(result), expected at most "
          + "\(CheckpointLimits.growth) times as many: tensors of overlapping elements")
    }
  }

  /// Texts and tables become Swift's arrays and strings, to which memory must not be refused.
  private static func checkMemory(for path: String) throws(ConversionError) {
    guard (try? AvailableMemory.check()) != nil else {
      throw .file(FileError(path: path, operation: "allocate memory for", code: ENOMEM))
    }
  }

  /// A disk that is too full shows before it is filled.
  private static func checkRoom(for byteCount: Int, at path: String) throws(ConversionError) {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard
      let free = try? FileManager.default.attributesOfFileSystem(forPath: folder)[
        .systemFreeSize] as? NSNumber, free.intValue < byteCount
    else { return }
    throw .file(
      FileError(
        path: path, operation: "find \(byteCount) free bytes (\(free.intValue) are) for",
        code: ENOSPC))
  }

  /// Bytes of all tensors in the output.
  public var byteCount: Int { tensors.reduce(0) { $0 + $1.layout.byteCount } }

  /// Writes the model file. Its name exists only once it is whole; nothing is left on failure.
  ///
  /// - Parameters:
  ///   - measuringErrors: whether every tensor is decoded again, to report what its format costs.
  ///   - progress: called on this thread after each piece; false stops with `cancelled`.
  public func write(
    to path: String, measuringErrors: Bool = false,
    progress: (Progress) -> Bool = { _ in true }
  ) throws(ConversionError) -> ConversionReport {
    try Self.checkRoom(for: byteCount, at: path)
    try Self.checkMemory(for: path)
    let writer: ContainerWriter
    do throws(ContainerError) {
      writer = try ContainerWriter(
        path: path, metadata: metadata,
        tensors: tensors.map { .init(name: $0.spec.name, layout: $0.layout) })
    } catch {
      throw ConversionError(error)
    }
    do throws(ConversionError) {
      let errors = try stream(to: writer, measuringErrors: measuringErrors, progress: progress)
      do throws(ContainerError) {
        try writer.finish()
      } catch {
        throw ConversionError(error)
      }
      return ConversionReport(self, path: path, fileBytes: writer.byteCount, errors: errors)
    } catch {
      writer.cancel()
      throw error
    }
  }

  /// Encodes on other threads, hashes and writes on this one, in order.
  private func stream(
    to writer: ContainerWriter, measuringErrors: Bool, progress: (Progress) -> Bool
  ) throws(ConversionError) -> [QuantizationError] {
    let tensors = self.tensors
    let pieces = tensors.indices.flatMap { index in
      tensors[index].pieces.map { (tensor: index, rows: $0) }
    }
    let queue = PieceQueue(count: pieces.count, window: 2 * threads) { index in
      let piece = pieces[index]
      return Result { () throws(ConversionError) in
        try tensors[piece.tensor].encode(piece.rows, measuringError: measuringErrors)
      }
    }
    queue.start(threads: threads)
    defer { queue.stop() }

    let total = byteCount
    var done = 0
    var errors = [QuantizationError](repeating: QuantizationError(), count: tensors.count)
    for piece in pieces {
      let encoded = try queue.next().get()
      do throws(ContainerError) {
        try writer.append(UnsafeRawBufferPointer(encoded.bytes), to: piece.tensor)
      } catch {
        throw ConversionError(error)
      }
      done += encoded.bytes.count
      if let error = encoded.error { errors[piece.tensor].combine(error) }
      let name = tensors[piece.tensor].spec.name
      guard progress(Progress(bytesDone: done, bytesTotal: total, tensor: name)) else {
        throw .cancelled
      }
    }
    return errors
  }
}

extension ConversionError {
  /// A failure of the output.
  init(_ error: ContainerError) {
    switch error.problem {
    case .file(let error): self = .file(error)
    default: self = .data(file: error.path, problem: "\(error.problem)")
    }
  }
}
