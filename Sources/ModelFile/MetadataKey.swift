/// A key of a model file's metadata, with the values that it may have.
///
/// This is the one place where the keys and their limits are written. A file is written and read by
/// these constants; `docs/FORMAT.md` lists them with their meaning. The keys with which a container
/// describes itself belong to GGUF.
package protocol MetadataKey: Hashable, Sendable {
  var name: String { get }
}

/// A whole number, u32 in the file.
package struct IntegerKey: MetadataKey {
  package let name: String
  package let range: ClosedRange<Int>
}

/// A list of whole numbers.
package struct IntegersKey: MetadataKey {
  package enum Element: Sendable { case int8, int32, uint32 }

  package let name: String
  package let element: Element
  /// Of each element.
  package let range: ClosedRange<Int>
  package let count: ClosedRange<Int>
}

/// A number.
package struct FloatKey: MetadataKey {
  package enum Element: Sendable { case float32, float64 }

  package let name: String
  package let element: Element
  package let range: ClosedRange<Double>
}

/// A list of numbers, f32 in the file.
package struct FloatsKey: MetadataKey {
  package let name: String
  /// Of each element.
  package let range: ClosedRange<Double>
  package let count: Int
}

package struct BoolKey: MetadataKey {
  package let name: String
}

package struct StringKey: MetadataKey {
  package let name: String
}

/// A list of strings.
package struct StringsKey: MetadataKey {
  package let name: String
}

// MARK: The file

extension StringKey {
  package static let modelName = StringKey("general.name")
  /// The first words of the checkpoint's model card.
  package static let modelDescription = StringKey("general.description")
  package static let recipe = StringKey("janus.recipe")
  package static let converter = StringKey("janus.converter")
  /// Where the checkpoint was downloaded from, as far as it was.
  package static let sourceRepository = StringKey("general.source.repo_url")
  package static let sourceCommit = StringKey("janus.source.commit")
}

extension IntegerKey {
  /// GGUF's own: the version of its quantised formats.
  package static let quantizationVersion = IntegerKey("general.quantization_version", tokenIDs)
}

extension IntegersKey {
  /// The values of the sixteen nibbles of `int4-p16` and `int4-c8-p16`.
  package static let levels = IntegersKey(
    "janus.quant.levels", .int8, -127...127, count: 16...16)
}

// MARK: Language model

extension IntegerKey {
  package static let blockCount = IntegerKey("janus.block_count", 1...1_024)
  package static let contextLength = IntegerKey("janus.context_length", 1...1_048_576)
  package static let embeddingLength = IntegerKey("janus.embedding_length", 1...65_536)
  package static let feedForwardLength = IntegerKey("janus.feed_forward_length", 1...262_144)
  package static let vocabularySize = IntegerKey("janus.vocab_size", 1...1_048_576)
  package static let headCount = IntegerKey("janus.attention.head_count", 1...1_024)
  package static let keyValueHeadCount = IntegerKey("janus.attention.head_count_kv", 1...1_024)
  package static let headDim = IntegerKey("janus.attention.key_length", 2...1_024)
}

extension FloatKey {
  package static let normEpsilon = FloatKey(
    "janus.attention.layer_norm_rms_epsilon", 1e-12...1)
  package static let ropeTheta = FloatKey("janus.rope.freq_base", 1...1e12)
}

// MARK: Vision tower

extension IntegerKey {
  package static let visionImageSize = IntegerKey("janus.vision.image_size", 1...4_096)
  package static let visionPatchSize = IntegerKey("janus.vision.patch_size", 1...256)
  package static let visionEmbeddingLength = IntegerKey(
    "janus.vision.embedding_length", 1...65_536)
  package static let visionFeedForwardLength = IntegerKey(
    "janus.vision.feed_forward_length", 1...262_144)
  package static let visionBlockCount = IntegerKey("janus.vision.block_count", 1...1_024)
  package static let visionHeadCount = IntegerKey("janus.vision.attention.head_count", 1...1_024)
  package static let visionAlignerDepth = IntegerKey("janus.vision.projector_depth", 1...64)
}

extension FloatKey {
  package static let visionNormEpsilon = FloatKey(
    "janus.vision.attention.layer_norm_epsilon", 1e-12...1)
}

// MARK: Pictures

extension FloatsKey {
  package static let imageMean = FloatsKey("janus.image.mean", 0...1, count: 3)
  package static let imageDeviation = FloatsKey("janus.image.std", 1e-3...1e3, count: 3)
}

extension FloatKey {
  package static let imageRescaleFactor = FloatKey(
    "janus.image.rescale_factor", 1e-6...1, .float64)
}

extension IntegerKey {
  package static let imageMinSize = IntegerKey("janus.image.min_size", 1...4_096)
  /// In pixels.
  package static let formulaPageMargin = IntegerKey(
    "janus.image.formula_page.margin", 0...2_047)
  /// In 1/4096 of the picture's side.
  package static let formulaPageThickness = IntegerKey(
    "janus.image.formula_page.thickness", 1...4_096)
}

extension BoolKey {
  /// Whether a formula that is too wide for its page is folded into rows; shrunk where the key is absent.
  package static let formulaPageFolds = BoolKey("janus.image.formula_page.folds")
}

