import Quant

/// The verbs of the VQ decoder over feature maps.
///
/// A verb gives the buffer of the map that it is called on back, unless its name says that it copies
/// or its result is that map: a decoder page reads like the formula, and memory stays bounded.
struct Drawing {
  let buffers: FeatureMapBuffers
  let ops: Ops
  let geometry: PaintingGeometry

  /// The codebook's rows at `codes`, each divided by its length, as a map.
  func lookUp(_ codes: [Int], in codebook: Vector) -> FeatureMap {
    let (side, length) = (geometry.gridSize, geometry.codeLength)
    let map = buffers.take(side, side, length)
    for (index, code) in codes.enumerated() {
      let entry = codebook.base + code * length
      let pixel = map.pixel(index / side, index % side)
      var squares: Float = 0
      for i in 0..<length { squares += entry[i] * entry[i] }
      // torch's F.normalize: x / max(|x|, 1e-12).
      let norm = max(squares.squareRoot(), 1e-12)
      for i in 0..<length { pixel[i] = entry[i] / norm }
    }
    return map
  }

  /// Nearest-neighbour enlargement to twice the size.
  func doubled(_ x: FeatureMap) -> FeatureMap {
    let out = buffers.take(2 * x.height, 2 * x.width, x.channels)
    ops.pool.run(out.height) { y, _ in
      for column in 0..<out.width {
        out.pixel(y, column).update(from: x.pixel(y / 2, column / 2), count: x.channels)
      }
    }
    buffers.giveBack(x)
    return out
  }

  /// Single-head attention of every pixel to every pixel.
  func attend(_ h: FeatureMap, _ block: VQDecoder.Attention) -> FeatureMap {
    let (pixels, channels) = (h.pixels, h.channels)
    let rows = buffers.attention.map { $0.matrix(pixels, channels) }
    let (x, q, k, v, a) = (rows[0], rows[1], rows[2], rows[3], rows[4])
    for y in 0..<h.height {
      x[row: y * h.width].update(from: h.pixel(y, 0), count: h.width * channels)
    }
    ops.matmul(
      x, Product(block.query.linear, into: q), Product(block.key.linear, into: k),
      Product(block.value.linear, into: v))
    ops.attend(q, k, v, heads: 1, into: a)
    for y in 0..<h.height {
      h.pixel(y, 0).update(from: a[row: y * h.width], count: h.width * channels)
    }
    return h
  }

  /// `clip((x + 1) / 2 · 255)`, truncated to 8 bits, as `[height, width, channels]`.
  func write(_ x: FeatureMap, to pixels: UnsafeMutablePointer<UInt8>) {
    let count = x.width * x.channels
    for y in 0..<x.height {
      let line = x.pixel(y, 0)
      for i in 0..<count {
        // A NaN comes out as black: comparisons with it are false.
        let value = (line[i] + 1) / 2 * 255
        pixels[y * count + i] = value >= 255 ? 255 : value > 0 ? UInt8(value) : 0
      }
    }
    buffers.giveBack(x)
  }
}

// MARK: Normalisation

extension Drawing {
  /// GroupNorm of a copy, with or without `x · sigmoid(x)` after it.
  func normalized(copyOf x: FeatureMap, _ norm: Norm, swish: Bool) -> FeatureMap {
    let out = buffers.take(x.height, x.width, x.channels)
    normalize(x, norm, swish: swish, into: out)
    return out
  }

  /// GroupNorm in place.
  func normalize(_ x: FeatureMap, _ norm: Norm, swish: Bool) {
    normalize(x, norm, swish: swish, into: x)
  }

  private func normalize(_ x: FeatureMap, _ norm: Norm, swish: Bool, into out: FeatureMap) {
    let channels = x.channels
    let (scale, shift) = affine(x, norm)
    let ones = [Float](repeating: 1, count: swish ? channels : 0)
    ops.pool.run(x.height) { y, _ in
      for column in 0..<x.width {
        let (from, to) = (x.pixel(y, column), out.pixel(y, column))
        for c in 0..<channels { to[c] = from[c] * scale[c] + shift[c] }
        if swish { ops.kernels.siluMul(to, ones, to, channels) }
      }
    }
  }

