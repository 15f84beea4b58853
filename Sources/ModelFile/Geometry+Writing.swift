import GGUF

extension MetadataPairs {
  package mutating func append(_ l: LanguageGeometry) {
    append(.blockCount, l.layerCount)
    append(.contextLength, l.contextLength)
    append(.embeddingLength, l.embeddingLength)
    append(.feedForwardLength, l.feedForwardLength)
    append(.vocabularySize, l.vocabularySize)
    append(.headCount, l.headCount)
    append(.keyValueHeadCount, l.keyValueHeadCount)
    append(.headDim, l.headDim)
    append(.normEpsilon, l.normEpsilon)
    append(.ropeTheta, l.ropeTheta)
  }

  package mutating func append(_ v: VisionGeometry) {
    append(.visionImageSize, v.imageSize)
    append(.visionPatchSize, v.patchSize)
    append(.visionEmbeddingLength, v.embeddingLength)
    append(.visionFeedForwardLength, v.feedForwardLength)
    append(.visionBlockCount, v.layerCount)
    append(.visionHeadCount, v.headCount)
    append(.visionNormEpsilon, v.normEpsilon)
    append(.visionAlignerDepth, v.alignerDepth)
  }

  /// Nil says that the file has no painting parts.
  package mutating func append(_ painting: PaintingGeometry?) {
    append(.painting, painting != nil)
    guard let p = painting else { return }
    append(.paintingCodeCount, p.codeCount)
    append(.paintingCodeLength, p.codeLength)
    append(.paintingGridSize, p.gridSize)
    append(.paintingAlignerDepth, p.alignerDepth)
    append(.vqLatentChannels, p.latentChannels)
    append(.vqBaseChannels, p.baseChannels)
    append(.vqChannelMultipliers, p.channelMultipliers)
    append(.vqResidualBlocks, p.residualBlocks)
    append(.vqOutputChannels, p.outputChannels)
    append(.vqNormGroups, p.normGroups)
    append(.vqNormEpsilon, p.normEpsilon)
  }
}
