import JanusSystem
import Quant

/// How a model's weights are stored: what `--quant` names.
public enum Quantization: String, CaseIterable, Sendable {
  case f32, bf16, int8, int4
}

/// Which tensor is stored in which format, and why.
struct Recipe: Sendable {
  /// A line of the table: the format of the tensors that match `pattern`, by quantisation.
  private struct Line: Sendable {
    let pattern: String
    let bf16: ElementFormat
    let int8: ElementFormat
    let int4: ElementFormat
  }

  /// The first line that matches counts. What is read number by number (norms, biases, position
  /// embeddings, codebooks) is not in the table: it is f32 always, for it is small.
  private static let table: [Line] = [
    // Nine tenths of what a decoded token reads. Errors of single weights average out over a row.
    Line(pattern: "blk.*", bf16: .bf16, int8: .int8Panels, int4: .int4Panels),
    // Read row by row, not multiplied; an error here enters every layer above.
    Line(pattern: "token_embd.*", bf16: .bf16, int8: .q8Rows, int4: .q8Rows),
    // The text head: its errors go straight into the logits.
    Line(pattern: "output.*", bf16: .bf16, int8: .int8Panels, int4: .int8Panels),
    // The code head: the same, and guidance multiplies the difference of its two results by five.
    Line(pattern: "gen_head.*", bf16: .bf16, int8: .int8Panels, int4: .int8Panels),
    // The aligners: small, and everything that is seen or painted passes through them.
    Line(pattern: "mm.*", bf16: .bf16, int8: .int8Panels, int4: .int8Panels),
    Line(pattern: "gen_mm.*", bf16: .bf16, int8: .int8Panels, int4: .int8Panels),
    // The vision tower: fine strokes of formulas are read worse at 4 bits, and it is read only once
    // for each picture.
    Line(pattern: "v.*", bf16: .bf16, int8: .int8Panels, int4: .int8Panels),
    // The VQ decoder's convolutions: 85 MB, run as float products; errors are seen as noise.
    Line(pattern: "vq.*", bf16: .bf16, int8: .bf16, int4: .bf16),
  ]

  let quantization: Quantization
  let overrides: [TensorOverride]

  /// The format of each tensor, in order. Throws `usage` where an override matches nothing or asks
  /// for a format that the tensor cannot have.
  func formats(of tensors: [TensorSpec]) throws(ConversionError) -> [ElementFormat] {
    var formats = tensors.map { format(of: $0) }
    for override in overrides {
      let matches = tensors.indices.filter { override.matches(tensors[$0].name) }
      guard !matches.isEmpty else {
        throw .usage(
          "--tensor-type \(override.text): no tensor matches '\(override.pattern)'; "
            + "'janus-lite convert --report' lists the names")
      }
      // A pattern for a layer's matrices may also match its norms, which keep their format.
      let targets = matches.filter { tensors[$0].role != .values }
      for index in targets.isEmpty ? matches : targets {
        formats[index] = try override.format(for: tensors[index])
      }
    }
    return formats
  }

  private func format(of tensor: TensorSpec) -> ElementFormat {
    guard tensor.role != .values, quantization != .f32,
      let line = Self.table.first(where: { matches(tensor.name, pattern: $0.pattern) })
    else { return .f32 }
    let format =
      switch quantization {
      case .f32: ElementFormat.f32
      case .bf16: line.bf16
      case .int8: line.int8
      case .int4: line.int4
      }
    // With less than a block a row, most of the bytes would be padding.
    let columns = tensor.storedShape.dropFirst().reduce(1, *)
    if quantization != .bf16, tensor.role == .matrix, columns < ElementFormat.blockColumns {
      return .f32
    }
    // Rows that are read one by one have no padding.
    if format == .q8Rows, !columns.isMultiple(of: ElementFormat.blockColumns) { return .bf16 }
    return format
  }
}
