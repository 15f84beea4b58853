/// Whether a text head that a checkpoint does not store is the embeddings.
///
/// Where it is stored, the stored one counts, whatever the configuration says: transformers 5 writes
/// true for checkpoints that store both.
enum TextHead {
  /// What to say of a head that is missing where `config.json` says that there is one; nil where it
  /// says that the embeddings serve as the head.
  ///
  /// Absent, the flag is true for transformers' Janus and false for deepseek's, whose language model
  /// is transformers' Llama.
  static func doubt(_ config: ConfigSection, naming: Naming) -> String? {
    let key = "tie_word_embeddings"
    let section = naming == .deepseek ? "language_config" : "text_config"
    let inner = config.object[section]?.object?[key]?.bool
    let outer = config.object[key]?.bool
    let isShared =
      switch naming {
      case .deepseek: inner ?? outer ?? false
      case .transformers: outer ?? inner ?? true
      }
    guard !isShared else { return nil }
    return "the checkpoint lacks the text head, though tie_word_embeddings of config.json does not "
      + "say that it is the embeddings: if a tensor got lost, answers will be wrong"
  }
}
