import GGUF
import JanusModelFile
import JanusSystem
import Quant

/// Binds the tensors of an open container to the places of a network, checking format and shape.
///
/// After it, no tensor can be missing and no shape wrong: the forward pages trust what they hold.
package struct Binding {
  let file: WeightFile

  package init(file: WeightFile) { self.file = file }

  var container: Container { file.container }

  /// A matrix of the file.
  func matrix(_ spec: TensorSpec) throws(ModelFileError) -> Weight {
    let record = try record(spec)
    return Weight(
      format: record.format, rows: spec.storedShape[0], columns: spec.storedColumns,
      bytes: container.bytes(of: record).baseAddress!,
      levels: record.format == .int8Planes ? Weight.planeLevels : file.levels.pointer)
  }

  /// A vector, or a table without gaps, of floats.
  func vector(_ spec: TensorSpec) throws(ModelFileError) -> Vector {
    let bytes = container.bytes(of: try record(spec))
    return Vector(
      count: spec.storedShape.reduce(1, *),
      base: bytes.baseAddress!.assumingMemoryBound(to: Float.self))
  }

  func linear(_ specs: LinearTensors) throws(ModelFileError) -> Linear {
    Linear(weight: try matrix(specs.weight), bias: try vector(specs.bias))
  }

  /// Linear layers, each of which takes what the one before gives.
  func perceptron(_ specs: [LinearTensors]) throws(ModelFileError) -> [Linear] {
    var layers: [Linear] = []
    for layer in specs { layers.append(try linear(layer)) }
    return layers
  }

  /// A LayerNorm or GroupNorm.
  func norm(_ specs: NormTensors) throws(ModelFileError) -> Norm {
    Norm(weight: try vector(specs.weight), bias: try vector(specs.bias))
  }

  /// The tensor of a name, of the shape and in one of the formats that it must have.
  func record(_ spec: TensorSpec) throws(ModelFileError) -> TensorRecord {
    let record: TensorRecord
    do throws(ContainerError) {
      record = try container.tensor(spec.name)
    } catch {
      throw .container(error)
    }
    let formats = spec.role.formats
    guard record.shape == spec.storedShape, formats.contains(record.format) else {
      let names = formats.map(\.rawValue).joined(separator: " or ")
      throw .tensor(
        file: container.file.path, name: record.name,
        expected: "\(spec.storedShape) in \(names)",
        found: "\(record.shape) in \(record.format.rawValue)")
    }
    return record
  }
}
