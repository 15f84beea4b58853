import GGUF

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
        part: "tokenizer.ggml.model", feature: "the model \(TokenizerError.quote(parts.model))")
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
      model = try metadata.string("tokenizer.ggml.model")
      tokens = try metadata.strings("tokenizer.ggml.tokens")
      types = try metadata.integers("tokenizer.ggml.token_type")
      merges = try metadata.strings("tokenizer.ggml.merges")
      preTokenizer = try metadata.string("tokenizer.janus.pre_tokenizer")
      addedTokens = try metadata.string("tokenizer.janus.added_tokens")
      bos = try metadata.integer("tokenizer.ggml.bos_token_id")
      eos = try metadata.integer("tokenizer.ggml.eos_token_id")
      let key = "tokenizer.ggml.padding_token_id"
      padding = metadata.contains(key) ? try metadata.integer(key) : nil
    }
  }
}
