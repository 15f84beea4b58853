import GGUF

/// The dimensions of the language model.
public struct LanguageGeometry: Sendable, Equatable {
  public let layerCount: Int
  public let embeddingLength: Int
  public let feedForwardLength: Int
  public let headCount: Int
  public let keyValueHeadCount: Int
  public let headDim: Int
  public let vocabularySize: Int
  /// Positions that the model was made for.
  public let contextLength: Int
  public let normEpsilon: Float
  public let ropeTheta: Float
}

/// The dimensions of the vision tower.
public struct VisionGeometry: Sendable, Equatable {
  /// Side of the square picture in pixels.
  public let imageSize: Int
  public let patchSize: Int
  public let embeddingLength: Int
  public let feedForwardLength: Int
  public let layerCount: Int
  public let headCount: Int
  public let normEpsilon: Float
  /// Linear layers of the aligner.
  public let alignerDepth: Int

  /// Patches of a picture, each one position of the language model.
  public var patchCount: Int { (imageSize / patchSize) * (imageSize / patchSize) }
}
