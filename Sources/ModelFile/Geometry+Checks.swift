/// Dimensions, each within its limits, that no model can have together.
package struct Contradiction: Equatable, Sendable {
  package let subject: Extent
  package let expected: Phrase
}

extension Geometry {
  /// The first contradiction; nil where the runtime can compute with all dimensions.
  package var contradiction: Contradiction? {
    language.contradiction ?? vision.contradiction ?? painting?.contradiction
  }

  /// Pixels on a side of a picture that is painted.
  static let largestPainting = 4_096
  /// Channels of a map of the VQ decoder.
  static let mostChannels = 65_536
}

extension LanguageGeometry {
  fileprivate var contradiction: Contradiction? {
    multiple(
      Extent(headCount, .headCount), of: Extent(keyValueHeadCount, .keyValueHeadCount))
      ?? multiple(Extent(headDim, .headDim), of: Extent(2, "for rotary embeddings"))
  }
}

extension VisionGeometry {
  fileprivate var contradiction: Contradiction? {
    multiple(Extent(imageSize, .visionImageSize), of: Extent(patchSize, .visionPatchSize))
      ?? multiple(
        Extent(embeddingLength, .visionEmbeddingLength), of: Extent(headCount, .visionHeadCount))
  }
}

extension PaintingGeometry {
  fileprivate var contradiction: Contradiction? {
    let groups = Extent(normGroups, .vqNormGroups)
    for channels in channels {
      if let found = multiple(channels, of: groups) { return found }
      if let found = most(channels, Geometry.mostChannels) { return found }
    }
    return most(
      Extent(
        imageSize, "the side of a painted picture, \(.paintingGridSize) doubled for each resolution"
      ), Geometry.largestPainting)
  }
}

private func multiple(_ a: Extent, of b: Extent) -> Contradiction? {
  a.value.isMultiple(of: b.value)
    ? nil : Contradiction(subject: a, expected: "a multiple of \(b.value), \(b.meaning)")
}

private func most(_ a: Extent, _ limit: Int) -> Contradiction? {
  a.value <= limit ? nil : Contradiction(subject: a, expected: "at most \(limit)")
}
