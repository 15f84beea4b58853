import Foundation
import GGUF
import JanusModelFile

/// Dimensions that a test states, each by its key.
struct Dimensions: DimensionSource {
  /// A small model whose dimensions differ wherever they can, so that no two can be mistaken.
  var integers: [IntegerKey: Int] = [
    .blockCount: 3, .embeddingLength: 96, .feedForwardLength: 160, .headCount: 6,
    .keyValueHeadCount: 2, .headDim: 10, .vocabularySize: 777, .contextLength: 1_234,
    .visionImageSize: 70, .visionPatchSize: 14, .visionEmbeddingLength: 88,
    .visionFeedForwardLength: 104, .visionBlockCount: 2, .visionHeadCount: 11,
    .visionAlignerDepth: 4, .paintingCodeCount: 300, .paintingCodeLength: 7, .paintingGridSize: 9,
    .paintingAlignerDepth: 5, .vqLatentChannels: 48, .vqBaseChannels: 32, .vqResidualBlocks: 1,
    .vqOutputChannels: 3, .vqNormGroups: 16,
  ]
  var multipliers = [1, 1, 3]
  var floats: [FloatKey: Float] = [
    .normEpsilon: 1e-12, .ropeTheta: 50_000, .visionNormEpsilon: 1e-5, .vqNormEpsilon: 1,
  ]

  func integer(_ key: IntegerKey) -> Int { integers[key]! }
  func integers(_ key: IntegersKey) -> [Int] { multipliers }
  func float(_ key: FloatKey) -> Float { floats[key]! }

  func geometry(painting: Bool = true) -> Geometry { Geometry(self, painting: painting) }
}

extension Geometry {
  /// The pairs of a model file that say it.
  var pairs: MetadataPairs {
    var pairs = MetadataPairs()
    pairs.append(language)
    pairs.append(vision)
    pairs.append(painting)
    return pairs
  }
}

/// A file without tensors, open; its name is gone by then.
func container(_ pairs: [(key: String, value: MetadataValue)]) throws -> Container {
  let path = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString).gguf"
  let writer = try ContainerWriter(path: path, metadata: pairs, tensors: [])
  try writer.finish()
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try Container(path: path)
}
