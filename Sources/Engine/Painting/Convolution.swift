import JanusModelFile
import Quant
import SIMDKernels

/// A convolution that keeps the size of its map: 3×3 with a border of zeros, or 1×1.
struct Convolution: @unchecked Sendable {
  /// f32 or bf16.
  let format: ElementFormat
  let outputs: Int
  let inputs: Int
  /// 3 or 1.
  let side: Int
  /// `[outputs, side, side, inputs]`: the inputs of one tap are neighbours, as a map's channels
  /// are.
  let bytes: UnsafeRawPointer
  let bias: Vector

  var taps: Int { side * side }
  /// Values from one output's weights to the next.
  var stride: Int { taps * inputs }

  /// The weights of some outputs as f32.
  func copyRows(_ rows: Range<Int>, to out: UnsafeMutablePointer<Float>, _ kernels: Kernels) {
    let (first, count) = (rows.lowerBound * stride, rows.count * stride)
    if format == .bf16 {
      kernels.bf16ToF32(bytes.assumingMemoryBound(to: UInt16.self) + first, out, count)
    } else {
      out.update(from: bytes.assumingMemoryBound(to: Float.self) + first, count: count)
    }
  }

  /// A 1×1 convolution as the product that it is.
  var linear: Linear {
    precondition(side == 1)
    let weight = Weight(
      format: format, rows: outputs, columns: inputs, bytes: bytes, levels: Weight.noLevels)
    return Linear(weight: weight, bias: bias)
  }
}