  /// GroupNorm as one multiplication and addition for each channel.
  private func affine(_ x: FeatureMap, _ norm: Norm) -> (scale: [Float], shift: [Float]) {
    let channels = x.channels
    let perGroup = channels / geometry.normGroups
    // Sums of each line, added up in order of the lines: the same for any number of threads.
    var sums = [Double](repeating: 0, count: x.height * channels * 2)
    sums.withUnsafeMutableBufferPointer { sums in
      let sums = sums.baseAddress!
      ops.pool.run(x.height) { y, _ in
        let line = sums + y * channels * 2
        for column in 0..<x.width {
          let pixel = x.pixel(y, column)
          for c in 0..<channels {
            let value = Double(pixel[c])
            line[c] += value
            line[channels + c] += value * value
          }
        }
      }
    }
    var scale = [Float](repeating: 0, count: channels)
    var shift = scale
    let count = Double(x.pixels * perGroup)
    for group in 0..<geometry.normGroups {
      var (sum, squares) = (0.0, 0.0)
      for y in 0..<x.height {
        for c in group * perGroup..<(group + 1) * perGroup {
          sum += sums[y * channels * 2 + c]
          squares += sums[y * channels * 2 + channels + c]
        }
      }
      let mean = sum / count
      let variance = max(0, squares / count - mean * mean)
      let deviation = (variance + Double(geometry.normEpsilon)).squareRoot()
      for c in group * perGroup..<(group + 1) * perGroup {
        scale[c] = Float(Double(norm.weight.base[c]) / deviation)
        shift[c] = Float(
          Double(norm.bias.base[c]) - mean * Double(norm.weight.base[c]) / deviation)
      }
    }
    return (scale, shift)
  }
}

// MARK: Convolution

extension Drawing {
  /// `conv(x)`, or `sum + conv(x)` in the place of `sum`.
  ///
  /// No tap gathers anything: the pixels that one tap of a block of lines reads lie together in the
  /// map, so each tap is one matrix product that adds to the block. The two border pixels between
  /// lines come out as garbage and are cleared after.
  func convolve(
    _ x: FeatureMap, _ convolution: Convolution, addingTo sum: FeatureMap? = nil
  ) -> FeatureMap {
    precondition(x.channels == convolution.inputs)
    let out = sum ?? buffers.take(x.height, x.width, convolution.outputs)
    let weights = floats(convolution)
    let lines = max(1, min(x.height, 192 / x.width))
    let columns = min(128, convolution.outputs)
    let lineTasks = (x.height + lines - 1) / lines
    let columnTasks = (convolution.outputs + columns - 1) / columns
    ops.pool.run(lineTasks * columnTasks) { task, _ in
      let (first, firstOutput) = (task / columnTasks * lines, task % columnTasks * columns)
      let block = first..<min(x.height, first + lines)
      let outputs = firstOutput..<min(convolution.outputs, firstOutput + columns)
      for y in block {
        for column in 0..<x.width {
          let pixel = out.pixel(y, column) + firstOutput
          let bias = convolution.bias.base + firstOutput
          if sum == nil {
            pixel.update(from: bias, count: outputs.count)
          } else {
            ops.kernels.add(bias, pixel, outputs.count)
          }
        }
      }
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
      ops.multiplyAdding(
        m: pixels, n: outputs.count, k: convolution.inputs, source, stride: x.channels,
        tapWeights, stride: convolution.stride, into: target, stride: out.channels)
    }
    for y in lines.dropLast() {
      for border in [out.pixel(y, out.width), out.pixel(y + 1, -1)] {
        (border + outputs.lowerBound).update(repeating: 0, count: outputs.count)
      }
    }
  }

  /// The weights as f32: the file's own bytes, or converted into the buffers' scratch.
  private func floats(_ convolution: Convolution) -> UnsafePointer<Float> {
    guard convolution.format == .bf16 else {
      return convolution.bytes.assumingMemoryBound(to: Float.self)
    }
    let halves = convolution.bytes.assumingMemoryBound(to: UInt16.self)
    let scratch = buffers.weights.matrix(convolution.outputs, convolution.stride)
    ops.forEachRows(convolution.outputs, of: convolution.stride) { rows in
      let first = rows.lowerBound * convolution.stride
      ops.kernels.bf16ToF32(
        halves + first, scratch.base + first, rows.count * convolution.stride)
    }
    return UnsafePointer(scratch.base)
  }
}

extension Ops {
  /// `c[m, n] += a[m, k] · bᵀ` with `b: [n, k]`, on the calling thread.
  func multiplyAdding(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, stride aStride: Int,
    _ b: UnsafePointer<Float>, stride bStride: Int, into c: UnsafeMutablePointer<Float>,
    stride cStride: Int
  ) {
    if let blas = BLAS.system {
      blas.multiply(
        m: m, n: n, k: k, adding: true, a, stride: aStride, b, stride: bStride, bTransposed: true,
        into: c, stride: cStride)
      return
    }
    for row in 0..<m {
      for column in 0..<n {
        var dot: Float = 0
        kernels.dotRowsF32(a + row * aStride, b + column * bStride, k, 1, k, 1, &dot)
        c[row * cStride + column] += dot
      }
    }
  }
}

extension Convolution {
  /// A 1×1 convolution as the product that it is.
  var linear: Linear {
    precondition(side == 1)
    let weight = Weight(
      format: format, rows: outputs, columns: inputs, bytes: bytes, levels: Weight.noLevels)
    return Linear(weight: weight, bias: bias)
  }
}
