/// The tensors of the language model, the text embeddings and the text head.
package struct LanguageTensors: Sendable {
  package struct Layer: Sendable {
    package let attentionNorm: TensorSpec
    package let query: TensorSpec
    package let key: TensorSpec
    package let value: TensorSpec
    package let attentionOutput: TensorSpec
    package let feedForwardNorm: TensorSpec
    package let gate: TensorSpec
    package let up: TensorSpec
    package let down: TensorSpec

    init(_ index: Int, _ g: LanguageGeometry) {
      let name = "\(TensorName.layer).\(index)"
      let length = Extent(g.embeddingLength, .embeddingLength)
      let hidden = Extent(g.feedForwardLength, .feedForwardLength)
      let dim = Extent(g.headDim, .headDim)
      let queries = Extent(g.headCount, .headCount) * dim
      let keys = Extent(g.keyValueHeadCount, .keyValueHeadCount) * dim
      attentionNorm = TensorSpec("\(name).attn_norm.weight", .values, length)
      query = TensorSpec("\(name).attn_q.weight", .matrix, queries, length)
      key = TensorSpec("\(name).attn_k.weight", .matrix, keys, length)
      value = TensorSpec("\(name).attn_v.weight", .matrix, keys, length)
      attentionOutput = TensorSpec("\(name).attn_output.weight", .matrix, length, queries)
      feedForwardNorm = TensorSpec("\(name).ffn_norm.weight", .values, length)
      gate = TensorSpec("\(name).ffn_gate.weight", .matrix, hidden, length)
      up = TensorSpec("\(name).ffn_up.weight", .matrix, hidden, length)
      down = TensorSpec("\(name).ffn_down.weight", .matrix, length, hidden)
    }

    var all: [TensorSpec] {
      [attentionNorm, query, key, value, attentionOutput, feedForwardNorm, gate, up, down]
    }
  }

  package static let embeddingName = "\(TensorName.embedding).weight"
  package static let outputName = "\(TensorName.output).weight"

  package let embedding: TensorSpec
  package let layers: [Layer]
  package let outputNorm: TensorSpec
  package let output: TensorSpec

  package init(_ g: LanguageGeometry) {
    let length = Extent(g.embeddingLength, .embeddingLength)
    let vocabulary = Extent(g.vocabularySize, .vocabularySize)
    embedding = TensorSpec(Self.embeddingName, .rows, vocabulary, length)
    layers = (0..<g.layerCount).map { Layer($0, g) }
    outputNorm = TensorSpec("\(TensorName.outputNorm).weight", .values, length)
    output = TensorSpec(Self.outputName, .head, vocabulary, length)
  }

  /// In the order of the file.
  var all: [TensorSpec] { [embedding] + layers.flatMap(\.all) + [outputNorm, output] }
}
