import GGUF
import JanusModelFile
import JanusSystem
import JanusWords
import Quant

extension Binding {
  /// `prefix.weight: [outputs, side, side, inputs]` and `prefix.bias`.
  func convolution(
    _ prefix: String, _ outputs: Int, _ inputs: Int, side: Int
  ) throws(ModelFileError) -> Convolution {
    let record = try record(prefix + ".weight")
    guard record.shape == [outputs, side, side, inputs],
      record.format == .f32 || record.format == .bf16
    else {
      throw mismatch(record, expected: "[\(outputs), \(side), \(side), \(inputs)] in bf16 or f32")
    }
    return Convolution(
      format: record.format, outputs: outputs, inputs: inputs, side: side,
      bytes: container.bytes(of: record).baseAddress!,
      bias: try vector(prefix + ".bias", outputs))
  }
}

extension CodeModel {
  package init(
    _ binding: Binding, _ geometry: PaintingGeometry, languageLength: Int
  ) throws(ModelFileError) {
    let g = geometry
    self.init(
      file: binding.file, geometry: g,
      embedding: try binding.vector("gen_embd.weight", g.codeCount * g.codeLength),
      aligner: try binding.perceptron(
        "gen_mm", depth: g.alignerDepth, inputs: g.codeLength, outputs: languageLength),
      head: [
        try binding.linear("gen_head.0", languageLength, languageLength),
        try binding.linear("gen_head.1", g.codeCount, languageLength),
      ])
  }
}

extension VQDecoder {
  package init(
    _ binding: Binding, _ geometry: PaintingGeometry, quantizesProducts: Bool
  ) throws(ModelFileError) {
    let g = geometry
    let channels = g.channelMultipliers.map { $0 * g.baseChannels }
    let deepest = channels[channels.count - 1]
    var levels: [Level] = []
    var inputs = deepest
    for (index, outputs) in channels.reversed().enumerated() {
      let name = "vq.up.\(index)"
      var residuals: [Residual] = []
      var attentions: [Attention] = []
      for block in 0...g.residualBlocks {
        residuals.append(try binding.residual("\(name).res.\(block)", outputs, inputs))
        inputs = outputs
        if index == 0 {
          attentions.append(try binding.attention("\(name).attn.\(block)", outputs))
        }
      }
      let isLast = index == channels.count - 1
      levels.append(
        Level(
          residuals: residuals, attentions: attentions,
          upsample: isLast
            ? nil : try binding.convolution("\(name).upsample", outputs, outputs, side: 3)))
    }
    self.init(
      file: binding.file, geometry: g,
      codebook: try binding.vector("vq.codebook.weight", g.codeCount * g.codeLength),
      postQuantization: try binding.convolution(
        "vq.post_quant_conv", g.latentChannels, g.codeLength, side: 1),
      input: try binding.convolution("vq.conv_in", deepest, g.latentChannels, side: 3),
      middle: (
        try binding.residual("vq.mid.0", deepest, deepest),
        try binding.attention("vq.mid.1", deepest),
        try binding.residual("vq.mid.2", deepest, deepest)
      ),
      levels: levels, outputNorm: try binding.norm("vq.norm_out", inputs),
      output: try binding.convolution("vq.conv_out", g.outputChannels, inputs, side: 3),
      precision: quantizesProducts ? .mixed(g) : .float)
  }
}

extension Binding {
  fileprivate func residual(
    _ prefix: String, _ outputs: Int, _ inputs: Int
  ) throws(ModelFileError) -> VQDecoder.Residual {
    VQDecoder.Residual(
      norm1: try norm(prefix + ".norm1", inputs),
      convolution1: try convolution(prefix + ".conv1", outputs, inputs, side: 3),
      norm2: try norm(prefix + ".norm2", outputs),
      convolution2: try convolution(prefix + ".conv2", outputs, outputs, side: 3),
      shortcut: inputs == outputs
        ? nil : try convolution(prefix + ".shortcut", outputs, inputs, side: 1))
  }

  fileprivate func attention(
    _ prefix: String, _ channels: Int
  ) throws(ModelFileError) -> VQDecoder.Attention {
    VQDecoder.Attention(
      norm: try norm(prefix + ".norm", channels),
      query: try convolution(prefix + ".q", channels, channels, side: 1),
      key: try convolution(prefix + ".k", channels, channels, side: 1),
      value: try convolution(prefix + ".v", channels, channels, side: 1),
      output: try convolution(prefix + ".proj", channels, channels, side: 1))
  }
}
