import Quant

/// A tensor that a model file must hold: its name, what it is for and its shape.
///
/// `LanguageTensors`, `VisionTensors` and `PaintingTensors` make them from a model's dimensions. The
/// converter plans a file by them, and the engine finds and checks a file's tensors by them.
package struct TensorSpec: Equatable, Sendable {
  /// What a tensor is for, which decides the formats that it can have.
  package enum Role: Sendable {
    /// A matrix that is multiplied.
    case matrix
    /// The matrix of the text head, of whose products often only the largest are wanted.
    case head
    /// A matrix that is read row by row: the embeddings.
    case rows
    /// The weights of a convolution of the VQ decoder.
    case convolution
    /// Vectors and tables that are stored as f32: norms, biases, position embeddings, the codebook.
    case values

    /// Whether it is multiplied as a whole.
    package var isMultiplied: Bool { self == .matrix || self == .head }

    package var formats: [ElementFormat] {
      switch self {
      case .matrix: [.f32, .bf16, .int8Panels, .int4Panels, .int4CodedPanels]
      case .head: Role.matrix.formats + [.int8Planes]
      case .rows: [.f32, .bf16, .q8Rows]
      case .convolution: [.f32, .bf16]
      case .values: [.f32]
      }
    }
  }

  package let name: String
  package let role: Role
  /// Outermost first, as a checkpoint has it.
  package let shape: [Extent]
  /// Outermost first, as the file has it.
  package let storedShape: [Int]

  /// - Parameter storedShape: where the file's shape is not the checkpoint's.
  init(_ name: String, _ role: Role, _ shape: Extent..., storedShape: [Int]? = nil) {
    self.name = name
    self.role = role
    self.shape = shape
    self.storedShape = storedShape ?? shape.map(\.value)
  }

  /// Columns of the matrix `[first extent, the product of the others]`.
  package var storedColumns: Int { storedShape.dropFirst().reduce(1, *) }
}

/// `y = W x + b`.
package struct LinearTensors: Sendable {
  package let weight: TensorSpec
  package let bias: TensorSpec

  init(_ name: String, _ outputs: Extent, _ inputs: Extent) {
    weight = TensorSpec("\(name).weight", .matrix, outputs, inputs)
    bias = TensorSpec("\(name).bias", .values, outputs)
  }

  var all: [TensorSpec] { [weight, bias] }

  /// Linear layers `name.0`, `name.1`…, the first from `inputs`, all to `outputs`.
  static func projector(
    _ name: String, _ inputs: Extent, _ outputs: Extent, depth: Int
  ) -> [LinearTensors] {
    (0..<depth).map { LinearTensors("\(name).\($0)", outputs, $0 == 0 ? inputs : outputs) }
  }
}

/// A LayerNorm or GroupNorm.
package struct NormTensors: Sendable {
  package let weight: TensorSpec
  package let bias: TensorSpec

  init(_ name: String, _ count: Extent) {
    weight = TensorSpec("\(name).weight", .values, count)
    bias = TensorSpec("\(name).bias", .values, count)
  }

  var all: [TensorSpec] { [weight, bias] }
}

/// A convolution with a square kernel.
///
/// A checkpoint has its weight as `[outputs, inputs, side, side]`, the file as
/// `[outputs, side, side, inputs]`: the kernels read the inputs of one tap as neighbours, as the
/// channels of a map are.
package struct ConvolutionTensors: Sendable {
  package let weight: TensorSpec
  package let bias: TensorSpec
  package let outputs: Int
  package let inputs: Int
  package let side: Int

  init(_ name: String, _ outputs: Extent, _ inputs: Extent, side: Int) {
    let kernel = Extent(side, "the kernel of a \(side)×\(side) convolution")
    weight = TensorSpec(
      "\(name).weight", .convolution, outputs, inputs, kernel, kernel,
      storedShape: [outputs.value, side, side, inputs.value])
    bias = TensorSpec("\(name).bias", .values, outputs)
    (self.outputs, self.inputs, self.side) = (outputs.value, inputs.value, side)
  }

  var all: [TensorSpec] { [weight, bias] }
}

extension Geometry {
  /// Every tensor of the file, in its order: the order in which a forward pass reads them.
  package var tensors: [TensorSpec] {
    let length = language.embeddingLength
    return LanguageTensors(language).all + VisionTensors(vision, languageLength: length).all
      + (painting.map { PaintingTensors($0, languageLength: length).all } ?? [])
  }
}
