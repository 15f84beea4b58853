import JanusSystem
import Quant

/// A tensor of an open container: what it is, and where its bytes lie.
public struct TensorRecord: Sendable {
  public let name: String
  public let layout: TensorLayout
  /// The bytes of the file that are the tensor's.
  public let range: Range<Int>
  /// SHA-256 of those bytes when they were written, as 64 lower-case hexadecimal digits.
  public let sha256: String

  public var format: ElementFormat { layout.format }
  /// Logical shape, outermost dimension first.
  public var shape: [Int] { layout.shape }
}
