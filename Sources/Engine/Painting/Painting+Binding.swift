import GGUF
import JanusModelFile

extension CodeModel {
  /// - Parameter languageLength: the embedding length of the language model.
  package init(
    _ binding: Binding, _ geometry: PaintingGeometry, languageLength: Int
  ) throws(ModelFileError) {
    let specs = PaintingTensors(geometry, languageLength: languageLength)
    self.init(
      file: binding.file, geometry: geometry, embedding: try binding.vector(specs.embedding),
      aligner: try binding.perceptron(specs.aligner), head: try binding.perceptron(specs.head))
  }
}

extension VQDecoder {
  package init(
    _ binding: Binding, _ geometry: PaintingGeometry, quantizesProducts: Bool
  ) throws(ModelFileError) {
    let specs = VQDecoderTensors(geometry)
    var levels: [Level] = []
    for level in specs.levels { levels.append(try binding.level(level)) }
    self.init(
      file: binding.file, geometry: geometry, codebook: try binding.vector(specs.codebook),
      postQuantization: try binding.convolution(specs.postQuantization),
      input: try binding.convolution(specs.input),
      middle: (
        try binding.residual(specs.middle.0), try binding.attention(specs.middle.1),
        try binding.residual(specs.middle.2)
      ),
      levels: levels, outputNorm: try binding.norm(specs.outputNorm),
      output: try binding.convolution(specs.output),
      precision: quantizesProducts ? .mixed(geometry) : .float)
  }
}

extension Binding {
  fileprivate func convolution(
    _ specs: ConvolutionTensors
  ) throws(ModelFileError) -> Convolution {
    let record = try record(specs.weight)
    return Convolution(
      format: record.format, outputs: specs.outputs, inputs: specs.inputs, side: specs.side,
      bytes: container.bytes(of: record).baseAddress!, bias: try vector(specs.bias))
  }

  fileprivate func convolution(
    _ specs: ConvolutionTensors?
  ) throws(ModelFileError) -> Convolution? {
    guard let specs else { return nil }
    return try convolution(specs)
  }

  fileprivate func residual(
    _ specs: VQDecoderTensors.Residual
  ) throws(ModelFileError) -> VQDecoder.Residual {
    VQDecoder.Residual(
      norm1: try norm(specs.norm1), convolution1: try convolution(specs.convolution1),
      norm2: try norm(specs.norm2), convolution2: try convolution(specs.convolution2),
      shortcut: try convolution(specs.shortcut))
  }

  fileprivate func attention(
    _ specs: VQDecoderTensors.Attention
  ) throws(ModelFileError) -> VQDecoder.Attention {
    VQDecoder.Attention(
      norm: try norm(specs.norm), query: try convolution(specs.query),
      key: try convolution(specs.key), value: try convolution(specs.value),
      output: try convolution(specs.output))
  }

  fileprivate func level(
    _ specs: VQDecoderTensors.Level
  ) throws(ModelFileError) -> VQDecoder.Level {
    var residuals: [VQDecoder.Residual] = []
    for block in specs.residuals { residuals.append(try residual(block)) }
    var attentions: [VQDecoder.Attention] = []
    for block in specs.attentions { attentions.append(try attention(block)) }
    return VQDecoder.Level(
      residuals: residuals, attentions: attentions, upsample: try convolution(specs.upsample))
  }
}
