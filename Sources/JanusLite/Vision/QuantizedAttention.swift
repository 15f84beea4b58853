import Quant
import SIMDKernels

extension Ops {
  /// Attention of every row to every row with both products in int8:
  /// `out = softmax(q kᵀ / √C) v` for each of `heads` heads, all `[N, heads · C]`.
  ///
  /// Keys and values become panels of int8 weights, queries and probabilities quantised activations:
  /// the products are those of a quantised matrix, four times as fast as floats. For models whose
  /// linear layers are quantised the same way. What all keys have in common shifts all scores of a
  /// row alike and what all values have in common comes out as it is, because the probabilities add
  /// up to one: so only what differs is quantised (after SageAttention, arXiv 2410.02367).
  func attendInInt8(_ q: Matrix, _ k: Matrix, _ v: Matrix, heads: Int, into out: Matrix) {
    let attention = QuantizedAttention(
      positions: k.rows, dim: q.columns / heads, panels: attentionPanels, kernels: kernels)
    attention.panels.reserve(heads * attention.bytesPerHead / MemoryLayout<Float>.stride)
    pool.run(2 * heads) { task, _ in
      let head = task / 2
      if task % 2 == 0 {
        attention.encode(keys: k, head: head)
      } else {
        attention.encode(values: v, head: head)
      }
    }
    let step = 32
    reserveThreadScratch(attention.scratch(rows: step))
    let blocks = (q.rows + step - 1) / step
    pool.run(blocks * heads) { task, thread in
      let rows = task / heads * step..<min(q.rows, (task / heads + 1) * step)
      attention.attend(q, rows, head: task % heads, into: out, threadScratch[thread].base)
    }
  }
}

/// The keys and values of a layer as int8 panels, head after head.
private struct QuantizedAttention {
  let positions: Int
  /// Dimension of a head, C.
  let dim: Int
  let panels: FloatBuffer
  let kernels: Kernels

  private static let blockBytes = ElementFormat.int8Panels.bytesPerPanelBlock
  /// Keys: a row for each position, C columns.
  private var keyPanels: Int { (positions + 15) / 16 }
  private var keyBlocks: Int { (dim + 31) / 32 }
  /// Values: a row for each of the C dimensions, a column for each position.
  private var valuePanels: Int { (dim + 15) / 16 }
  private var valueBlocks: Int { (positions + 31) / 32 }

  private var keyBytes: Int { keyPanels * keyBlocks * Self.blockBytes }
  private var valueBytes: Int { valuePanels * valueBlocks * Self.blockBytes }
  /// The values' means follow their panels.
  var bytesPerHead: Int { keyBytes + valueBytes + valuePanels * 16 * MemoryLayout<Float>.stride }

  private func keys(_ head: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(panels.base) + head * bytesPerHead
  }

  private func values(_ head: Int) -> UnsafeMutableRawPointer { keys(head) + keyBytes }

  private func meanValue(_ head: Int) -> UnsafeMutablePointer<Float> {
    (values(head) + valueBytes).assumingMemoryBound(to: Float.self)
  }

  func encode(keys k: Matrix, head: Int) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: dim) { mean in
      let mean = mean.baseAddress!
      takeMean(of: k, head: head, into: mean)
      encode(into: keys(head), panels: keyPanels, blocks: keyBlocks) { panel, block, out in
        for row in 0..<min(16, positions - panel * 16) {
          let key = k[row: panel * 16 + row] + head * dim
          for column in 0..<min(32, dim - block * 32) {
            out[column * 16 + row] = key[block * 32 + column] - mean[block * 32 + column]
          }
        }
      }
    }
  }

  func encode(values v: Matrix, head: Int) {
    let mean = meanValue(head)
    takeMean(of: v, head: head, into: mean)
    encode(into: values(head), panels: valuePanels, blocks: valueBlocks) { panel, block, out in
      for column in 0..<min(32, positions - block * 32) {
        let value = v[row: block * 32 + column] + head * dim
        for row in 0..<min(16, dim - panel * 16) {
          out[column * 16 + row] = value[panel * 16 + row] - mean[panel * 16 + row]
        }
      }
    }
  }

  /// The mean over all positions of a head's C columns of `x`.
  private func takeMean(of x: Matrix, head: Int, into mean: UnsafeMutablePointer<Float>) {
    mean.update(repeating: 0, count: dim)
    for position in 0..<positions { kernels.add(x[row: position] + head * dim, mean, dim) }
    for column in 0..<dim { mean[column] /= Float(positions) }
  }

  /// Encodes what `fill` writes into zeroed blocks of `[32 columns][16 rows]`.
  private func encode(
    into target: UnsafeMutableRawPointer, panels: Int, blocks: Int,
    _ fill: (_ panel: Int, _ block: Int, _ out: UnsafeMutablePointer<Float>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 32 * 16) { floats in
      let floats = floats.baseAddress!
      for index in 0..<panels * blocks {
        floats.update(repeating: 0, count: 32 * 16)
        fill(index / blocks, index % blocks, floats)
        kernels.encodeInt8(floats, nil, target + index * Self.blockBytes)
      }
    }
  }

  // MARK: Rows

  /// Floats of scratch that `attend` needs for so many rows: their scores, and one quantised row
  /// for each of them: values, scales and offsets.
  func scratch(rows: Int) -> Int {
    let blocks = max(keyBlocks, valueBlocks)
    return rows * positions + rows * blocks * (32 / MemoryLayout<Float>.stride + 2)
  }

  /// Rows `rows` of one head.
  func attend(
    _ q: Matrix, _ rows: Range<Int>, head: Int, into out: Matrix,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let scores = Matrix(scratch, rows: rows.count, columns: positions)
    let blocks = max(keyBlocks, valueBlocks)
    let scales = scratch + rows.count * positions
    let offsets = UnsafeMutableRawPointer(scales + rows.count * blocks)
      .assumingMemoryBound(to: Int32.self)
    let bytes = UnsafeMutableRawPointer(offsets + rows.count * blocks)
      .assumingMemoryBound(to: Int8.self)

    let scale = 1 / Float(dim).squareRoot()
    for row in 0..<rows.count {
      let first = row * keyBlocks
      kernels.quantizeActivations(
        q[row: rows.lowerBound + row] + head * dim, dim, false, bytes + first * 32, scales + first,
        offsets + first)
      for block in first..<first + keyBlocks { scales[block] *= scale }
    }
    kernels.matmulInt8(
      keys(head), Weight.noLevels, keyBlocks, keyBlocks, 0, keyPanels, positions, bytes, scales,
      offsets, keyBlocks, rows.count, nil, scores.base, scores.stride, false)

    for row in 0..<rows.count {
      let first = row * valueBlocks
      kernels.softmax(scores[row: row], positions)
      kernels.quantizeActivations(
        scores[row: row], positions, false, bytes + first * 32, scales + first, offsets + first)
    }
    kernels.matmulInt8(
      values(head), Weight.noLevels, valueBlocks, valueBlocks, 0, valuePanels, dim, bytes, scales,
      offsets, valueBlocks, rows.count, meanValue(head), out[row: rows.lowerBound] + head * dim,
      out.stride, false)
  }
}
