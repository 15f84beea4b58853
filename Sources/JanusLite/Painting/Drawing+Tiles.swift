import SIMDKernels

// 3×3 convolutions in floats by Winograd's F(2×2, 3×3) (Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks", arXiv:1509.09308): 16 products for a tile of 2×2 results instead
// of 36. A tile reads 4×4 pixels; these, the weights and the products pass through small matrices,
// one dimension after the other. The products at one of the 16 places of all tiles are one matrix
// product.

private typealias Channels = SIMD8<Float>
private typealias Four = (Channels, Channels, Channels, Channels)

extension Drawing {
  /// Whether `convolveTiles` can do it.
  static func tiles(_ convolution: Convolution) -> Bool {
    let width = Channels.scalarCount
    return convolution.side == 3 && convolution.inputs % width == 0
      && convolution.outputs % width == 0
  }

  /// Bounds the memory of tiles, whatever the map.
  private static let mostTiles = 576

  /// Lines of tiles of such a map that are multiplied at once.
  private static func linesAtOnce(width: Int) -> Int { max(1, mostTiles / ((width + 1) / 2)) }

  /// Tiles of such a map that are multiplied at once.
  static func tilesAtOnce(height: Int, width: Int) -> Int {
    min((height + 1) / 2, linesAtOnce(width: width)) * ((width + 1) / 2)
  }

  /// `conv(x)`, or `sum + conv(x)` in the place of `sum`.
  func convolveTiles(
    _ x: FeatureMap, _ convolution: Convolution, addingTo sum: FeatureMap?
  ) -> FeatureMap {
    let out = sum ?? buffers.take(x.height, x.width, convolution.outputs)
    let weights = spreadWeights(convolution)
    let (perLine, lines) = ((x.width + 1) / 2, (x.height + 1) / 2)
    let step = Self.linesAtOnce(width: x.width)
    for first in stride(from: 0, to: lines, by: step) {
      let range = first..<min(lines, first + step)
      let count = range.count * perLine
      let input = buffers.tileInputs.matrix(16 * count, convolution.inputs)
      let output = buffers.tileOutputs.matrix(16 * count, convolution.outputs)
      ops.pool.run(range.count) { line, _ in
        for column in 0..<perLine {
          spread(
            x, 2 * (first + line), 2 * column, into: input, tile: line * perLine + column, of: count
          )
        }
      }
      multiply(input, weights, tiles: count, into: output)
      ops.pool.run(range.count) { line, _ in
        for column in 0..<perLine {
          gather(
            output, tile: line * perLine + column, of: count, convolution.bias, into: out,
            2 * (first + line), 2 * column, adding: sum != nil)
        }
      }
    }
    buffers.giveBack(x)
    return out
  }

  private func multiply(_ input: Matrix, _ weights: Matrix, tiles: Int, into output: Matrix) {
    let outputs = output.columns
    let columns = min(256, outputs)
    let columnTasks = (outputs + columns - 1) / columns
    ops.pool.run(16 * columnTasks) { task, _ in
      let (place, first) = (task / columnTasks, task % columnTasks * columns)
      ops.multiply(
        m: tiles, n: min(columns, outputs - first), k: input.columns, adding: false,
        input[row: place * tiles], stride: input.stride, weights[row: place * outputs + first],
        stride: weights.stride, into: output[row: place * tiles] + first, stride: output.stride)
    }
  }

  /// `[16 places · outputs, inputs]`
  private func spreadWeights(_ convolution: Convolution) -> Matrix {
    let (inputs, outputs) = (convolution.inputs, convolution.outputs)
    let out = buffers.weights.matrix(16 * outputs, inputs)
    ops.reserveThreadScratch(convolution.stride)
    ops.pool.run(outputs) { row, thread in
      let taps = ops.threadScratch[thread].base
      convolution.copyRows(row..<row + 1, to: taps, ops.kernels)
      for c in stride(from: 0, to: inputs, by: Channels.scalarCount) {
        @inline(__always) func line(_ i: Int) -> Four {
          let first = taps + 3 * i * inputs + c
          return spreadTaps(load(first), load(first + inputs), load(first + 2 * inputs))
        }
        let (a, b, d) = (line(0), line(1), line(2))
        let columns = (
          spreadTaps(a.0, b.0, d.0), spreadTaps(a.1, b.1, d.1), spreadTaps(a.2, b.2, d.2),
          spreadTaps(a.3, b.3, d.3)
        )
        store(columns) { out[row: $0 * outputs + row] + c }
      }
    }
    return out
  }

