import Foundation
import GGUF
import JanusConvert
import Quant
import Testing

@testable import JanusAccuracy
@testable import JanusEngine
@testable import JanusLite
@testable import JanusModelFile
@testable import JanusSystem
@testable import JanusWords

@Suite struct CalibrationTests {
  private let texts = ["x^{2} + 1", "a cat and a dog", "\\frac{a}{b}"]

  private func everything(_ calibration: Calibration) throws {
    try calibration.take(texts: texts)
    try calibration.take(picture: try Fixture.picture("rings"), number: 0, maxTokens: 4)
    try calibration.take(prompt: "a red circle", seed: 1)
  }

  private func measured(_ quantization: Quantization = .bf16) throws -> Importance {
    let calibration = try Calibration(try Fixture.small[0].model(quantization))
    try everything(calibration)
    try calibration.checkComplete()
    return calibration.importance
  }

  /// The first layer's inputs are the normalised embeddings, which can be computed by hand.
  @Test func whatTheFirstLayerSawIsItsInputs() throws {
    let model = try Fixture.small[0].model(.f32)
    let calibration = try Calibration(model)
    try calibration.take(texts: texts)
    let entry = try #require(calibration.importance.entries["blk.0.attn_q.weight"])

    let columns = model.language.embeddingLength
    var squares = [Double](repeating: 0, count: columns)
    var sums = squares
    var rows = 0
    func floats(_ name: String) throws -> [Float] {
      let record = try model.container.tensor(name)
      return Array(model.container.bytes(of: record).bindMemory(to: Float.self))
    }
    let table = try floats("token_embd.weight")
    let norm = try floats("blk.0.attn_norm.weight")
    for text in texts {
      let tokens =
        [model.tokenizer.bosID] + model.tokenizer.encode(text, specialTokens: .asText)
      for token in tokens {
        let row = table[token * columns..<(token + 1) * columns].map(Double.init)
        let mean = row.reduce(0) { $0 + $1 * $1 } / Double(columns)
        let scale = 1 / (mean + Double(model.language.normEpsilon)).squareRoot()
        for column in 0..<columns {
          let value = row[column] * scale * Double(norm[column])
          squares[column] += value * value
          sums[column] += value
        }
        rows += 1
      }
    }
    #expect(entry.counts == [Double(rows), 0, 0])
    for column in 0..<columns {
      #expect(abs(entry.squares[0][column] - squares[column]) <= 1e-4 * squares[column])
      #expect(abs(entry.sums[0][column] - sums[column]) <= 1e-4 * squares[column].squareRoot())
    }
    // Weights that share their inputs see the same.
    let key = try #require(calibration.importance.entries["blk.0.attn_k.weight"])
    #expect(key == entry)
  }

  @Test func eachKindOfInputCountsForItself() throws {
    let importance = try measured()
    let matrices = try MetadataReader(Fixture.small[0].model(.bf16).container).geometry().tensors
      .filter { $0.role.isMultiplied }
    #expect(Set(importance.entries.keys) == Set(matrices.map(\.name)))
    for matrix in matrices {
      let entry = try #require(importance.entries[matrix.name])
      #expect(entry.columns == matrix.storedColumns)
      let part = ModelPart(tensor: matrix.name)
      let seen = entry.counts.map { $0 > 0 }
      switch part {
      case .language: #expect(seen == [true, true, true], "\(matrix.name)")
      case .textHead: #expect(seen == [true, true, false], "\(matrix.name)")
      case .vision, .aligner: #expect(seen == [false, true, false], "\(matrix.name)")
      case .codes: #expect(seen == [false, false, true], "\(matrix.name)")
      case .embeddings, .decoder, .other: Issue.record("\(matrix.name)")
      }
    }
    // 63 codes follow another. Both rows of guidance are one.
    #expect(importance.entries["gen_mm.0.weight"]?.counts[2] == 63)
  }

  @Test func aRunThatIsInterruptedGoesOnWhereItWas() throws {
    let model = try Fixture.small[0].model(.bf16)
    let whole = try measured()
    let first = try Calibration(model)
    try first.take(texts: texts)
    #expect(throws: ImportanceError.self) { try first.checkComplete() }
    let path = ScratchFolder().folder.appendingPathComponent("importance.gguf").path
    try first.importance.write(to: path)

    let second = try Calibration(model, from: try Importance(path: path))
    // The texts are counted already.
    try everything(second)
    try second.checkComplete()
    #expect(second.importance.inputs == whole.inputs)
    for (name, entry) in whole.entries {
      let other = try #require(second.importance.entries[name])
      #expect(other.counts == entry.counts, "\(name)")
      for (a, b) in zip(other.squares.joined(), entry.squares.joined()) {
        #expect(abs(a - b) <= 1e-5 * abs(b))
      }
    }
  }

