import GGUF
import JanusModelFile
import JanusSystem
import JanusWords
import Quant

/// Binds the tensors of an open container to the places of a network, checking format and shape.
///
/// After it, no tensor can be missing and no shape wrong: the forward pages trust what they hold.
package struct Binding {
  let file: WeightFile

  package init(file: WeightFile) { self.file = file }

  var container: Container { file.container }

  private static let products: Set<ElementFormat> = [.f32, .bf16, .int8Panels, .int4Panels]
  private static let tables: Set<ElementFormat> = [.f32, .bf16, .q8Rows]

  /// A matrix that is multiplied.
  func weight(_ name: String, _ rows: Int, _ columns: Int) throws(ModelFileError) -> Weight {
    try matrix(name, rows, columns, formats: Self.products)
  }

  /// A matrix that is read row by row.
  func table(_ name: String, _ rows: Int, _ columns: Int) throws(ModelFileError) -> Weight {
    try matrix(name, rows, columns, formats: Self.tables)
  }

  /// `prefix.weight` and, where there is one, `prefix.bias`.
  func linear(_ prefix: String, _ rows: Int, _ columns: Int) throws(ModelFileError) -> Linear {
    Linear(
      weight: try weight(prefix + ".weight", rows, columns),
      bias: try vector(prefix + ".bias", rows))
  }

  /// `prefix.weight` and `prefix.bias` of a LayerNorm or GroupNorm.
  func norm(_ prefix: String, _ count: Int) throws(ModelFileError) -> Norm {
    Norm(
      weight: try vector(prefix + ".weight", count), bias: try vector(prefix + ".bias", count))
  }

  /// A vector, or a table without gaps, of `count` floats.
  func vector(_ name: String, _ count: Int) throws(ModelFileError) -> Vector {
    let record = try record(name)
    guard record.format == .f32, record.shape.reduce(1, *) == count else {
      throw mismatch(record, expected: "\(count) values of f32")
    }
    let bytes = container.bytes(of: record)
    return Vector(count: count, base: bytes.baseAddress!.assumingMemoryBound(to: Float.self))
  }

  private func matrix(
    _ name: String, _ rows: Int, _ columns: Int, formats: Set<ElementFormat>
  ) throws(ModelFileError) -> Weight {
    let record = try record(name)
    guard record.shape == [rows, columns], formats.contains(record.format) else {
      let names = formats.map(\.rawValue).sorted().joined(separator: ", ")
      throw mismatch(record, expected: "[\(rows), \(columns)] in one of \(names)")
    }
    return Weight(
      format: record.format, rows: rows, columns: columns,
      bytes: container.bytes(of: record).baseAddress!, levels: file.levels.pointer)
  }

  func record(_ name: String) throws(ModelFileError) -> TensorRecord {
    do throws(ContainerError) {
      return try container.tensor(name)
    } catch {
      throw .container(error)
    }
  }

  func mismatch(_ record: TensorRecord, expected: String) -> ModelFileError {
    .tensor(
      file: container.file.path, name: record.name, expected: expected,
      found: "\(record.shape) in \(record.format.rawValue)")
  }
}

extension LanguageModel {
  package init(_ binding: Binding, _ geometry: LanguageGeometry) throws(ModelFileError) {
    let g = geometry
    let (d, f) = (g.embeddingLength, g.feedForwardLength)
    let (queries, keys) = (g.headCount * g.headDim, g.keyValueHeadCount * g.headDim)
    var layers: [Layer] = []
    for index in 0..<g.layerCount {
      let name: (String) -> String = { "blk.\(index).\($0).weight" }
      layers.append(
        Layer(
          attentionNorm: try binding.vector(name("attn_norm"), d),
          query: try binding.weight(name("attn_q"), queries, d),
          key: try binding.weight(name("attn_k"), keys, d),
          value: try binding.weight(name("attn_v"), keys, d),
          attentionOutput: try binding.weight(name("attn_output"), d, queries),
          feedForwardNorm: try binding.vector(name("ffn_norm"), d),
          gate: try binding.weight(name("ffn_gate"), f, d),
          up: try binding.weight(name("ffn_up"), f, d),
          down: try binding.weight(name("ffn_down"), d, f)))
    }
    self.init(
      file: binding.file, geometry: g,
      embedding: try binding.table("token_embd.weight", g.vocabularySize, d),
      layers: layers, outputNorm: try binding.vector("output_norm.weight", d),
      output: try binding.weight("output.weight", g.vocabularySize, d))
  }
}

extension VisionTower {
  package init(
    _ binding: Binding, _ geometry: VisionGeometry, languageLength: Int
  ) throws(ModelFileError) {
    let g = geometry
    let (e, f) = (g.embeddingLength, g.feedForwardLength)
    var layers: [Layer] = []
    for index in 0..<g.layerCount {
      let name: (String) -> String = { "v.blk.\(index).\($0)" }
      layers.append(
        Layer(
          norm1: try binding.norm(name("ln1"), e),
          query: try binding.linear(name("attn_q"), e, e),
          key: try binding.linear(name("attn_k"), e, e),
          value: try binding.linear(name("attn_v"), e, e),
          attentionOutput: try binding.linear(name("attn_out"), e, e),
          norm2: try binding.norm(name("ln2"), e),
          up: try binding.linear(name("ffn_up"), f, e),
          down: try binding.linear(name("ffn_down"), e, f)))
    }
    self.init(
      file: binding.file, geometry: g,
      patchEmbedding: try binding.linear("v.patch_embd", e, 3 * g.patchSize * g.patchSize),
      positionEmbedding: try binding.vector("v.position_embd.weight", g.patchCount * e),
      layers: layers, postNorm: try binding.norm("v.post_ln", e),
      aligner: try binding.perceptron(
        "mm", depth: g.alignerDepth, inputs: e, outputs: languageLength))
  }
}

extension Binding {
  /// `depth` linear layers `prefix.0`, `prefix.1`…, the first from `inputs`, all to `outputs`.
  func perceptron(
    _ prefix: String, depth: Int, inputs: Int, outputs: Int
  ) throws(ModelFileError) -> [Linear] {
    var layers: [Linear] = []
    for index in 0..<depth {
      layers.append(try linear("\(prefix).\(index)", outputs, index == 0 ? inputs : outputs))
    }
    return layers
  }
}