  /// The 4×4 pixels from (y - 1, x - 1) on, as places of a tile.
  private func spread(
    _ map: FeatureMap, _ y: Int, _ x: Int, into out: Matrix, tile: Int, of count: Int
  ) {
    // Beyond the border, which a tile of an odd map reads, is more border.
    let pixel = { (i: Int, j: Int) in
      y + i <= map.height + 1 && x + j <= map.width + 1
        ? map.pixel(y + i - 1, x + j - 1) : map.pixel(-1, -1)
    }
    withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>.self, capacity: 16) { pixels in
      for place in 0..<16 { pixels[place] = pixel(place / 4, place % 4) }
      for c in stride(from: 0, to: map.channels, by: Channels.scalarCount) {
        @inline(__always) func line(_ i: Int) -> Four {
          spreadPixels(
            load(pixels[4 * i] + c), load(pixels[4 * i + 1] + c), load(pixels[4 * i + 2] + c),
            load(pixels[4 * i + 3] + c))
        }
        let (a, b, d, e) = (line(0), line(1), line(2), line(3))
        let columns = (
          spreadPixels(a.0, b.0, d.0, e.0), spreadPixels(a.1, b.1, d.1, e.1),
          spreadPixels(a.2, b.2, d.2, e.2), spreadPixels(a.3, b.3, d.3, e.3)
        )
        store(columns) { out[row: $0 * count + tile] + c }
      }
    }
  }

  /// The 2×2 results of a tile from its 16 products.
  private func gather(
    _ products: Matrix, tile: Int, of count: Int, _ bias: Vector, into out: FeatureMap, _ y: Int,
    _ x: Int, adding: Bool
  ) {
    for c in stride(from: 0, to: out.channels, by: Channels.scalarCount) {
      @inline(__always) func column(_ j: Int) -> (Channels, Channels) {
        gatherResults(
          load(products[row: j * count + tile] + c),
          load(products[row: (4 + j) * count + tile] + c),
          load(products[row: (8 + j) * count + tile] + c),
          load(products[row: (12 + j) * count + tile] + c))
      }
      let (a, b, d, e) = (column(0), column(1), column(2), column(3))
      let first = load(bias.base + c)
      @inline(__always) func put(_ values: (Channels, Channels), _ y: Int) {
        if y >= out.height { return }
        let pixel = out.pixel(y, x) + c
        store(values.0 + first + (adding ? load(pixel) : .zero), pixel)
        if x + 1 >= out.width { return }
        let next = pixel + out.channels
        store(values.1 + first + (adding ? load(next) : .zero), next)
      }
      put(gatherResults(a.0, b.0, d.0, e.0), y)
      put(gatherResults(a.1, b.1, d.1, e.1), y + 1)
    }
  }
}

/// `Bᵀ d`
@inline(__always)
private func spreadPixels(_ a: Channels, _ b: Channels, _ c: Channels, _ d: Channels) -> Four {
  (a - c, b + c, c - b, b - d)
}

/// `G g`
@inline(__always)
private func spreadTaps(_ a: Channels, _ b: Channels, _ c: Channels) -> Four {
  let half = (a + c) * 0.5
  return (a, half + b * 0.5, half - b * 0.5, c)
}

/// `Aᵀ m`
@inline(__always)
private func gatherResults(
  _ a: Channels, _ b: Channels, _ c: Channels, _ d: Channels
) -> (Channels, Channels) {
  (a + b + c, b - c - d)
}

@inline(__always)
private func load(_ from: UnsafePointer<Float>) -> Channels {
  UnsafeRawPointer(from).loadUnaligned(as: Channels.self)
}

@inline(__always)
private func store(_ x: Channels, _ to: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(to).storeBytes(of: x, as: Channels.self)
}

/// Four columns of four lines, to the places `4 · line + column`.
@inline(__always)
private func store(
  _ columns: (Four, Four, Four, Four), to place: (Int) -> UnsafeMutablePointer<Float>
) {
  store(columns.0.0, place(0))
  store(columns.1.0, place(1))
  store(columns.2.0, place(2))
  store(columns.3.0, place(3))
  store(columns.0.1, place(4))
  store(columns.1.1, place(5))
  store(columns.2.1, place(6))
  store(columns.3.1, place(7))
  store(columns.0.2, place(8))
  store(columns.1.2, place(9))
  store(columns.2.2, place(10))
  store(columns.3.2, place(11))
  store(columns.0.3, place(12))
  store(columns.1.3, place(13))
  store(columns.2.3, place(14))
  store(columns.3.3, place(15))
}
