import JanusModelFile
import JanusSystem
import Quant
import SIMDKernels

extension Ops {
  /// Attention of every row to every row with both products in int8:
  /// `out = softmax(q kᵀ / √C) v` for each of `heads` heads, all `[N, heads · C]`.
  ///
  /// Keys and values become panels of int8 weights, queries and probabilities quantised
  /// activations. The products are then those of a quantised matrix, four times as fast as floats.
  /// For models whose linear layers are quantised the same way. The mean of all keys shifts all
  /// scores of a row by the same amount, which softmax ignores. The mean of all values is added to
  /// the result unchanged, because the probabilities add up to one. So only the differences from
  /// the means are quantised (after SageAttention, arXiv 2410.02367).
  func attendInInt8(_ q: Matrix, _ k: Matrix, _ v: Matrix, heads: Int, into out: Matrix)
    throws(MemoryError)
  {
    let attention = QuantizedAttention(
      positions: k.rows, dim: q.columns / heads, panels: attentionPanels, kernels: kernels)
    try attention.panels.reserve(heads * attention.bytesPerHead / MemoryLayout<Float>.stride)
    pool.run(2 * heads) { task, _ in
      let head = task / 2
      if task % 2 == 0 {
        attention.encode(keys: k, head: head)
      } else {
        attention.encode(values: v, head: head)
      }
    }
    let step = 32
    try reserveThreadScratch(attention.scratch(rows: step))
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

  /// Keys: a row for each position, C columns.
  private var keyShape: HeadPanels.Shape { HeadPanels.Shape(rows: positions, columns: dim) }
  /// Values: a row for each of the C dimensions, a column for each position.
  private var valueShape: HeadPanels.Shape { HeadPanels.Shape(rows: dim, columns: positions) }

  /// The values' means follow their panels.
  var bytesPerHead: Int {
    keyShape.byteCount + valueShape.byteCount
      + valueShape.panels * ElementFormat.panelRows * MemoryLayout<Float>.stride
  }

  private func keys(_ head: Int) -> HeadPanels {
    let start = UnsafeMutableRawPointer(panels.base) + head * bytesPerHead
    return HeadPanels(shape: keyShape, start: start, kernels: kernels)
  }

  private func values(_ head: Int) -> HeadPanels {
    let start = keys(head).start + keyShape.byteCount
    return HeadPanels(shape: valueShape, start: start, kernels: kernels)
  }

  private func meanValue(_ head: Int) -> UnsafeMutablePointer<Float> {
    (values(head).start + valueShape.byteCount).assumingMemoryBound(to: Float.self)
  }

  func encode(keys k: Matrix, head: Int) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: dim) { mean in
      let mean = mean.baseAddress!
      takeMean(of: k, head: head, into: mean)
      keys(head).encode { panel, block, out in
        for row in 0..<min(16, positions - panel * 16) {
          let key = k[row: panel * 16 + row] + head * dim + block * 32
          let mean = mean + block * 32
          var place = out + row
          for column in 0..<min(32, dim - block * 32) {
            place.pointee = key[column] - mean[column]
            place += 16
          }
        }
      }
    }
  }

  func encode(values v: Matrix, head: Int) {
    let mean = meanValue(head)
    takeMean(of: v, head: head, into: mean)
    values(head).encode { panel, block, out in
      for column in 0..<min(32, positions - block * 32) {
        let value = v[row: block * 32 + column] + head * dim + panel * 16
        let mean = mean + panel * 16
        let place = out + column * 16
        for row in 0..<min(16, dim - panel * 16) { place[row] = value[row] - mean[row] }
      }
    }
  }

  /// The mean over all positions of a head's C columns of `x`.
  private func takeMean(of x: Matrix, head: Int, into mean: UnsafeMutablePointer<Float>) {
    mean.update(repeating: 0, count: dim)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: positions) { shares in
      shares.initialize(repeating: 1 / Float(positions))
      kernels.weightedSumF32(
        shares.baseAddress!, positions, 1, x.base + head * dim, x.stride, positions, dim, mean, dim)
    }
  }

  // MARK: Rows

  /// Floats of scratch that `attend` needs for so many rows: their scores and sums, a factor for each
  /// dimension, and one quantised row for each of them: values, scales and offsets.
  func scratch(rows: Int) -> Int {
    let blocks = max(keyShape.blocks, valueShape.blocks)
    return rows * (positions + 1) + dim + rows * blocks * (32 / MemoryLayout<Float>.stride + 2)
  }

  /// Rows `rows` of one head.
  func attend(
    _ q: Matrix, _ rows: Range<Int>, head: Int, into out: Matrix,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let scores = Matrix(scratch, rows: rows.count, columns: positions)
    let behind = scores.base + rows.count * positions
    let keys = keys(head)
    let queries = HeadPanels.Tokens(behind, rows: rows.count, blocks: keyShape.blocks)
    let scalesFit = keys.quantize(
      q[row: rows.lowerBound] + head * dim, stride: q.stride,
      scale: 1 / Float(dim).squareRoot(), into: queries)
    keys.multiply(
      queries, scalesFit: scalesFit, bias: nil, into: scores.base, stride: scores.stride)
    let out = Matrix(
      out[row: rows.lowerBound] + head * dim, rows: rows.count, columns: dim, stride: out.stride)
    mix(head, by: scores, into: out, behind)
  }

  /// `out = softmax(scores) v` of one head. `scores` are written over.
  private func mix(
    _ head: Int, by scores: Matrix, into out: Matrix, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let (values, mean) = (values(head), meanValue(head))
    let (sums, factors) = (scratch, scratch + scores.rows)
    let probabilities = HeadPanels.Tokens(
      factors + dim, rows: scores.rows, blocks: valueShape.blocks)
    guard let quantizeExponentials = kernels.quantizeExponentials else {
      for row in 0..<scores.rows { kernels.softmax(scores[row: row], positions) }
      let scalesFit = values.quantize(
        scores.base, stride: scores.stride, scale: 1, into: probabilities)
      values.multiply(
        probabilities, scalesFit: scalesFit, bias: mean, into: out.base, stride: out.stride)
      return
    }
    quantizeExponentials(
      scores.base, scores.stride, scores.rows, positions, probabilities.values,
      probabilities.scales, probabilities.offsets, sums)
    values.multiply(
      probabilities, scalesFit: true, bias: nil, into: out.base, stride: out.stride)
    // Divided by the sums earlier, scales would need their whole mantissa.
    for row in 0..<scores.rows {
      factors.update(repeating: 1 / sums[row], count: dim)
      kernels.scaleShift(out[row: row], factors, mean, out[row: row], 1, dim)
    }
  }
}

