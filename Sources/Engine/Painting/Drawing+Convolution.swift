import JanusModelFile
import JanusSystem
import Quant
import SIMDKernels

// Convolutions copy no pixels. The pixels that a tap, or a line of taps, reads for a line of
// outputs are neighbours in the map. So each tap is a matrix product that is added to the outputs.

extension Drawing {
  /// `conv(x)`, or `sum + conv(x)` written over `sum`.
  func convolve(
    _ input: ConvolutionInput, _ convolution: Convolution, addingTo sum: FeatureMap? = nil
  ) throws(MemoryError) -> FeatureMap {
    switch input {
    case .floats(let x): try convolve(x, convolution, addingTo: sum)
    case .int8(let x): try convolve(x, convolution, addingTo: sum)
    }
  }

  /// Begins the sums of a block of outputs: with the bias, and with what `out` holds if `adding`.
  func begin(
    _ out: FeatureMap, _ convolution: Convolution, lines: Range<Int>, outputs: Range<Int>,
    adding: Bool
  ) {
    let bias = convolution.bias.base + outputs.lowerBound
    for y in lines {
      for column in 0..<out.width {
        let pixel = out.pixel(y, column) + outputs.lowerBound
        if adding {
          ops.kernels.add(bias, pixel, outputs.count)
        } else {
          pixel.update(from: bias, count: outputs.count)
        }
      }
    }
  }

  // MARK: Products in int8

  /// One product for each line of taps. Tasks are cut so that their weights and their lines stay in
  /// a core's L2 cache.
  private func convolve(
    _ x: QuantizedMap, _ convolution: Convolution, addingTo sum: FeatureMap? = nil
  ) throws(MemoryError) -> FeatureMap {
    precondition(x.channels == convolution.inputs)
    let out = try buffers.target(sum, x.height, x.width, convolution.outputs)
    let weight = try buffers.panels.weight(convolution, ops)
    let blockBytes = ElementFormat.int8Panels.bytesPerPanelBlock
    let panelStride = weight.columns / ElementFormat.blockColumns
    let tapBlocks = convolution.side * x.blocks
    let half = convolution.side / 2

    let lines = max(1, min(x.height, 512 / x.width))
    // An even number: the kernels like panels in pairs.
    let panels = max(2, 400 * 1024 / (panelStride * blockBytes) / 2 * 2)
    let panelTasks = (weight.panels + panels - 1) / panels
    ops.pool.run((x.height + lines - 1) / lines * panelTasks) { task, _ in
      let firstLine = task / panelTasks * lines
      let block = firstLine..<min(x.height, firstLine + lines)
      let range = task % panelTasks * panels..<min(weight.panels, (task % panelTasks + 1) * panels)
      for y in block {
        for tap in 0..<convolution.side {
          let source = x.block(y + tap - half, -half)
          ops.kernels.matmulInt8(
            weight.bytes + tap * tapBlocks * blockBytes, weight.levels, tapBlocks, panelStride,
            range.lowerBound, range.upperBound, weight.rows, x.values + source * 32,
            x.scales + source, x.offsets + source, ScalePrecision.full, x.blocks, x.width,
            tap == 0 ? convolution.bias.base : nil, out.pixel(y, 0), out.channels,
            sum != nil || tap > 0)
        }
      }
    }
    return out
  }

  // MARK: Products in floats

  /// One product for each tap over a block of lines. The two border pixels between lines get
  /// meaningless values and are cleared afterwards.
  func convolve(
    _ x: FeatureMap, _ convolution: Convolution, addingTo sum: FeatureMap? = nil
  ) throws(MemoryError) -> FeatureMap {
    precondition(x.channels == convolution.inputs)
    if Self.tiles(convolution) { return try convolveByWinograd(x, convolution, addingTo: sum) }
    let out = try buffers.target(sum, x.height, x.width, convolution.outputs)
    let weights = try floats(convolution)
    let lines = max(1, min(x.height, 192 / x.width))
    let columns = min(128, convolution.outputs)
    let lineTasks = (x.height + lines - 1) / lines
    let columnTasks = (convolution.outputs + columns - 1) / columns
    ops.pool.run(lineTasks * columnTasks) { task, _ in
      let (first, firstOutput) = (task / columnTasks * lines, task % columnTasks * columns)
      let block = first..<min(x.height, first + lines)
      let outputs = firstOutput..<min(convolution.outputs, firstOutput + columns)
      begin(out, convolution, lines: block, outputs: outputs, adding: sum != nil)
      multiply(x, convolution, weights, lines: block, outputs: outputs, into: out)
    }
    buffers.giveBack(x)
    return out
  }

  private func multiply(
    _ x: FeatureMap, _ convolution: Convolution, _ weights: UnsafePointer<Float>,
    lines: Range<Int>, outputs: Range<Int>, into out: FeatureMap
  ) {
    let pixels = (lines.count - 1) * (x.width + 2) + x.width
    let half = convolution.side / 2
    let target = out.pixel(lines.lowerBound, 0) + outputs.lowerBound
    for tap in 0..<convolution.taps {
      let (dy, dx) = (tap / convolution.side - half, tap % convolution.side - half)
      let source = x.pixel(lines.lowerBound + dy, dx)
      let tapWeights =
        weights + outputs.lowerBound * convolution.stride + tap * convolution.inputs
      ops.multiply(
        m: pixels, n: outputs.count, k: convolution.inputs, adding: true, source,
        stride: x.channels, tapWeights, stride: convolution.stride, into: target,
        stride: out.channels)
    }
    for y in lines.dropLast() {
      for border in [out.pixel(y, out.width), out.pixel(y + 1, -1)] {
        (border + outputs.lowerBound).update(repeating: 0, count: outputs.count)
      }
    }
  }

  /// The weights as f32: the file's own bytes, or converted into the buffers' scratch.
  private func floats(_ convolution: Convolution) throws(MemoryError) -> UnsafePointer<Float> {
    if convolution.format == .f32 { return convolution.bytes.assumingMemoryBound(to: Float.self) }
    let scratch = try buffers.weights.matrix(convolution.outputs, convolution.stride)
    ops.forEachRows(convolution.outputs, of: convolution.stride) { rows in
      convolution.copyRows(rows, to: scratch[row: rows.lowerBound], ops.kernels)
    }
    return UnsafePointer(scratch.base)
  }
}

extension Ops {
  /// `c[m, n] = a[m, k] · bᵀ` with `b: [n, k]`, or added to what `c` holds, on the calling thread.
  func multiply(
    m: Int, n: Int, k: Int, adding: Bool, _ a: UnsafePointer<Float>, stride aStride: Int,
    _ b: UnsafePointer<Float>, stride bStride: Int, into c: UnsafeMutablePointer<Float>,
    stride cStride: Int
  ) {
    if let blas = BLAS.system {
      blas.multiply(
        m: m, n: n, k: k, adding: adding, a, stride: aStride, b, stride: bStride, bTransposed: true,
        into: c, stride: cStride)
      return
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: m) { sums in
      for column in 0..<n {
        kernels.matmulF32(b + column * bStride, k, 0, 1, a, aStride, m, sums.baseAddress!, 1)
        for row in 0..<m {
          let sum = c + row * cStride + column
          sum.pointee = adding ? sum.pointee + sums[row] : sums[row]
        }
      }
    }
  }
}
