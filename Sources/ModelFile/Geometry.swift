/// Where the dimensions of a model come from: a model file, or a checkpoint's configuration.
///
/// Every number is within the limits of its key.
package protocol DimensionSource {
  associatedtype Failure: Error

  func integer(_ key: IntegerKey) throws(Failure) -> Int
  func integers(_ key: IntegersKey) throws(Failure) -> [Int]
  func float(_ key: FloatKey) throws(Failure) -> Float
}

/// All dimensions of a model.
package struct Geometry: Sendable, Equatable {
  package let language: LanguageGeometry
  package let vision: VisionGeometry
  /// Nil where the painting parts are left out.
  package let painting: PaintingGeometry?

  /// - Parameter painting: whether the model has the painting parts.
  package init<Source: DimensionSource>(
    _ source: Source, painting: Bool
  ) throws(Source.Failure) {
    language = try LanguageGeometry(source)
    vision = try VisionGeometry(source)
    self.painting = painting ? try PaintingGeometry(source) : nil
  }
}

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

  init<Source: DimensionSource>(_ source: Source) throws(Source.Failure) {
    layerCount = try source.integer(.blockCount)
    embeddingLength = try source.integer(.embeddingLength)
    feedForwardLength = try source.integer(.feedForwardLength)
    headCount = try source.integer(.headCount)
    keyValueHeadCount = try source.integer(.keyValueHeadCount)
    headDim = try source.integer(.headDim)
    vocabularySize = try source.integer(.vocabularySize)
    contextLength = try source.integer(.contextLength)
    normEpsilon = try source.float(.normEpsilon)
    ropeTheta = try source.float(.ropeTheta)
  }
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

  init<Source: DimensionSource>(_ source: Source) throws(Source.Failure) {
    imageSize = try source.integer(.visionImageSize)
    patchSize = try source.integer(.visionPatchSize)
    embeddingLength = try source.integer(.visionEmbeddingLength)
    feedForwardLength = try source.integer(.visionFeedForwardLength)
    layerCount = try source.integer(.visionBlockCount)
    headCount = try source.integer(.visionHeadCount)
    normEpsilon = try source.float(.visionNormEpsilon)
    alignerDepth = try source.integer(.visionAlignerDepth)
  }

  /// Patches on a side of the picture.
  package var gridSize: Int { imageSize / patchSize }
  /// Patches of a picture, each one position of the language model.
  package var patchCount: Int { gridSize * gridSize }
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

  init<Source: DimensionSource>(_ source: Source) throws(Source.Failure) {
    codeCount = try source.integer(.paintingCodeCount)
    codeLength = try source.integer(.paintingCodeLength)
    gridSize = try source.integer(.paintingGridSize)
    alignerDepth = try source.integer(.paintingAlignerDepth)
    latentChannels = try source.integer(.vqLatentChannels)
    baseChannels = try source.integer(.vqBaseChannels)
    channelMultipliers = try source.integers(.vqChannelMultipliers)
    residualBlocks = try source.integer(.vqResidualBlocks)
    outputChannels = try source.integer(.vqOutputChannels)
    normGroups = try source.integer(.vqNormGroups)
    normEpsilon = try source.float(.vqNormEpsilon)
  }

  /// Codes of a picture.
  package var codesPerPicture: Int { gridSize * gridSize }
  /// Side of the picture in pixels.
  package var imageSize: Int { gridSize << (channelMultipliers.count - 1) }

  /// Channels of each resolution, finest first.
  var channels: [Extent] {
    channelMultipliers.enumerated().map { index, multiplier in
      Extent(
        baseChannels * multiplier, "\(.vqBaseChannels) × \(list: .vqChannelMultipliers)[\(index)]")
    }
  }
}