extension IntegersKey {
  /// In 1/4096 of the picture's side, as the thickness.
  package static let formulaPageFurther = IntegersKey(
    "janus.image.formula_page.further_thicknesses", .uint32, 1...4_096, count: 1...7)
  package static let imageBackground = IntegersKey(
    "janus.image.background", .uint32, 0...255, count: 3...3)
}

extension BoolKey {
  package static let imageNormalize = BoolKey("janus.image.normalize")
}

// MARK: Painting

extension BoolKey {
  /// Whether the file has the parts that paint.
  package static let painting = BoolKey("janus.painting")
}

extension IntegerKey {
  package static let paintingCodeCount = IntegerKey("janus.painting.code_count", 1...1_048_576)
  package static let paintingCodeLength = IntegerKey("janus.painting.code_dim", 1...4_096)
  package static let paintingGridSize = IntegerKey("janus.painting.grid", 1...256)
  package static let paintingAlignerDepth = IntegerKey("janus.painting.projector_depth", 1...64)
  package static let vqLatentChannels = IntegerKey("janus.vq.latent_channels", 1...65_536)
  package static let vqBaseChannels = IntegerKey("janus.vq.base_channels", 1...65_536)
  package static let vqResidualBlocks = IntegerKey("janus.vq.res_blocks", 1...64)
  package static let vqOutputChannels = IntegerKey("janus.vq.out_channels", 3...3)
  package static let vqNormGroups = IntegerKey("janus.vq.norm_groups", 1...1_024)
}

extension IntegersKey {
  package static let vqChannelMultipliers = IntegersKey(
    "janus.vq.channel_multipliers", .uint32, 1...64, count: 1...8)
}

extension FloatKey {
  /// The temperature that logits are divided by before probabilities are stated; 1 where the file
  /// lacks it.
  package static let confidenceTemperature = FloatKey("janus.confidence.temperature", 0.01...100)
}

extension FloatKey {
  package static let vqNormEpsilon = FloatKey("janus.vq.norm_epsilon", 1e-12...1)
}

// MARK: Prompts

extension StringKey {
  package static let promptSystem = StringKey("janus.prompt.system")
  package static let promptUser = StringKey("janus.prompt.user")
  package static let promptAssistant = StringKey("janus.prompt.assistant")
  package static let promptUserSeparator = StringKey("janus.prompt.user_separator")
  package static let promptAssistantSeparator = StringKey("janus.prompt.assistant_separator")
  package static let promptImagePlaceholder = StringKey("janus.prompt.image_placeholder")
  package static let promptImageStart = StringKey("janus.prompt.image_start")
  package static let promptImageEnd = StringKey("janus.prompt.image_end")
  package static let promptPad = StringKey("janus.prompt.pad")
  package static let promptFormula = StringKey("janus.prompt.formula")
}

// MARK: Tokenizer

extension StringKey {
  package static let tokenizerModel = StringKey("tokenizer.ggml.model")
  /// GGUF's name of the pre-tokenizer.
  package static let preTokenizerName = StringKey("tokenizer.ggml.pre")
  /// JSON text.
  package static let preTokenizer = StringKey("tokenizer.janus.pre_tokenizer")
  /// JSON text.
  package static let addedTokens = StringKey("tokenizer.janus.added_tokens")
}

extension StringsKey {
  package static let tokens = StringsKey("tokenizer.ggml.tokens")
  package static let merges = StringsKey("tokenizer.ggml.merges")
}

extension IntegersKey {
  package static let tokenTypes = IntegersKey(
    "tokenizer.ggml.token_type", .int32, Int(Int32.min)...Int(Int32.max),
    count: 0...Int(Int32.max))
}

extension IntegerKey {
  private static let tokenIDs = 0...Int(UInt32.max)

  package static let beginningToken = IntegerKey("tokenizer.ggml.bos_token_id", tokenIDs)
  package static let endToken = IntegerKey("tokenizer.ggml.eos_token_id", tokenIDs)
  package static let paddingToken = IntegerKey("tokenizer.ggml.padding_token_id", tokenIDs)
}

// MARK: Declaring a key

extension IntegerKey {
  fileprivate init(_ name: String, _ range: ClosedRange<Int>) {
    self.init(name: name, range: range)
  }
}

extension IntegersKey {
  fileprivate init(
    _ name: String, _ element: Element, _ range: ClosedRange<Int>, count: ClosedRange<Int>
  ) {
    self.init(name: name, element: element, range: range, count: count)
  }
}

extension FloatKey {
  fileprivate init(_ name: String, _ range: ClosedRange<Double>, _ element: Element = .float32) {
    self.init(name: name, element: element, range: range)
  }
}

extension FloatsKey {
  fileprivate init(_ name: String, _ range: ClosedRange<Double>, count: Int) {
    self.init(name: name, range: range, count: count)
  }
}

extension BoolKey {
  fileprivate init(_ name: String) { self.init(name: name) }
}

extension StringKey {
  fileprivate init(_ name: String) { self.init(name: name) }
}

extension StringsKey {
  fileprivate init(_ name: String) { self.init(name: name) }
}
