import JanusModelFile
import Testing

@Suite struct TensorSpecTests {
  private let tensors = Dimensions().geometry().tensors

  private func spec(_ name: String) throws -> TensorSpec {
    try #require(tensors.first { $0.name == name }, "\(name)")
  }

  @Test(arguments: [
    ("token_embd.weight", [777, 96]), ("blk.2.attn_q.weight", [60, 96]),
    ("blk.0.attn_k.weight", [20, 96]), ("blk.0.attn_v.weight", [20, 96]),
    ("blk.1.attn_output.weight", [96, 60]), ("blk.1.ffn_norm.weight", [96]),
    ("blk.1.ffn_up.weight", [160, 96]), ("blk.1.ffn_down.weight", [96, 160]),
    ("output.weight", [777, 96]), ("v.patch_embd.weight", [88, 3 * 14 * 14]),
    ("v.position_embd.weight", [25, 88]), ("v.blk.1.attn_out.bias", [88]),
    ("v.blk.1.ffn_up.weight", [104, 88]), ("v.blk.1.ffn_down.weight", [88, 104]),
    ("mm.0.weight", [96, 88]), ("mm.3.weight", [96, 96]), ("gen_embd.weight", [300, 7]),
    ("gen_mm.0.weight", [96, 7]), ("gen_mm.4.bias", [96]), ("gen_head.0.weight", [96, 96]),
    ("gen_head.1.weight", [300, 96]), ("vq.codebook.weight", [300, 7]),
    ("vq.post_quant_conv.weight", [48, 1, 1, 7]), ("vq.conv_in.weight", [96, 3, 3, 48]),
    ("vq.up.0.res.0.conv1.weight", [96, 3, 3, 96]), ("vq.up.0.attn.1.q.weight", [96, 1, 1, 96]),
    ("vq.up.1.res.0.norm1.weight", [96]), ("vq.up.1.res.0.shortcut.weight", [32, 1, 1, 96]),
    ("vq.up.1.res.1.conv2.weight", [32, 3, 3, 32]), ("vq.up.1.upsample.weight", [32, 3, 3, 32]),
    ("vq.norm_out.bias", [32]), ("vq.conv_out.weight", [3, 3, 3, 32]),
  ])
  func shapesFollowTheDimensions(name: String, shape: [Int]) throws {
    #expect(try spec(name).storedShape == shape)
  }

  @Test func thereIsNoTensorTooMany() {
    let names = tensors.map(\.name)
    #expect(Set(names).count == names.count)
    for absent in [
      "blk.3.attn_q.weight", "v.blk.2.ln1.weight", "mm.4.weight", "gen_mm.5.weight",
      "vq.up.0.res.2.conv1.weight", "vq.up.1.attn.0.q.weight", "vq.up.1.res.1.shortcut.weight",
      "vq.up.2.upsample.weight", "vq.up.3.res.0.conv1.weight",
    ] {
      #expect(!names.contains(absent), "\(absent)")
    }
    let plain = Dimensions().geometry(painting: false).tensors.map(\.name)
    #expect(plain == names.filter { !$0.hasPrefix("gen_") && !$0.hasPrefix("vq.") })
  }

  /// A converter names where a wrong extent comes from.
  @Test func everyExtentSaysWhatItIs() throws {
    func meanings(_ name: String) throws -> [String] {
      try spec(name).shape.map { $0.meaning.text { "<\($0.dropFirst("janus.".count))>" } }
    }
    #expect(
      try meanings("blk.0.attn_k.weight") == [
        "<attention.head_count_kv> × <attention.key_length>", "<embedding_length>",
      ])
    #expect(
      try meanings("v.position_embd.weight") == [
        "(<vision.image_size> / <vision.patch_size>)²", "<vision.embedding_length>",
      ])
    #expect(
      try meanings("vq.conv_in.weight") == [
        "<vq.base_channels> × <vq.channel_multipliers>[2]", "<vq.latent_channels>",
        "the kernel of a 3×3 convolution", "the kernel of a 3×3 convolution",
      ])
  }

  @Test func everyTensorBelongsToAPart() {
    for tensor in tensors { #expect(ModelPart(tensor: tensor.name) != .other, "\(tensor.name)") }
    for (name, part) in [
      ("token_embd.weight", ModelPart.embeddings), ("output_norm.weight", .language),
      ("output.weight", .textHead), ("v.post_ln.bias", .vision), ("mm.0.bias", .aligner),
      ("gen_mm.0.bias", .codes), ("gen_embd.weight", .codes), ("vq.conv_in.bias", .decoder),
      ("outputs.weight", .other), ("", .other), (".", .other),
    ] {
      #expect(ModelPart(tensor: name) == part, "\(name)")
    }
  }
}