  @Test func runsOverDifferentInputsAddUp() throws {
    let model = try Fixture.small[0].model(.bf16)
    let one = try Calibration(model)
    try one.take(texts: Array(texts.prefix(1)))
    let other = try Calibration(model)
    try other.take(texts: Array(texts.dropFirst()))
    let both = try Calibration(model)
    try both.take(texts: texts)
    var merged = one.importance
    try merged.merge(other.importance)
    #expect(merged.inputs == both.importance.inputs)
    for (name, entry) in both.importance.entries {
      let sum = try #require(merged.entries[name])
      #expect(sum.counts == entry.counts)
      for (a, b) in zip(sum.squares.joined(), entry.squares.joined()) {
        #expect(abs(a - b) <= 1e-9 * abs(b))
      }
    }
    #expect(throws: ImportanceError.repeated(file: "", inputs: 2)) {
      try merged.merge(other.importance)
    }
  }

  @Test func withoutPicturesOrPromptsACalibrationIsNotComplete() throws {
    let calibration = try Calibration(try Fixture.small[0].model(.bf16))
    try calibration.take(texts: texts)
    let pictures = try #require(throws: ImportanceError.self) { try calibration.checkComplete() }
    #expect("\(pictures)".contains("pictures"))
    try calibration.take(picture: try Fixture.picture("rings"), number: 0, maxTokens: 4)
    let prompts = try #require(throws: ImportanceError.self) { try calibration.checkComplete() }
    #expect("\(prompts)".contains("prompts"))
  }

  @Test func anotherModelIsRefused() throws {
    let importance = try measured()
    #expect(throws: ImportanceError.self) {
      try Calibration(try Fixture.small[1].model(.bf16), from: importance)
    }
    let error = try #require(throws: ConversionError.self) {
      try Conversion(source: Fixture.small[1].folder.path, importance: importance)
    }
    guard case .importance(.otherModel) = error else {
      Issue.record("\(error)")
      return
    }
  }

  /// The rows of both guidance and prompt: their inputs are those of a painting by hand.
  @Test func aPaintingCountsTheRowThatGuidanceMakes() throws {
    let model = try Fixture.small[0].model(.f32)
    let calibration = try Calibration(model)
    try calibration.take(prompt: "a red circle", seed: 1, guidance: 3)
    let entry = try #require(calibration.importance.entries["gen_mm.0.weight"])
    // The code's entry stands in both rows: 3 x − 2 x = x.
    let painter = try Painter(model)
    let codes = try #require(
      try painter.codes(
        for: painter.request("a red circle"), seeds: [1],
        settings: Painter.Settings(guidance: 3)))[0]
    let record = try model.container.tensor("gen_embd.weight")
    let table = Array(model.container.bytes(of: record).bindMemory(to: Float.self))
    let length = entry.columns
    var sums = [Double](repeating: 0, count: length)
    for code in codes.dropLast() {
      for column in 0..<length { sums[column] += Double(table[code * length + column]) }
    }
    for (found, expected) in zip(entry.sums[2], sums) {
      #expect(abs(found - expected) <= 1e-5 * max(1, abs(expected)))
    }
  }

  /// What counts is the error of products with inputs like those that were seen.
  @Test func convertedWeightsGiveSmallerErrorsOfTheirProducts() throws {
    let importance = try measured()
    let folder = ScratchFolder().folder
    let paths = ["plain", "rounded"].map { folder.appendingPathComponent("\($0).gguf").path }
    let source = Fixture.small[0].folder.path
    _ = try Conversion(source: source, quantization: .int4).write(to: paths[0])
    _ = try Conversion(source: source, quantization: .int4, importance: importance)
      .write(to: paths[1])
    let exact = try Fixture.small[0].model(.f32)
    let models = try paths.map { try Janus(path: $0) }
    // Random embeddings have hardly a mean, so that the first layer gains little.
    for (name, most) in [
      ("blk.0.ffn_gate.weight", 1), ("blk.1.ffn_down.weight", 0.97),
    ] {
      let entry = try #require(importance.entries[name])
      let original = try values(exact, name)
      /// The mean square of a product's error for inputs of each kind with independent columns.
      func error(_ model: Janus) throws -> Double {
        let values = try values(model, name)
        var sum = 0.0
        for row in 0..<values.count / entry.columns {
          for pass in entry.counts.indices where entry.counts[pass] > 0 {
            let (count, size) = (entry.counts[pass], entry.squares[pass].reduce(0, +))
            var along = 0.0
            for column in 0..<entry.columns {
              let place = row * entry.columns + column
              let error = Double(values[place] - original[place])
              let mean = entry.sums[pass][column] / count
              let variance = entry.squares[pass][column] / count - mean * mean
              along += mean * error
              sum += variance * error * error * count / size
            }
            sum += along * along * count / size
          }
        }
        return sum
      }
      let (plain, rounded) = (try error(models[0]), try error(models[1]))
      #expect(rounded < most * plain, "\(name): \(rounded / plain)")
    }
    // What is in int8 stays as it is.
    #expect(try values(models[0], "output.weight") == values(models[1], "output.weight"))
  }

  private func values(_ model: Janus, _ name: String) throws -> [Float] {
    let record = try model.container.tensor(name)
    var values = [Float](repeating: 0, count: record.layout.rows * record.layout.columns)
    values.withUnsafeMutableBufferPointer {
      decode(
        model.container.bytes(of: record), as: record.format, rowCount: record.layout.rows,
        columns: record.layout.columns, into: $0)
    }
    return values
  }
}
