import JanusModelFile

extension LanguageModel {
  package init(_ binding: Binding, _ geometry: LanguageGeometry) throws(ModelFileError) {
    let specs = LanguageTensors(geometry)
    var layers: [Layer] = []
    for layer in specs.layers {
      layers.append(
        Layer(
          attentionNorm: try binding.vector(layer.attentionNorm),
          query: try binding.matrix(layer.query),
          key: try binding.matrix(layer.key),
          value: try binding.matrix(layer.value),
          attentionOutput: try binding.matrix(layer.attentionOutput),
          feedForwardNorm: try binding.vector(layer.feedForwardNorm),
          gate: try binding.matrix(layer.gate),
          up: try binding.matrix(layer.up),
          down: try binding.matrix(layer.down)))
    }
    self.init(
      file: binding.file, geometry: geometry, embedding: try binding.matrix(specs.embedding),
      layers: layers, outputNorm: try binding.vector(specs.outputNorm),
      output: TextHead(weight: try binding.matrix(specs.output)))
  }
}