/// A head's keys or values as int8 panels, followed by the tables of their scales.
private struct HeadPanels {
  struct Shape {
    let rows: Int
    let columns: Int

    var panels: Int { (rows + 15) / 16 }
    var blocks: Int { (columns + 31) / 32 }
    var panelBytes: Int { panels * blocks * ElementFormat.int8Panels.bytesPerPanelBlock }
    var tableBytes: Int { panels * blocks * Kernels.bytesPerTable }
    /// The last entries say whether the tables can be used.
    var byteCount: Int { panelBytes + tableBytes + MemoryLayout<Float>.stride }
  }

  /// Rows of one head as int8.
  struct Tokens {
    let rows: Int
    let blocks: Int
    let scales: UnsafeMutablePointer<Float>
    let offsets: UnsafeMutablePointer<Int32>
    let values: UnsafeMutablePointer<Int8>

    init(_ scratch: UnsafeMutablePointer<Float>, rows: Int, blocks: Int) {
      self.rows = rows
      self.blocks = blocks
      scales = scratch
      let behind = UnsafeMutableRawPointer(scales + rows * blocks)
      offsets = behind.assumingMemoryBound(to: Int32.self)
      values = UnsafeMutableRawPointer(offsets + rows * blocks).assumingMemoryBound(to: Int8.self)
    }

    subscript(row: Int) -> (
      values: UnsafeMutablePointer<Int8>, scales: UnsafeMutablePointer<Float>,
      offsets: UnsafeMutablePointer<Int32>
    ) {
      (values + row * blocks * 32, scales + row * blocks, offsets + row * blocks)
    }
  }

  let shape: Shape
  let start: UnsafeMutableRawPointer
  let kernels: Kernels

  private var tables: UnsafeMutableRawPointer { start + shape.panelBytes }
  private var isTabulated: UnsafeMutableRawPointer { tables + shape.tableBytes }

  /// Encodes what `fill` writes into zeroed blocks of `[32 columns][16 rows]`.
  func encode(_ fill: (_ panel: Int, _ block: Int, _ out: UnsafeMutablePointer<Float>) -> Void) {
    let blocks = shape.panels * shape.blocks
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 32 * 16) { floats in
      let floats = floats.baseAddress!
      for index in 0..<blocks {
        floats.update(repeating: 0, count: 32 * 16)
        fill(index / shape.blocks, index % shape.blocks, floats)
        kernels.encodeInt8(
          floats, nil, start + index * ElementFormat.int8Panels.bytesPerPanelBlock)
      }
    }
    let tabulated = kernels.tabulateInt8?(start, blocks, tables) ?? false
    isTabulated.storeBytes(of: tabulated, as: Bool.self)
  }

  /// Quantises rows of `scale · x`.
  ///
  /// - Returns: whether all scales have the precision that `multiply` may assume.
  func quantize(
    _ x: UnsafePointer<Float>, stride: Int, scale: Float, into tokens: Tokens
  ) -> Bool {
    // A factor that is not a power of two would make scales need their whole mantissa.
    var scalesFit = scale.significand == 1
    for row in 0..<tokens.rows {
      let (values, scales, offsets) = tokens[row]
      let fits = kernels.quantizeActivations(
        x + row * stride, shape.columns, ScalePrecision.threeBits, values, scales, offsets)
      scalesFit = scalesFit && fits
      if scale != 1 {
        for block in 0..<tokens.blocks {
          scales[block] *= scale
          scalesFit = scalesFit && scales[block] >= ScalePrecision.smallest
        }
      }
    }
    return scalesFit
  }

  /// Rows times the panels.
  func multiply(
    _ tokens: Tokens, scalesFit: Bool, bias: UnsafePointer<Float>?,
    into out: UnsafeMutablePointer<Float>, stride outStride: Int
  ) {
    let tabulated = scalesFit && isTabulated.load(as: Bool.self)
    let aid =
      tabulated ? UnsafePointer(tables.assumingMemoryBound(to: UInt8.self)) : Weight.noLevels
    kernels.matmulInt8(
      start, aid, shape.blocks, shape.blocks, 0, shape.panels, shape.rows, tokens.values,
      tokens.scales, tokens.offsets, tabulated ? ScalePrecision.threeBits : ScalePrecision.full,
      shape.blocks,
      tokens.rows, bias, out, outStride, false)
  }
}
