import GGUF
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

  /// Notes on what was found and chosen, one line each.
  public let notes: [String]
  /// Warnings, one line each.
  public let warnings: [String]
  let tensors: [PlannedTensor]
  let metadata: [(key: String, value: MetadataValue)]
  let threads: Int

  /// Opens the checkpoint in a folder.
  ///
  /// - Parameters:
  ///   - source: the folder.
  ///   - overrides: formats other than the recipe's; the last that matches a tensor counts.
  ///   - includePainting: whether what only painting needs goes into the file.
  ///   - threads: threads that encode; all cores by default.
  ///   - converter: the program and version that the file names as its writer.
  public init(
    source: String, quantization: Quantization = .int4, overrides: [TensorOverride] = [],
    includePainting: Bool = true, threads: Int? = nil, converter: String = "janus-lite"
  ) throws(ConversionError) {
    precondition(threads.map { $0 > 0 } ?? true, "at least one thread")
    let checkpoint = try Checkpoint(folder: source, painting: includePainting)
    let recipe = Recipe(quantization: quantization, overrides: overrides)
    let formats = try recipe.formats(of: checkpoint.tensors.map(\.spec))
    var tensors: [PlannedTensor] = []
    for (tensor, format) in zip(checkpoint.tensors, formats) {
      tensors.append(try PlannedTensor(tensor.spec, from: tensor.stored, format: format))
    }
    self.tensors = tensors
    metadata = try ModelMetadata.pairs(
      checkpoint, quantization: quantization, converter: converter)
    notes = checkpoint.notes
    warnings = checkpoint.warnings
    self.threads = threads ?? Self.coreCount
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
