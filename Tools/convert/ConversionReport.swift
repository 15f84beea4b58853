import JanusSystem
import Quant

/// What a conversion has written.
public struct ConversionReport: Sendable {
  public struct Tensor: Sendable {
    /// In the file.
    public let name: String
    /// In the checkpoint.
    public let source: String
    public let format: ElementFormat
    /// Outermost first.
    public let shape: [Int]
    public let byteCount: Int
    /// What the format costs; `nil` where it was not measured.
    public let error: QuantizationError?
  }

  public let path: String
  /// Bytes of the whole file.
  public let byteCount: Int
  public let tensors: [Tensor]
  public let notes: [String]
  public let warnings: [String]

  init(_ conversion: Conversion, path: String, fileBytes: Int, errors: [QuantizationError]?) {
    self.path = path
    byteCount = fileBytes
    notes = conversion.notes
    warnings = conversion.warnings
    tensors = conversion.tensors.enumerated().map { index, tensor in
      Tensor(
        name: tensor.spec.name, source: tensor.stored.name, format: tensor.layout.format,
        shape: tensor.layout.shape, byteCount: tensor.layout.byteCount, error: errors?[index])
    }
  }
}
