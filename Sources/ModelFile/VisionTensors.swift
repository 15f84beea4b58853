/// The tensors of the vision tower and its aligner.
package struct VisionTensors: Sendable {
  package struct Layer: Sendable {
    package let norm1: NormTensors
    package let query: LinearTensors
    package let key: LinearTensors
    package let value: LinearTensors
    package let attentionOutput: LinearTensors
    package let norm2: NormTensors
    package let up: LinearTensors
    package let down: LinearTensors

    init(_ index: Int, _ g: VisionGeometry) {
      let name = "\(TensorName.vision).blk.\(index)"
      let length = Extent(g.embeddingLength, .visionEmbeddingLength)
      let hidden = Extent(g.feedForwardLength, .visionFeedForwardLength)
      norm1 = NormTensors("\(name).ln1", length)
      query = LinearTensors("\(name).attn_q", length, length)
      key = LinearTensors("\(name).attn_k", length, length)
      value = LinearTensors("\(name).attn_v", length, length)
      attentionOutput = LinearTensors("\(name).attn_out", length, length)
      norm2 = NormTensors("\(name).ln2", length)
      up = LinearTensors("\(name).ffn_up", hidden, length)
      down = LinearTensors("\(name).ffn_down", length, hidden)
    }

    var all: [TensorSpec] {
      norm1.all + [query, key, value, attentionOutput].flatMap(\.all) + norm2.all + up.all
        + down.all
    }
  }

  /// The weight and bias of the patches' convolution; one whose patches do not overlap is a matrix.
  package let patchWeight: TensorSpec
  package let patchBias: TensorSpec
  package let positionEmbedding: TensorSpec
  package let layers: [Layer]
  package let postNorm: NormTensors
  package let aligner: [LinearTensors]

  /// - Parameter languageLength: the embedding length of the language model.
  package init(_ g: VisionGeometry, languageLength: Int) {
    let length = Extent(g.embeddingLength, .visionEmbeddingLength)
    let side = Extent(g.patchSize, .visionPatchSize)
    let colours = Extent(3, "the channels of a picture")
    let patches = Extent(g.patchCount, "(\(.visionImageSize) / \(.visionPatchSize))²")
    patchWeight = TensorSpec(
      "\(TensorName.vision).patch_embd.weight", .matrix, length, colours, side, side,
      storedShape: [length.value, colours.value * side.value * side.value])
    patchBias = TensorSpec("\(TensorName.vision).patch_embd.bias", .values, length)
    positionEmbedding = TensorSpec(
      "\(TensorName.vision).position_embd.weight", .values, patches, length)
    layers = (0..<g.layerCount).map { Layer($0, g) }
    postNorm = NormTensors("\(TensorName.vision).post_ln", length)
    aligner = LinearTensors.projector(
      TensorName.aligner, length, Extent(languageLength, .embeddingLength), depth: g.alignerDepth)
  }

  /// In the order of the file.
  var all: [TensorSpec] {
    [patchWeight, patchBias, positionEmbedding] + layers.flatMap(\.all) + postNorm.all
      + aligner.flatMap(\.all)
  }
}
