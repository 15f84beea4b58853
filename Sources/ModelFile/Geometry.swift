import GGUF

/// The dimensions of the language model.
package struct LanguageGeometry: Sendable, Equatable {
  package let layerCount: Int
  package let embeddingLength: Int
  package let feedForwardLength: Int
  package let headCount: Int
  package let keyValueHeadCount: Int
  package let headDim: Int
  package let vocabularySize: Int
  /// Positions that the model was made for.
  package let contextLength: Int
  package let normEpsilon: Float
  package let ropeTheta: Float
}

/// The dimensions of the vision tower.
package struct VisionGeometry: Sendable, Equatable {
  /// Side of the square picture in pixels.
  package let imageSize: Int
  package let patchSize: Int
  package let embeddingLength: Int
  package let feedForwardLength: Int
  package let layerCount: Int
  package let headCount: Int
  package let normEpsilon: Float
  /// Linear layers of the aligner.
  package let alignerDepth: Int

  /// Patches of a picture, each one position of the language model.
  package var patchCount: Int { (imageSize / patchSize) * (imageSize / patchSize) }
}

/// The dimensions of the painting parts.
package struct PaintingGeometry: Sendable, Equatable {
  /// Codes of the codebook.
  package let codeCount: Int
  /// Values of a code's entry.
  package let codeLength: Int
  /// Side of the picture in codes.
  package let gridSize: Int
  /// Linear layers of the code aligner.
  package let alignerDepth: Int
  package let latentChannels: Int
  package let baseChannels: Int
  /// Channels of each resolution as multiples of `baseChannels`, finest first.
  package let channelMultipliers: [Int]
  package let residualBlocks: Int
  package let outputChannels: Int
  package let normGroups: Int
  package let normEpsilon: Float

  /// Codes of a picture.
  package var codesPerPicture: Int { gridSize * gridSize }
  /// Side of the picture in pixels.
  package var imageSize: Int { gridSize << (channelMultipliers.count - 1) }
}
