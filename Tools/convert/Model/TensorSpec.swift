import JanusSystem
import Quant

/// A tensor that the file must hold: its name, what it is for, and the shape that the geometry asks
/// of the checkpoint.
struct TensorSpec: Sendable {
  /// What a tensor is for, which decides the formats that it can have.
  enum Role: Sendable {
    /// A matrix that is multiplied.
    case matrix
    /// A matrix that is read row by row: the embeddings.
    case rows
    /// The weights of a convolution of the VQ decoder.
    case convolution
    /// Vectors and tables that are stored as f32: norms, biases, position embeddings, the codebook.
    case values

    var formats: [ElementFormat] {
      switch self {
      case .matrix: [.f32, .bf16, .int8Panels, .int4Panels]
      case .rows: [.f32, .bf16, .q8Rows]
      case .convolution: [.f32, .bf16]
      case .values: [.f32]
      }
    }
  }

  let name: String
  let role: Role
  /// Outermost first, as the checkpoint has it.
  let shape: [Dimension]
  /// Outermost first, as the file has it.
  let storedShape: [Int]

  /// - Parameter storedShape: where the file's shape is not the checkpoint's.
  init(_ name: String, _ role: Role, _ shape: Dimension..., storedShape: [Int]? = nil) {
    self.name = name
    self.role = role
    self.shape = shape
    self.storedShape = storedShape ?? shape.map(\.value)
  }

  /// A convolution `[outputs, inputs, side, side]`, stored as `[outputs, side, side, inputs]`: the
  /// kernels read the inputs of one tap as neighbours, as the channels of a map are.
  static func convolution(
    _ name: String, _ outputs: Dimension, _ inputs: Dimension, side: Int
  ) -> TensorSpec {
    let kernel = Dimension.fixed(side, "the kernel of a \(side)×\(side) convolution")
    return TensorSpec(
      name, .convolution, outputs, inputs, kernel, kernel,
      storedShape: [outputs.value, side, side, inputs.value])
  }
}

extension ModelGeometry {
  /// Every tensor of the file, in its order: the order in which a forward pass reads them.
  var tensors: [TensorSpec] {
    languageTensors + visionTensors + (painting.map(paintingTensors) ?? [])
  }

  private var languageTensors: [TensorSpec] {
    let l = language
    let queries = l.heads * l.headWidth
    let keys = l.keyValueHeads * l.headWidth
    let layers = (0..<l.layers.value).flatMap { index -> [TensorSpec] in
      let layer = "blk.\(index)"
      return [
        TensorSpec("\(layer).attn_norm.weight", .values, l.width),
        TensorSpec("\(layer).attn_q.weight", .matrix, queries, l.width),
        TensorSpec("\(layer).attn_k.weight", .matrix, keys, l.width),
        TensorSpec("\(layer).attn_v.weight", .matrix, keys, l.width),
        TensorSpec("\(layer).attn_output.weight", .matrix, l.width, queries),
        TensorSpec("\(layer).ffn_norm.weight", .values, l.width),
        TensorSpec("\(layer).ffn_gate.weight", .matrix, l.feedForward, l.width),
        TensorSpec("\(layer).ffn_up.weight", .matrix, l.feedForward, l.width),
        TensorSpec("\(layer).ffn_down.weight", .matrix, l.width, l.feedForward),
      ]
    }
    return [TensorSpec("token_embd.weight", .rows, l.vocabulary, l.width)] + layers + [
      TensorSpec("output_norm.weight", .values, l.width),
      TensorSpec("output.weight", .matrix, l.vocabulary, l.width),
    ]
  }

