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

/// The dimensions of the painting parts.
public struct PaintingGeometry: Sendable, Equatable {
  /// Codes of the codebook.
  public let codeCount: Int
  /// Values of a code's entry.
  public let codeLength: Int
  /// Side of the picture in codes.
  public let gridSize: Int
  /// Linear layers of the code aligner.
  public let alignerDepth: Int
  public let latentChannels: Int
  public let baseChannels: Int
  /// Channels of each resolution as multiples of `baseChannels`, finest first.
  public let channelMultipliers: [Int]
  public let residualBlocks: Int
  public let outputChannels: Int
  public let normGroups: Int
  public let normEpsilon: Float

  /// Codes of a picture.
  public var codesPerPicture: Int { gridSize * gridSize }
  /// Side of the picture in pixels.
  public var imageSize: Int { gridSize << (channelMultipliers.count - 1) }
}
