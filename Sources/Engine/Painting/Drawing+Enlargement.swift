import JanusModelFile
import JanusSystem
import Quant
import SIMDKernels

// A map is enlarged to twice its size by repeating pixels. A 3×3 convolution of that reads only 2×2
// different pixels. The weights of taps that read the same pixel are added. That leaves four small
// convolutions of the map itself, one for each parity of line and column, with 4/9 of the products
// and without an enlarged map.

extension Drawing {
  /// `conv(x)` of the nearest-neighbour enlargement of `x` to twice its size.
  func enlarge(_ x: FeatureMap, _ convolution: Convolution) throws(MemoryError) -> FeatureMap {
    precondition(x.channels == convolution.inputs && convolution.side == 3)
    guard x.width >= precision.enlargements, x.channels % ElementFormat.blockColumns == 0 else {
      return try enlargeFloats(x, convolution)
    }
    let input = try quantized(x)
    buffers.giveBack(x)
    return try enlarge(input, convolution)
  }

  // MARK: Products in int8

  /// One product for each parity and line of two taps.
  private func enlarge(_ x: QuantizedMap, _ convolution: Convolution) throws(MemoryError)
    -> FeatureMap
  {
    let out = try buffers.take(2 * x.height, 2 * x.width, convolution.outputs)
    let weight = try buffers.panels.paritySums(convolution, ops)
    let blockBytes = ElementFormat.int8Panels.bytesPerPanelBlock
    ops.pool.run(x.height) { y, _ in
      for parity in 0..<4 {
        let (a, b) = (parity / 2, parity % 2)
        for line in 0..<2 {
          let source = x.block(y + a - 1 + line, b - 1)
          ops.kernels.matmulInt8(
            weight.bytes + (parity * 4 + line * 2) * x.blocks * blockBytes, weight.levels,
            2 * x.blocks, 16 * x.blocks, 0, weight.panels, weight.rows, x.values + source * 32,
            x.scales + source, x.offsets + source, ScalePrecision.full, x.blocks, x.width,
            line == 0 ? convolution.bias.base : nil, out.pixel(2 * y + a, b), 2 * out.channels,
            line > 0)
        }
      }
    }
    return out
  }

  // MARK: Products in floats

  private func enlargeFloats(_ x: FeatureMap, _ convolution: Convolution) throws(MemoryError)
    -> FeatureMap
  {
    let out = try buffers.take(2 * x.height, 2 * x.width, convolution.outputs)
    let weights = try paritySums(convolution)
    let columns = min(256, convolution.outputs)
    let columnTasks = (convolution.outputs + columns - 1) / columns
    ops.pool.run(x.height * columnTasks) { task, _ in
      let (y, first) = (task / columnTasks, task % columnTasks * columns)
      let outputs = first..<min(convolution.outputs, first + columns)
      begin(out, convolution, lines: 2 * y..<2 * y + 2, outputs: outputs, adding: false)
      for parity in 0..<4 {
        let (a, b) = (parity / 2, parity % 2)
        for tap in 0..<4 {
          let source = x.pixel(y + a - 1 + tap / 2, b - 1 + tap % 2)
          ops.multiply(
            m: x.width, n: outputs.count, k: x.channels, adding: true, source,
            stride: x.channels, weights[row: outputs.lowerBound] + (parity * 4 + tap) * x.channels,
            stride: weights.stride, into: out.pixel(2 * y + a, b) + outputs.lowerBound,
            stride: 2 * out.channels)
        }
      }
    }
    buffers.giveBack(x)
    return out
  }

  private func paritySums(_ convolution: Convolution) throws(MemoryError) -> Matrix {
    let sums = try buffers.weights.matrix(convolution.outputs, 16 * convolution.inputs)
    try ops.reserveThreadScratch(convolution.stride)
    ops.pool.run(convolution.outputs) { row, thread in
      convolution.copyParitySums(
        row..<row + 1, to: sums[row: row], taps: ops.threadScratch[thread].base, ops.kernels)
    }
    return sums
  }
}

extension Convolution {
  /// `[outputs, parity, tap, inputs]` of some outputs: line `i` (of two) that an even line of the
  /// enlarged map reads is the sum of taps 0 or 1 and 2, and for an odd line of 0 and 1 or 2;
  /// likewise columns. `taps` is scratch for one output's weights.
  func copyParitySums(
    _ rows: Range<Int>, to out: UnsafeMutablePointer<Float>, taps: UnsafeMutablePointer<Float>,
    _ kernels: Kernels
  ) {
    out.update(repeating: 0, count: rows.count * 16 * inputs)
    for row in rows {
      copyRows(row..<row + 1, to: taps, kernels)
      let sums = out + (row - rows.lowerBound) * 16 * inputs
      for parity in 0..<4 {
        for tap in 0..<9 {
          let line = (tap / 3 + 1 - parity / 2) / 2
          let column = (tap % 3 + 1 - parity % 2) / 2
          kernels.add(
            taps + tap * inputs, sums + (parity * 4 + line * 2 + column) * inputs, inputs)
        }
      }
    }
  }
}