  private var visionTensors: [TensorSpec] {
    let v = vision
    let patches = Dimension(
      value: v.grid * v.grid, source: "(\(v.imageSize.source) / \(v.patchSize.source))²")
    let colours = Dimension.fixed(3, "the channels of a picture")
    let layers = (0..<v.layers.value).flatMap { index -> [TensorSpec] in
      let layer = "v.blk.\(index)"
      return norm("\(layer).ln1", v.width)
        + ["attn_q", "attn_k", "attn_v", "attn_out"].flatMap {
          linear("\(layer).\($0)", v.width, v.width)
        }
        + norm("\(layer).ln2", v.width)
        + linear("\(layer).ffn_up", v.feedForward, v.width)
        + linear("\(layer).ffn_down", v.width, v.feedForward)
    }
    let side = v.patchSize.value
    let embedding = [
      // A convolution whose patches do not overlap is a matrix.
      TensorSpec(
        "v.patch_embd.weight", .matrix, v.width, colours, v.patchSize, v.patchSize,
        storedShape: [v.width.value, 3 * side * side]),
      TensorSpec("v.patch_embd.bias", .values, v.width),
      TensorSpec("v.position_embd.weight", .values, patches, v.width),
    ]
    return embedding + layers + norm("v.post_ln", v.width)
      + projector("mm", v.width, language.width, depth: v.alignerDepth)
  }

  private func paintingTensors(_ p: Painting) -> [TensorSpec] {
    [TensorSpec("gen_embd.weight", .values, p.codes, p.codeWidth)]
      + projector("gen_mm", p.codeWidth, language.width, depth: p.alignerDepth)
      + linear("gen_head.0", language.width, language.width)
      + linear("gen_head.1", p.codes, language.width)
      + [TensorSpec("vq.codebook.weight", .values, p.codes, p.codeWidth)]
      + convolution("vq.post_quant_conv", p.latentChannels, p.codeWidth, side: 1)
      + decoderTensors(p)
  }

  private func decoderTensors(_ p: Painting) -> [TensorSpec] {
    let deepest = p.channels(p.channelMultipliers.count - 1)
    var tensors =
      convolution("vq.conv_in", deepest, p.latentChannels, side: 3)
      + residual("vq.mid.0", deepest, deepest) + attention("vq.mid.1", deepest)
      + residual("vq.mid.2", deepest, deepest)
    var inputs = deepest
    for (level, index) in p.channelMultipliers.indices.reversed().enumerated() {
      let outputs = p.channels(index)
      for block in 0...p.residualBlocks {
        tensors += residual("vq.up.\(level).res.\(block)", outputs, inputs)
        inputs = outputs
        if level == 0 { tensors += attention("vq.up.\(level).attn.\(block)", outputs) }
      }
      if index > 0 { tensors += convolution("vq.up.\(level).upsample", outputs, outputs, side: 3) }
    }
    return tensors + norm("vq.norm_out", inputs)
      + convolution("vq.conv_out", p.outputChannels, inputs, side: 3)
  }

  // MARK: Parts of more than one tensor

  private func norm(_ name: String, _ width: Dimension) -> [TensorSpec] {
    [
      TensorSpec("\(name).weight", .values, width), TensorSpec("\(name).bias", .values, width),
    ]
  }

  private func linear(_ name: String, _ outputs: Dimension, _ inputs: Dimension) -> [TensorSpec] {
    [
      TensorSpec("\(name).weight", .matrix, outputs, inputs),
      TensorSpec("\(name).bias", .values, outputs),
    ]
  }

  private func projector(
    _ name: String, _ inputs: Dimension, _ outputs: Dimension, depth: Int
  ) -> [TensorSpec] {
    (0..<depth).flatMap { linear("\(name).\($0)", outputs, $0 == 0 ? inputs : outputs) }
  }

  private func convolution(
    _ name: String, _ outputs: Dimension, _ inputs: Dimension, side: Int
  ) -> [TensorSpec] {
    [
      TensorSpec.convolution("\(name).weight", outputs, inputs, side: side),
      TensorSpec("\(name).bias", .values, outputs),
    ]
  }

  private func residual(
    _ name: String, _ outputs: Dimension, _ inputs: Dimension
  ) -> [TensorSpec] {
    norm("\(name).norm1", inputs) + convolution("\(name).conv1", outputs, inputs, side: 3)
      + norm("\(name).norm2", outputs) + convolution("\(name).conv2", outputs, outputs, side: 3)
      + (inputs.value == outputs.value
        ? [] : convolution("\(name).shortcut", outputs, inputs, side: 1))
  }

  private func attention(_ name: String, _ channels: Dimension) -> [TensorSpec] {
    norm("\(name).norm", channels)
      + ["q", "k", "v", "proj"].flatMap {
        convolution("\(name).\($0)", channels, channels, side: 1)
      }
  }
}
