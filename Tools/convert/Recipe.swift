import JanusModelFile
import JanusSystem
import Quant

/// How a model's weights are stored.
///
/// The cases stand in the order of their sizes, the largest first.
public enum Quantization: String, CaseIterable, Sendable {
  case f32, bf16, int8
  /// int4 as files of format version 1 have it, which earlier versions read, too.
  case int4v1 = "int4-v1"
  case int4

  /// How an int4 weight of the recipe is stored.
  var int4Panels: ElementFormat { self == .int4v1 ? .int4Panels : .int4CodedPanels }
}

/// Which tensor is stored in which format, and why.
struct Recipe: Sendable {
  /// A line of the table: the format of the tensors whose names begin with a component.
  private struct Line: Sendable {
    let beginning: String
    let bf16: ElementFormat
    let int8: ElementFormat
    /// nil for the recipe's panels of int4.
    let int4: ElementFormat?

    init(
      _ component: String, bf16: ElementFormat, int8: ElementFormat, int4: ElementFormat?
    ) {
      beginning = component + "."
      (self.bf16, self.int8, self.int4) = (bf16, int8, int4)
    }
  }

  /// What is read number by number (norms, biases, position
  /// embeddings, codebooks) is not in the table: it is f32 always, for it is small.
  private static let table: [Line] = [
    // Nine tenths of what a decoded token reads. Errors of single weights average out over a row.
    Line(TensorName.layer, bf16: .bf16, int8: .int8Panels, int4: nil),
    // Read row by row, not multiplied; an error here enters every layer above.
    Line(TensorName.embedding, bf16: .bf16, int8: .q8Rows, int4: .q8Rows),
    // The text head: its errors go straight into the logits.
    Line(TensorName.output, bf16: .bf16, int8: .int8Planes, int4: .int8Planes),
    // The code head: the same, and guidance multiplies the difference of its two results by five.
    Line(TensorName.codeHead, bf16: .bf16, int8: .int8Panels, int4: .int8Panels),
    // The aligners: small, and everything that is seen or painted passes through them.
    Line(TensorName.aligner, bf16: .bf16, int8: .int8Panels, int4: .int8Panels),
    Line(TensorName.codeAligner, bf16: .bf16, int8: .int8Panels, int4: .int8Panels),
    // The vision tower: fine strokes of formulas are read worse at 4 bits, and it is read only once
    // for each picture.
    Line(TensorName.vision, bf16: .bf16, int8: .int8Panels, int4: .int8Panels),
    // The VQ decoder's convolutions: 85 MB, run as float products; errors are seen as noise.
    Line(TensorName.decoder, bf16: .bf16, int8: .bf16, int4: .bf16),
  ]

  /// Rows of at most so many columns have few weights over which errors average out. In janus-nano, with rows of 192,
  /// attention in 8 bits takes 5 % more bytes and two fifths off the divergence of its paintings.
  private static let narrow = 256

  let quantization: Quantization
  let overrides: [TensorOverride]

  /// The format of each tensor, in order. Throws where an override matches nothing or asks for a
  /// format that the tensor cannot have.
  func formats(of tensors: [TensorSpec]) throws(ConversionError) -> [ElementFormat] {
    var formats = tensors.map { format(of: $0) }
    for override in overrides {
      let matches = tensors.indices.filter { override.matches(tensors[$0].name) }
      guard !matches.isEmpty else {
        throw .unmatchedOverride(override.text, pattern: override.pattern)
      }
      // A pattern for a layer's matrices may also match its norms, which keep their format.
      let targets = matches.filter { tensors[$0].role != .values }
      for index in targets.isEmpty ? matches : targets {
        formats[index] = try override.format(for: tensors[index], in: quantization)
      }
    }
    return formats
  }

  private func format(of tensor: TensorSpec) -> ElementFormat {
    guard tensor.role != .values, quantization != .f32,
      let line = Self.table.first(where: { tensor.name.hasPrefix($0.beginning) })
    else { return .f32 }
    let format =
      switch quantization {
      case .f32: ElementFormat.f32
      case .bf16: line.bf16
      case .int8: line.int8
      case .int4v1, .int4: line.int4 ?? quantization.int4Panels
      }
    // With less than a block a row, most of the bytes would be padding.
    let columns = tensor.storedColumns
    if quantization != .bf16, tensor.role.isMultiplied, columns < ElementFormat.blockColumns {
      return .f32
    }
    if format == .int4CodedPanels, columns <= Self.narrow, tensor.name.contains(".attn_") {
      return .int8Panels
    }
    // Earlier versions know no planes.
    if quantization == .int4v1, format == .int8Planes { return .int8Panels }
    // Rows that are read one by one have no padding.
    if format == .q8Rows, !columns.isMultiple(of: ElementFormat.blockColumns) { return .bf16 }
    return format
  }
}
