import GGUF

/// The part of the model that a tensor belongs to, told by its name.
package enum ModelPart: String, Sendable {
  case embeddings = "text embeddings"
  case language = "language model"
  case textHead = "text head"
  case vision = "vision tower"
  case aligner = "aligner"
  case codes = "code head and embeddings"
  case decoder = "picture decoder"
  case other = "other"

  package init(tensor name: String) {
    let beginnings: [(String, ModelPart)] = [
      ("token_embd.", .embeddings), ("blk.", .language), ("output_norm.", .language),
      ("output.", .textHead), ("v.", .vision), ("mm.", .aligner), ("gen_", .codes),
      ("vq.", .decoder),
    ]
    self = beginnings.first { name.hasPrefix($0.0) }?.1 ?? .other
  }

  /// What encoding a picture reads.
  package static let seeing: Set<ModelPart> = [.vision, .aligner]
  /// What a token reads, apart from its own row of the embeddings.
  package static let answering: Set<ModelPart> = [.language, .textHead]
  /// What choosing a picture's codes reads.
  package static let painting: Set<ModelPart> = [.language, .codes]
}
