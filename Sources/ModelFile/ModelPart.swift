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
    self =
      switch name.prefix(while: { $0 != "." }) {
      case TensorName.embedding: .embeddings
      case TensorName.layer, TensorName.outputNorm: .language
      case TensorName.output: .textHead
      case TensorName.vision: .vision
      case TensorName.aligner: .aligner
      case TensorName.codeEmbedding, TensorName.codeAligner, TensorName.codeHead: .codes
      case TensorName.decoder: .decoder
      default: .other
      }
  }

  /// What encoding a picture reads.
  package static let seeing: Set<ModelPart> = [.vision, .aligner]
  /// What a token reads, apart from its own row of the embeddings.
  package static let answering: Set<ModelPart> = [.language, .textHead]
  /// What choosing a picture's codes reads.
  package static let painting: Set<ModelPart> = [.language, .codes]
}

/// The first component, up to a dot, of the names of a part's tensors.
package enum TensorName {
  package static let embedding = "token_embd"
  package static let layer = "blk"
  package static let outputNorm = "output_norm"
  package static let output = "output"
  package static let vision = "v"
  package static let aligner = "mm"
  package static let codeEmbedding = "gen_embd"
  package static let codeAligner = "gen_mm"
  package static let codeHead = "gen_head"
  package static let decoder = "vq"
}
