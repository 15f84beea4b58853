import GGUF
import JanusModelFile

extension StringArray: ByteStrings {
  package func withBytes<Result>(
    _ index: Int, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    body(bytes(index))
  }
}

extension Tokenizer {
  /// The tokenizer that a model file carries.
  package init(container: Container) throws(TokenizerError) {
    let metadata = container.metadata
    let parts: Parts
    do {
      parts = try Parts(metadata)
    } catch {
      throw .container(error.problem)
    }
    guard parts.model == "gpt2" else {
      throw .unsupported(
        part: StringKey.tokenizerModel.name,
        feature: "the model \(TokenizerError.quote(parts.model))")
    }
    try self.init(
      tokens: parts.tokens, types: parts.types, merges: parts.merges,
      preTokenizer: parts.preTokenizer, addedTokens: parts.addedTokens, bos: parts.bos,
      eos: parts.eos, padding: parts.padding)
  }

  private struct Parts {
    let model: String
    let tokens: StringArray
    let types: [Int]
    let merges: StringArray
    let preTokenizer: String
    let addedTokens: String
    let bos: Int
    let eos: Int
    let padding: Int?

    init(_ metadata: Metadata) throws(ContainerError) {
      model = try metadata.string(.tokenizerModel)
      tokens = try metadata.strings(.tokens)
      types = try metadata.integers(.tokenTypes)
      merges = try metadata.strings(.merges)
      preTokenizer = try metadata.string(.preTokenizer)
      addedTokens = try metadata.string(.addedTokens)
      bos = try metadata.integer(.beginningToken)
      eos = try metadata.integer(.endToken)
      let key = IntegerKey.paddingToken
      padding = metadata.contains(key) ? try metadata.integer(key) : nil
    }
  }
}
