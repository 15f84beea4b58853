import Foundation
import GGUF
import JanusSystem
import Quant

/// The keys and values of the file, as `docs/FORMAT.md` lists them.
enum ModelMetadata {
  typealias Pairs = [(key: String, value: MetadataValue)]

  /// Everything but what the container adds itself.
  static func pairs(
    _ checkpoint: Checkpoint, quantization: Quantization, converter: String
  ) throws(ConversionError) -> Pairs {
    let geometry = checkpoint.geometry
    let folder = checkpoint.folder
    let tokenizer = try TokenizerFile(folder: folder, vocabulary: geometry.language.vocabulary)
    let prompt = try PromptWords(folder: folder, tokenizer: tokenizer)
    let pictures = try Preprocessing(folder: folder, imageSize: geometry.vision.imageSize)
    let general: Pairs = [
      ("general.name", .string(name(of: folder.path))),
      ("general.quantization_version", .uint32(2)),
      ("janus.recipe", .string(quantization.rawValue)),
      ("janus.converter", .string(converter)),
      ("janus.quant.levels", .int8s(Levels.standard.values)),
    ]
    return general + language(geometry.language) + vision(geometry.vision) + self.pictures(pictures)
      + painting(geometry.painting) + self.prompt(prompt) + self.tokenizer(tokenizer, prompt)
  }

  /// The folder's own name.
  private static func name(of folder: String) -> String {
    URL(fileURLWithPath: folder).standardizedFileURL.lastPathComponent
  }

  private static func count(_ dimension: Dimension) -> MetadataValue { count(dimension.value) }

  /// Every size is bounded far below 2³² where it is read.
  private static func count(_ value: Int) -> MetadataValue { .uint32(UInt32(value)) }

  private static func language(_ l: ModelGeometry.Language) -> Pairs {
    [
      ("janus.block_count", count(l.layers)),
      ("janus.context_length", count(l.context)),
      ("janus.embedding_length", count(l.width)),
      ("janus.feed_forward_length", count(l.feedForward)),
      ("janus.vocab_size", count(l.vocabulary)),
      ("janus.attention.head_count", count(l.heads)),
      ("janus.attention.head_count_kv", count(l.keyValueHeads)),
      ("janus.attention.key_length", count(l.headWidth)),
      ("janus.attention.layer_norm_rms_epsilon", .float32(Float(l.normEpsilon))),
      ("janus.rope.freq_base", .float32(Float(l.ropeTheta))),
    ]
  }

  private static func vision(_ v: ModelGeometry.Vision) -> Pairs {
    [
      ("janus.vision.image_size", count(v.imageSize)),
      ("janus.vision.patch_size", count(v.patchSize)),
      ("janus.vision.embedding_length", count(v.width)),
      ("janus.vision.feed_forward_length", count(v.feedForward)),
      ("janus.vision.block_count", count(v.layers)),
      ("janus.vision.attention.head_count", count(v.heads)),
      ("janus.vision.attention.layer_norm_epsilon", .float32(Float(v.normEpsilon))),
      ("janus.vision.projector_depth", count(v.alignerDepth)),
    ]
  }

  private static func pictures(_ p: Preprocessing) -> Pairs {
    let page: Pairs =
      p.formulaPage.map { page in
        [
          ("janus.image.formula_page.margin", count(page.margin)),
          ("janus.image.formula_page.thickness", count(page.thickness)),
        ] + (page.folds ? [("janus.image.formula_page.folds", .bool(true))] : [])
      } ?? []
    return page + [
      ("janus.image.mean", .float32s(p.mean.map(Float.init))),
      ("janus.image.std", .float32s(p.deviation.map(Float.init))),
      ("janus.image.rescale_factor", .float64(p.rescaleFactor)),
      ("janus.image.min_size", count(p.minSize)),
      ("janus.image.background", .uint32s(p.background.map { UInt32($0) })),
      ("janus.image.normalize", .bool(p.normalizes)),
    ]
  }

  private static func painting(_ painting: ModelGeometry.Painting?) -> Pairs {
    guard let p = painting else { return [("janus.painting", .bool(false))] }
    return [
      ("janus.painting", .bool(true)),
      ("janus.painting.code_count", count(p.codes)),
      ("janus.painting.code_dim", count(p.codeWidth)),
      ("janus.painting.grid", count(p.grid)),
      ("janus.painting.projector_depth", count(p.alignerDepth)),
      ("janus.vq.latent_channels", count(p.latentChannels)),
      ("janus.vq.base_channels", count(p.baseChannels)),
      ("janus.vq.channel_multipliers", .uint32s(p.channelMultipliers.map { UInt32($0) })),
      ("janus.vq.res_blocks", count(p.residualBlocks)),
      ("janus.vq.out_channels", count(p.outputChannels)),
      ("janus.vq.norm_groups", count(ModelGeometry.normGroups)),
      ("janus.vq.norm_epsilon", .float32(Float(ModelGeometry.groupNormEpsilon))),
    ]
  }

  private static func prompt(_ prompt: PromptWords) -> Pairs {
    prompt.words.map { ("janus.prompt.\($0.key)", .string($0.text)) }
  }

  private static func tokenizer(_ tokenizer: TokenizerFile, _ prompt: PromptWords) -> Pairs {
    [
      ("tokenizer.ggml.model", .string("gpt2")),
      ("tokenizer.ggml.pre", .string(tokenizer.preTokenizerName)),
      ("tokenizer.ggml.tokens", .strings(tokenizer.tokens)),
      ("tokenizer.ggml.token_type", .int32s(tokenizer.types.map(\.rawValue))),
      ("tokenizer.ggml.merges", .strings(tokenizer.merges)),
      ("tokenizer.ggml.bos_token_id", count(prompt.beginning)),
      ("tokenizer.ggml.eos_token_id", count(prompt.end)),
      ("tokenizer.ggml.padding_token_id", count(prompt.padding)),
      ("tokenizer.janus.pre_tokenizer", .string(tokenizer.preTokenizer)),
      ("tokenizer.janus.added_tokens", .string(tokenizer.addedTokens)),
    ]
  }
}
