import Quant

/// A convolution that keeps the size of its map: 3×3 with a border of zeros, or 1×1.
struct Convolution: @unchecked Sendable {
  /// f32 or bf16.
  let format: ElementFormat
  let outputs: Int
  let inputs: Int
  /// 3 or 1.
  let side: Int
  /// `[outputs, side, side, inputs]`: the inputs of one tap lie together, as a map's channels do.
  let bytes: UnsafeRawPointer
  let bias: Vector

  var taps: Int { side * side }
  /// Values from one output's weights to the next.
  var stride: Int { taps * inputs }
}
