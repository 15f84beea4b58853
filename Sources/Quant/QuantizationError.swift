/// How far decoded weights are from the originals.
public struct QuantizationError: Sendable {
  private var errorSquares = 0.0
  private var originalSquares = 0.0
  private var decodedSquares = 0.0
  private var products = 0.0

  public init() {}

  /// Counts more weights.
  public mutating func accumulate(
    original: UnsafeBufferPointer<Float>, decoded: UnsafeBufferPointer<Float>
  ) {
    precondition(original.count == decoded.count)
    for i in 0..<original.count {
      let (x, y) = (Double(original[i]), Double(decoded[i]))
      errorSquares += (x - y) * (x - y)
      originalSquares += x * x
      decodedSquares += y * y
      products += x * y
    }
  }

  /// Counts the weights that `other` has counted.
  public mutating func combine(_ other: QuantizationError) {
    errorSquares += other.errorSquares
    originalSquares += other.originalSquares
    decodedSquares += other.decodedSquares
    products += other.products
  }

  /// Root of the mean squared error, relative to the root mean square of the originals.
  public var relativeRMSE: Double {
    originalSquares > 0 ? (errorSquares / originalSquares).squareRoot() : 0
  }

  /// Cosine of the angle between originals and decoded weights, seen as vectors.
  public var cosine: Double {
    let norms = (originalSquares * decodedSquares).squareRoot()
    return norms > 0 ? products / norms : 1
  }
}
