import JanusModelFile

extension VisionTower {
  /// - Parameter languageLength: the embedding length of the language model.
  package init(
    _ binding: Binding, _ geometry: VisionGeometry, languageLength: Int
  ) throws(ModelFileError) {
    let specs = VisionTensors(geometry, languageLength: languageLength)
    var layers: [Layer] = []
    for layer in specs.layers {
      layers.append(
        Layer(
          norm1: try binding.norm(layer.norm1),
          query: try binding.linear(layer.query),
          key: try binding.linear(layer.key),
          value: try binding.linear(layer.value),
          attentionOutput: try binding.linear(layer.attentionOutput),
          norm2: try binding.norm(layer.norm2),
          up: try binding.linear(layer.up),
          down: try binding.linear(layer.down)))
    }
    self.init(
      file: binding.file, geometry: geometry,
      patchEmbedding: Linear(
        weight: try binding.matrix(specs.patchWeight), bias: try binding.vector(specs.patchBias)),
      positionEmbedding: try binding.vector(specs.positionEmbedding), layers: layers,
      postNorm: try binding.norm(specs.postNorm), aligner: try binding.perceptron(specs.aligner))
  }
}
