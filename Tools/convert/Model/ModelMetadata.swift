import GGUF
import JanusModelFile
import JanusSystem
import JanusWords
import Quant

/// The keys and values of the file, as `docs/FORMAT.md` lists them.
enum ModelMetadata {
  /// Everything but what the container adds itself.
  static func pairs(
    _ folder: CheckpointFolder, _ model: ModelGeometry, quantization: Quantization,
    converter: String
  ) throws(ConversionError) -> [(key: String, value: MetadataValue)] {
    let (geometry, sources) = (model.geometry, model.sources)
    let tokenizer = try TokenizerFile(folder: folder, vocabulary: sources[.vocabularySize])
    let prompt = try PromptWords(folder: folder, tokenizer: tokenizer)
    try check(tokenizer, prompt, file: folder.place(of: "tokenizer.json"))
    let pictures = try Preprocessing(folder: folder, imageSize: sources[.visionImageSize])
    var pairs = MetadataPairs()
    pairs.append(.modelName, folder.name)
    if let card = ModelCard.description(in: folder) { pairs.append(.modelDescription, card) }
    pairs.append(.quantizationVersion, 2)
    pairs.append(.recipe, quantization.rawValue)
    pairs.append(.converter, converter)
    pairs.append(.levels, Levels.standard.values.map { Int($0) })
    pairs.append(geometry.language)
    pairs.append(geometry.vision)
    pairs.append(pictures)
    if let temperature = try ConfidenceTemperature.value(in: folder) {
      pairs.append(.confidenceTemperature, temperature)
    }
    pairs.append(geometry.painting)
    for (key, text) in prompt.words { pairs.append(key, text) }
    pairs.append(tokenizer)
    pairs.append(.beginningToken, prompt.beginning)
    pairs.append(.endToken, prompt.end)
    pairs.append(.paddingToken, prompt.padding)
    pairs.append(.preTokenizer, tokenizer.preTokenizer)
    pairs.append(.addedTokens, tokenizer.addedTokens)
    return pairs.pairs
  }

  /// Makes the tokenizer once, as every program does that opens the file: what it refuses must not get into one.
  private static func check(
    _ tokenizer: TokenizerFile, _ prompt: PromptWords, file: String
  ) throws(ConversionError) {
    do throws(TokenizerError) {
      _ = try Tokenizer(
        tokens: tokenizer.tokens, types: tokenizer.types.map { Int($0.rawValue) },
        merges: tokenizer.merges, preTokenizer: tokenizer.preTokenizer,
        addedTokens: tokenizer.addedTokens, bos: prompt.beginning, eos: prompt.end,
        padding: prompt.padding)
    } catch {
      throw .data(file: file, problem: "\(error)")
    }
  }
}

extension MetadataPairs {
  fileprivate mutating func append(_ p: Preprocessing) {
    if let page = p.formulaPage {
      append(.formulaPageMargin, page.margin)
      append(.formulaPageThickness, page.thickness)
      // Absent in files of before, so that those keep their page.
      if page.folds { append(.formulaPageFolds, true) }
      if !page.furtherThicknesses.isEmpty {
        append(.formulaPageFurther, page.furtherThicknesses)
      }
    }
    append(.imageMean, p.mean)
    append(.imageDeviation, p.deviation)
    append(.imageRescaleFactor, p.rescaleFactor)
    append(.imageMinSize, p.minSize)
    append(.imageBackground, p.background)
    append(.imageNormalize, p.normalizes)
  }

  fileprivate mutating func append(_ tokenizer: TokenizerFile) {
    append(.tokenizerModel, "gpt2")
    append(.preTokenizerName, tokenizer.preTokenizerName)
    append(.tokens, tokenizer.tokens)
    append(.tokenTypes, tokenizer.types.map { Int($0.rawValue) })
    append(.merges, tokenizer.merges)
  }
}
