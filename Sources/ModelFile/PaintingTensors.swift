/// The tensors of the painting parts: the codes' head and embeddings, and the VQ decoder.
package struct PaintingTensors: Sendable {
  package let embedding: TensorSpec
  package let aligner: [LinearTensors]
  package let head: [LinearTensors]
  package let decoder: VQDecoderTensors

  /// - Parameter languageLength: the embedding length of the language model.
  package init(_ g: PaintingGeometry, languageLength: Int) {
    let language = Extent(languageLength, .embeddingLength)
    let codes = Extent(g.codeCount, .paintingCodeCount)
    let length = Extent(g.codeLength, .paintingCodeLength)
    embedding = TensorSpec("\(TensorName.codeEmbedding).weight", .values, codes, length)
    aligner = LinearTensors.projector(
      TensorName.codeAligner, length, language, depth: g.alignerDepth)
    head = [
      LinearTensors("\(TensorName.codeHead).0", language, language),
      LinearTensors("\(TensorName.codeHead).1", codes, language),
    ]
    decoder = VQDecoderTensors(g)
  }

  /// In the order of the file.
  var all: [TensorSpec] {
    [embedding] + (aligner + head).flatMap(\.all) + decoder.all
  }
}

/// The tensors of the decoder of the VQ model.
package struct VQDecoderTensors: Sendable {
  package struct Residual: Sendable {
    package let norm1: NormTensors
    package let convolution1: ConvolutionTensors
    package let norm2: NormTensors
    package let convolution2: ConvolutionTensors
    /// 1×1, where the number of channels changes.
    package let shortcut: ConvolutionTensors?

    init(_ name: String, _ outputs: Extent, _ inputs: Extent) {
      norm1 = NormTensors("\(name).norm1", inputs)
      convolution1 = ConvolutionTensors("\(name).conv1", outputs, inputs, side: 3)
      norm2 = NormTensors("\(name).norm2", outputs)
      convolution2 = ConvolutionTensors("\(name).conv2", outputs, outputs, side: 3)
      shortcut =
        inputs.value == outputs.value
        ? nil : ConvolutionTensors("\(name).shortcut", outputs, inputs, side: 1)
    }

    var all: [TensorSpec] {
      norm1.all + convolution1.all + norm2.all + convolution2.all + (shortcut?.all ?? [])
    }
  }

  package struct Attention: Sendable {
    package let norm: NormTensors
    package let query: ConvolutionTensors
    package let key: ConvolutionTensors
    package let value: ConvolutionTensors
    package let output: ConvolutionTensors

    init(_ name: String, _ channels: Extent) {
      norm = NormTensors("\(name).norm", channels)
      query = ConvolutionTensors("\(name).q", channels, channels, side: 1)
      key = ConvolutionTensors("\(name).k", channels, channels, side: 1)
      value = ConvolutionTensors("\(name).v", channels, channels, side: 1)
      output = ConvolutionTensors("\(name).proj", channels, channels, side: 1)
    }

    var all: [TensorSpec] { norm.all + [query, key, value, output].flatMap(\.all) }
  }

  /// One resolution: residual blocks, each followed by attention at the lowest one, and the way up.
  package struct Level: Sendable {
    package let residuals: [Residual]
    /// As many as residual blocks, or none.
    package let attentions: [Attention]
    /// Nil at the finest resolution.
    package let upsample: ConvolutionTensors?

    init(
      _ index: Int, of count: Int, _ outputs: Extent, inputs: Extent, residualBlocks: Int
    ) {
      let name = "\(TensorName.decoder).up.\(index)"
      residuals = (0...residualBlocks).map {
        Residual("\(name).res.\($0)", outputs, $0 == 0 ? inputs : outputs)
      }
      attentions =
        index > 0 ? [] : (0...residualBlocks).map { Attention("\(name).attn.\($0)", outputs) }
      upsample =
        index == count - 1
        ? nil : ConvolutionTensors("\(name).upsample", outputs, outputs, side: 3)
    }

    var all: [TensorSpec] {
      residuals.indices.flatMap { index in
        residuals[index].all + (attentions.isEmpty ? [] : attentions[index].all)
      } + (upsample?.all ?? [])
    }
  }

  package let codebook: TensorSpec
  package let postQuantization: ConvolutionTensors
  package let input: ConvolutionTensors
  package let middle: (Residual, Attention, Residual)
  /// Lowest resolution first.
  package let levels: [Level]
  package let outputNorm: NormTensors
  package let output: ConvolutionTensors

  package init(_ g: PaintingGeometry) {
    let length = Extent(g.codeLength, .paintingCodeLength)
    let latent = Extent(g.latentChannels, .vqLatentChannels)
    let channels = Array(g.channels.reversed())
    let (deepest, finest) = (channels[0], channels[channels.count - 1])
    codebook = TensorSpec(
      "\(TensorName.decoder).codebook.weight", .values, Extent(g.codeCount, .paintingCodeCount),
      length)
    postQuantization = ConvolutionTensors(
      "\(TensorName.decoder).post_quant_conv", latent, length, side: 1)
    input = ConvolutionTensors("\(TensorName.decoder).conv_in", deepest, latent, side: 3)
    middle = (
      Residual("\(TensorName.decoder).mid.0", deepest, deepest),
      Attention("\(TensorName.decoder).mid.1", deepest),
      Residual("\(TensorName.decoder).mid.2", deepest, deepest)
    )
    levels = channels.indices.map { index in
      Level(
        index, of: channels.count, channels[index], inputs: channels[max(0, index - 1)],
        residualBlocks: g.residualBlocks)
    }
    outputNorm = NormTensors("\(TensorName.decoder).norm_out", finest)
    output = ConvolutionTensors(
      "\(TensorName.decoder).conv_out", Extent(g.outputChannels, .vqOutputChannels), finest, side: 3
    )
  }

  /// In the order of the file.
  var all: [TensorSpec] {
    [codebook] + postQuantization.all + input.all + middle.0.all + middle.1.all + middle.2.all
      + levels.flatMap(\.all) + outputNorm.all + output.all
  }
}
