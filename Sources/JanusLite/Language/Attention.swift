import SIMDKernels

extension Ops {
  /// Writes the batch's keys and values, `[T, heads · D]` each, behind what its caches hold.
  func store(keys: Matrix, values: Matrix, layer: Int, _ batch: Batch) {
    batch.forEachSegment { segment, firstRow in
      forEachRows(segment.count, of: keys.columns * 2) { range in
        for t in range {
          segment.cache.write(
            key: keys[row: firstRow + t], value: values[row: firstRow + t], layer: layer,
            position: segment.cache.count + t, kernels)
        }
      }
    }
  }

  /// Causal attention of `q: [T, heads · D]`, or of the segments' last rows alone, over the caches,
  /// which already hold the batch's own keys and values: `out = softmax(q kᵀ / √D) v` for each head.
  /// Grouped query heads share a key-value head.
  ///
  /// Each row's bits are the same whether it comes alone or in a block: the kernels promise it, and
  /// what a later position adds to an earlier row is multiplied by an exact zero.
  func attend(_ q: Matrix, layer: Int, heads: Int, _ batch: Batch, into out: Matrix) {
    let attention = CausalAttention(
      q: q, out: out, layer: layer, heads: heads,
      scale: 1 / Float(batch.segments[0].cache.shape.dim).squareRoot(), kernels: kernels)
    let step = CausalAttention.rowsOfBlock
    if q.rows == batch.segments.count {
      // One row each: every (row, head) is a task.
      reserveThreadScratch(CausalAttention.stride(batch.longest))
      pool.run(q.rows * heads, LastRowsJob(attention: attention, batch: batch, ops: self))
      return
    }
    let most = batch.segments.reduce(0) { max($0, $1.count) }
    reserveThreadScratch(min(step, most) * CausalAttention.stride(batch.longest))
    batch.forEachSegment { segment, firstRow in
      let blocks = (segment.count + step - 1) / step
      // Later blocks look back further: hand them out first, so that no thread is left with one.
      pool.run(blocks * heads) { task, thread in
        let block = blocks - 1 - task / heads
        let rows = block * step..<min(segment.count, (block + 1) * step)
        attention.block(
          rows, of: segment, firstRow: firstRow, head: task % heads, threadScratch[thread].base)
      }
    }
  }
}

/// Attention of each segment's last row.
private struct LastRowsJob: PoolJob {
  let attention: CausalAttention
  let batch: Batch
  let ops: Ops

  func run(task: Int, thread: Int) {
    let row = task / attention.heads
    let segment = batch.segments[row]
    attention.block(
      segment.count - 1..<segment.count, of: segment, firstRow: row - (segment.count - 1),
      head: task % attention.heads, ops.threadScratch[thread].base)
  }
}

/// Attention over a KV cache, some rows of one head at a time.
private struct CausalAttention {
  let q: Matrix
  let out: Matrix
  let layer: Int
  let heads: Int
  let scale: Float
  let kernels: Kernels

  /// Rows that share a pass over the cache: their scores stay in the L2 cache. A multiple of six,
  /// the rows that the widest tier takes at once.
  static let rowsOfBlock = 36

  /// Scores of a row over `positions` positions: whole chunks.
  static func stride(_ positions: Int) -> Int {
    (positions + KVCache.chunkPositions - 1) / KVCache.chunkPositions * KVCache.chunkPositions
  }

  /// Rows `rows` of `segment`: scores against every position up to the last row's own, softmax of
  /// what each row may see, weighted sum.
  func block(
    _ rows: Range<Int>, of segment: Segment, firstRow: Int, head: Int,
    _ scores: UnsafeMutablePointer<Float>
  ) {
    let cache = segment.cache
    let dim = cache.shape.dim
    let kvHead = head / (heads / cache.shape.heads)
    let count = cache.count + rows.upperBound
    let stride = Self.stride(count)
    let query = q[row: firstRow + rows.lowerBound] + head * dim
    let result = out[row: firstRow + rows.lowerBound] + head * dim

    for chunk in 0..<stride / KVCache.chunkPositions {
      let keys = cache.keys(layer: layer, head: kvHead, chunk: chunk)
      let target = scores + chunk * KVCache.chunkPositions
      switch cache.shape.format {
      case .f32:
        kernels.scoresF32(
          query, q.stride, rows.count, keys.assumingMemoryBound(to: Float.self), dim, scale,
          target, stride)
      case .f16:
        kernels.scoresF16(
          query, q.stride, rows.count, keys.assumingMemoryBound(to: UInt16.self), dim, scale,
          target, stride)
      case .int8:
        kernels.scoresInt8(
          query, q.stride, rows.count, keys.assumingMemoryBound(to: Int8.self), dim, scale,
          target, stride)
        let scales = cache.scales(of: keys)
        for index in 0..<rows.count {
          kernels.multiply(scales, target + index * stride, KVCache.chunkPositions)
        }
      }
    }
    for index in 0..<rows.count {
      let line = scores + index * stride
      let seen = cache.count + rows.lowerBound + index + 1
      kernels.softmax(line, seen)
      (line + seen).update(repeating: 0, count: count - seen)
      (result + index * out.stride).update(repeating: 0, count: dim)
    }
    for chunk in 0..<stride / KVCache.chunkPositions {
      let first = chunk * KVCache.chunkPositions
      let length = min(KVCache.chunkPositions, count - first)
      let values = cache.values(layer: layer, head: kvHead, chunk: chunk)
      switch cache.shape.format {
      case .f32:
        kernels.weightedSumF32(
          scores + first, stride, rows.count, values.assumingMemoryBound(to: Float.self), dim,
          length, dim, result, out.stride)
      case .f16:
        kernels.weightedSumF16(
          scores + first, stride, rows.count, values.assumingMemoryBound(to: UInt16.self), dim,
          length, dim, result, out.stride)
      case .int8:
        let scales = cache.scales(of: values)
        for index in 0..<rows.count {
          kernels.multiply(scales, scores + first + index * stride, length)
        }
        kernels.weightedSumInt8(
          scores + first, stride, rows.count, values.assumingMemoryBound(to: Int8.self), dim,
          length, dim, result, out.stride)
      }
    }
  }
}
