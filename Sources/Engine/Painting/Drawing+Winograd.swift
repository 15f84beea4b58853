import JanusModelFile
import JanusSystem
import SIMDKernels

// 3×3 convolutions in floats by Winograd tiles. Pixels, weights and products are transformed by
// small matrices, first in one dimension, then in the other. The products at one place of all tiles
// are one matrix product.

private typealias Tile = WinogradTile

extension Drawing {
  /// Whether `convolveByWinograd` can do it.
  static func tiles(_ convolution: Convolution) -> Bool {
    let width = Channels.scalarCount
    return convolution.side == 3 && convolution.inputs % width == 0
      && convolution.outputs % width == 0
  }

  /// Limits the memory of tiles for any map.
  private static let mostPlaces = 9216

  /// Lines of tiles of such a map that are multiplied at once.
  private static func linesAtOnce(width: Int) -> Int {
    max(1, mostPlaces / (Tile.places * Tile.count(width)))
  }

  /// Places of all tiles of such a map that are multiplied at once.
  static func placesAtOnce(height: Int, width: Int) -> Int {
    Tile.places * min(Tile.count(height), linesAtOnce(width: width)) * Tile.count(width)
  }

  /// `conv(x)`, or `sum + conv(x)` written over `sum`.
  func convolveByWinograd(
    _ x: FeatureMap, _ convolution: Convolution, addingTo sum: FeatureMap?
  ) throws(MemoryError) -> FeatureMap {
    let out = try buffers.target(sum, x.height, x.width, convolution.outputs)
    let weights = try transformFilters(convolution)
    let (perLine, lines) = (Tile.count(x.width), Tile.count(x.height))
    let step = Self.linesAtOnce(width: x.width)
    for first in stride(from: 0, to: lines, by: step) {
      let range = first..<min(lines, first + step)
      let count = range.count * perLine
      let input = try buffers.tileInputs.matrix(Tile.places * count, convolution.inputs)
      let output = try buffers.tileOutputs.matrix(Tile.places * count, convolution.outputs)
      ops.pool.run(range.count) { line, _ in
        for column in 0..<perLine {
          transformInput(
            x, Tile.results * (first + line), Tile.results * column, into: input,
            tile: line * perLine + column, of: count)
        }
      }
      multiply(input, weights, tiles: count, into: output)
      ops.pool.run(range.count) { line, _ in
        for column in 0..<perLine {
          transformOutput(
            output, tile: line * perLine + column, of: count, convolution.bias, into: out,
            Tile.results * (first + line), Tile.results * column, adding: sum != nil)
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
    ops.pool.run(Tile.places * columnTasks) { task, _ in
      let (place, first) = (task / columnTasks, task % columnTasks * columns)
      ops.multiply(
        m: tiles, n: min(columns, outputs - first), k: input.columns, adding: false,
        input[row: place * tiles], stride: input.stride, weights[row: place * outputs + first],
        stride: weights.stride, into: output[row: place * tiles] + first, stride: output.stride)
    }
  }

  /// `[places · outputs, inputs]`
  private func transformFilters(_ convolution: Convolution) throws(MemoryError) -> Matrix {
    let (inputs, outputs) = (convolution.inputs, convolution.outputs)
    let out = try buffers.weights.matrix(Tile.places * outputs, inputs)
    try ops.reserveThreadScratch(convolution.stride)
    ops.pool.run(outputs) { row, thread in
      let taps = ops.threadScratch[thread].base
      convolution.copyRows(row..<row + 1, to: taps, ops.kernels)
      withTile { tile in
        for c in stride(from: 0, to: inputs, by: Channels.scalarCount) {
          for i in 0..<3 {
            for j in 0..<3 { tile[Tile.side * i + j] = load(taps + (3 * i + j) * inputs + c) }
            Tile.transformFilter(tile + Tile.side * i, to: tile + Tile.side * i, stride: 1)
          }
          for j in 0..<Tile.side { Tile.transformFilter(tile + j, to: tile + j, stride: Tile.side) }
          for place in 0..<Tile.places { store(tile[place], out[row: place * outputs + row] + c) }
        }
      }
    }
    return out
  }

  /// The pixels from (y - 1, x - 1) on, as places of a tile.
  private func transformInput(
    _ map: FeatureMap, _ y: Int, _ x: Int, into out: Matrix, tile index: Int, of count: Int
  ) {
    // A tile at the edge of a map may read beyond the border; that counts as border, too.
    let pixel = { (i: Int, j: Int) in
      y + i <= map.height + 1 && x + j <= map.width + 1
        ? map.pixel(y + i - 1, x + j - 1) : map.pixel(-1, -1)
    }
    withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>.self, capacity: Tile.places) {
      pixels in
      for place in 0..<Tile.places { pixels[place] = pixel(place / Tile.side, place % Tile.side) }
      withTile { tile in
        for c in stride(from: 0, to: map.channels, by: Channels.scalarCount) {
          for i in 0..<Tile.side {
            for j in 0..<Tile.side { tile[Tile.side * i + j] = load(pixels[Tile.side * i + j] + c) }
            Tile.transformInput(tile + Tile.side * i, to: tile + Tile.side * i, stride: 1)
          }
          for j in 0..<Tile.side { Tile.transformInput(tile + j, to: tile + j, stride: Tile.side) }
          for place in 0..<Tile.places { store(tile[place], out[row: place * count + index] + c) }
        }
      }
    }
  }

  /// The results of a tile from its products.
  private func transformOutput(
    _ products: Matrix, tile index: Int, of count: Int, _ bias: Vector, into out: FeatureMap,
    _ y: Int, _ x: Int, adding: Bool
  ) {
    let (height, width) = (min(Tile.results, out.height - y), min(Tile.results, out.width - x))
    withTile { tile in
      for c in stride(from: 0, to: out.channels, by: Channels.scalarCount) {
        for i in 0..<Tile.side {
          for j in 0..<Tile.side {
            tile[Tile.side * i + j] = load(products[row: (Tile.side * i + j) * count + index] + c)
          }
          Tile.transformOutput(tile + Tile.side * i, to: tile + Tile.side * i, stride: 1)
        }
        let first = load(bias.base + c)
        for j in 0..<width {
          Tile.transformOutput(tile + j, to: tile + j, stride: Tile.side)
          for i in 0..<height {
            let pixel = out.pixel(y + i, x + j) + c
            let result = tile[Tile.side * i + j] + first
            store(adding ? result + load(pixel) : result, pixel)
          }
        }
      }
    }
  }

  @inline(__always)
  private func withTile(_ body: (UnsafeMutablePointer<Channels>) -> Void) {
    withUnsafeTemporaryAllocation(of: Channels.self, capacity: Tile.places) {
      body($0.baseAddress!)
    }
  }
}

@inline(__always)
private func load(_ from: UnsafePointer<Float>) -> Channels {
  UnsafeRawPointer(from).loadUnaligned(as: Channels.self)
}

@inline(__always)
private func store(_ x: Channels, _ to: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(to).storeBytes(of: x, as: Channels.self)
}
