import SIMDKernels

// A 3×3 convolution of a map that was enlarged to twice its size by repeating pixels reads 2×2
// different pixels only. With the weights of taps that read the same pixel added up there are four
// small convolutions of the map itself, one for each parity of line and column: 4/9 of the products,
// and no enlarged map.

extension Drawing {
  /// `conv(x)` of the nearest-neighbour enlargement of `x` to twice its size.
  func enlarge(_ x: FeatureMap, _ convolution: Convolution) -> FeatureMap {
    precondition(x.channels == convolution.inputs && convolution.side == 3)
    let out = buffers.take(2 * x.height, 2 * x.width, convolution.outputs)
    let weights = paritySums(convolution)
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
          ops.multiplyAdding(
            m: x.width, n: outputs.count, k: x.channels, source, stride: x.channels,
            weights[row: outputs.lowerBound] + (parity * 4 + tap) * x.channels,
            stride: weights.stride, into: out.pixel(2 * y + a, b) + outputs.lowerBound,
            stride: 2 * out.channels)
        }
      }
    }
    buffers.giveBack(x)
    return out
  }

  /// `[outputs, parity, tap, inputs]`: line `i` (of two) that an even line of the result reads is
  /// the sum of taps 0 or 1 and 2, and for an odd line of 0 and 1 or 2; likewise columns.
  private func paritySums(_ convolution: Convolution) -> Matrix {
    let inputs = convolution.inputs
    let sums = buffers.weights.matrix(convolution.outputs, 16 * inputs)
    ops.reserveThreadScratch(convolution.stride)
    ops.pool.run(convolution.outputs) { row, thread in
      let taps = ops.threadScratch[thread].base
      convolution.copyRows(row..<row + 1, to: taps, ops.kernels)
      sums[row: row].update(repeating: 0, count: sums.columns)
      for parity in 0..<4 {
        for tap in 0..<9 {
          let line = (tap / 3 + 1 - parity / 2) / 2
          let column = (tap % 3 + 1 - parity % 2) / 2
          ops.kernels.add(
            taps + tap * inputs,
            sums[row: row] + (parity * 4 + line * 2 + column) * inputs, inputs)
        }
      }
    }
    return sums
  }
}
