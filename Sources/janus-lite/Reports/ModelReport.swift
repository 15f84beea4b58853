import Foundation
import GGUF
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords
import Quant

/// What `info` says of a model file.
struct ModelReport: Encodable {
  /// Tensors that belong together, by part of the model or by format.
  struct Share: Encodable {
    let name: String
    var tensors = 0
    var weights = 0
    var bytes = 0

    mutating func add(_ tensor: TensorRecord) {
      tensors += 1
      weights += tensor.shape.reduce(1, *)
      bytes += tensor.layout.byteCount
    }
  }

  struct Checksums: Encodable {
    var isChecked = false
    var damaged: [String] = []

    enum CodingKeys: String, CodingKey {
      case damaged
      case isChecked = "checked"
    }
  }

  struct TokenizerFacts: Encodable {
    let model: String
    let preTokenizer: String
    let tokens: Int
    let merges: Int
    let bos: Int
    let eos: Int

    enum CodingKeys: String, CodingKey {
      case model, tokens, merges
      case preTokenizer = "pre_tokenizer"
      case bos = "bos_token_id"
      case eos = "eos_token_id"
    }
  }

  let path: String
  let bytes: Int
  let name: String
  let description: String?
  let formatVersion: Int
  let converter: String
  let recipe: String
  let hasPainting: Bool
  /// Numbers of the architecture, by metadata key without its "janus.".
  let geometry: [String: Double]
  let tokenizer: TokenizerFacts
  let parts: [Share]
  let formats: [Share]
  var checksums = Checksums()

  enum CodingKeys: String, CodingKey {
    case path, bytes, name, description, converter, recipe, geometry, tokenizer, parts, formats,
      checksums
    case formatVersion = "format_version"
    case hasPainting = "painting"
  }

  init(_ container: Container) throws(ContainerError) {
    let metadata = container.metadata
    path = container.file.path
    bytes = container.file.count
    name = try metadata.string(.modelName)
    description = try? metadata.string(.modelDescription)
    formatVersion = try metadata.integer(ContainerKey.formatVersion)
    converter = try metadata.string(.converter)
    recipe = try metadata.string(.recipe)
    hasPainting = try metadata.bool(.painting)
    geometry = Self.geometry(metadata)
    tokenizer = TokenizerFacts(
      model: try metadata.string(.tokenizerModel),
      preTokenizer: try metadata.string(.preTokenizerName),
      tokens: try metadata.strings(.tokens).count,
      merges: try metadata.strings(.merges).count,
      bos: try metadata.integer(.beginningToken),
      eos: try metadata.integer(.endToken))
    parts = Self.shares(of: container) { ModelPart(tensor: $0.name).rawValue }
    formats = Self.shares(of: container, by: \.format.rawValue)
  }

  /// Every single number among the keys of the architecture.
  private static func geometry(_ metadata: Metadata) -> [String: Double] {
    var geometry: [String: Double] = [:]
    for key in metadata.keys where key.hasPrefix("janus.") && key != ContainerKey.formatVersion {
      let number = (try? metadata.integer(key)).map(Double.init) ?? (try? metadata.double(key))
      if let number { geometry[String(key.dropFirst("janus.".count))] = number }
    }
    return geometry
  }

  /// In the order in which they first occur in the file.
  private static func shares(
    of container: Container, by name: (TensorRecord) -> String
  ) -> [Share] {
    var shares: [Share] = []
    for tensor in container.tensors {
      let name = name(tensor)
      let index = shares.firstIndex { $0.name == name } ?? shares.endIndex
      if index == shares.endIndex { shares.append(Share(name: name)) }
      shares[index].add(tensor)
    }
    return shares
  }
}
