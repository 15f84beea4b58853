import SIMDKernels

extension Ops {
  /// Writes the batch's keys and values, `[T, heads · D]` each, behind what its caches hold. Then
  /// causal attention of `q: [T, heads · D]` over the caches: `out = softmax(q kᵀ / √D) v` for each
  /// head, or of the segments' last rows alone, which lie together in `q` and `out`. Grouped query
  /// heads share a key-value head.
  ///
  /// Each row's bits are the same whether it comes alone or in a block: the kernels promise it, and
  /// what a later position adds to an earlier row is multiplied by an exact zero.
  func attend(
    _ q: Matrix, keys: Matrix, values: Matrix, layer: Int, heads: Int, _ batch: Batch,
    lastRowsOnly: Bool, into out: Matrix
  ) {
    let shape = batch.segments[0].cache.shape
    let attention = CausalAttention(
      q: q, keys: keys, values: values, out: out, layer: layer, group: heads / shape.heads,
      scale: 1 / Float(shape.dim).squareRoot(), kernels: kernels)
    let single = batch.rows == batch.segments.count
    if !single { store(attention, batch) }
    if single || lastRowsOnly {
      reserveThreadScratch(CausalAttention.stride(batch.longest))
      pool.run(
        batch.segments.count * shape.heads,
        LastRowsJob(attention: attention, batch: batch, storing: single, ops: self))
      return
    }
    let step = CausalAttention.rowsOfBlock
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

  /// A task writes a head's part of a chunk, which stays in the L1 cache meanwhile.
  private func store(_ attention: CausalAttention, _ batch: Batch) {
    let width = KVCache.chunkPositions
    batch.forEachSegment { segment, firstRow in
      let heads = segment.cache.shape.heads
      let positions = segment.cache.count..<segment.cache.count + segment.count
      let first = positions.lowerBound / width
      let chunks = (positions.upperBound + width - 1) / width - first
      pool.run(heads * chunks) { task, _ in
        let begin = (first + task / heads) * width
        for position in positions.clamped(to: begin..<begin + width) {
          let row = firstRow + position - positions.lowerBound
          attention.fetch(row, head: task % heads, of: segment.cache.shape)
          attention.store(row, head: task % heads, in: segment.cache, position: position)
        }
      }
    }
  }
}

/// Attention of each segment's last row, and writing its key and value where it is the only one: the
/// thread that reads them next writes them.
private struct LastRowsJob: PoolJob {
  let attention: CausalAttention
  let batch: Batch
  let storing: Bool
  let ops: Ops

  func run(task: Int, thread: Int) {
    let heads = batch.segments[0].cache.shape.heads
    let (index, head) = (task / heads, task % heads)
    let segment = batch.segments[index]
    if storing {
      fetchKey(task: task + 1, heads: heads)
      attention.store(index, head: head, in: segment.cache, position: segment.cache.count)
    }
    for query in head * attention.group..<(head + 1) * attention.group {
      attention.block(
        segment.count - 1..<segment.count, of: segment, firstRow: index - (segment.count - 1),
        head: query, ops.threadScratch[thread].base)
    }
  }

  /// Asks for what the task writes first, which most likely is this thread's next one.
  private func fetchKey(task: Int, heads: Int) {
    guard task < batch.segments.count * heads else { return }
    let cache = batch.segments[task / heads].cache
    cache.fetchKey(layer: attention.layer, head: task % heads, position: cache.count)
  }
}

/// Attention over a KV cache, some rows of one head at a time.
private struct CausalAttention {
  let q: Matrix
  let keys: Matrix
  let values: Matrix
  let out: Matrix
  let layer: Int
  /// Query heads that share a key-value head.
  let group: Int
  let scale: Float
  let kernels: Kernels

  /// Rows that share a pass over the cache, up to the last one's position: few, since the others see
  /// less. A multiple of six, the rows that the widest tier takes at once.
  static let rowsOfBlock = 18

  /// Scores of a row over `positions` positions: whole chunks.
  static func stride(_ positions: Int) -> Int {
    (positions + KVCache.chunkPositions - 1) / KVCache.chunkPositions * KVCache.chunkPositions
  }

  func fetch(_ row: Int, head: Int, of shape: CacheShape) {
    keys.fetch(row, head * shape.dim, shape.dim)
    values.fetch(row, head * shape.dim, shape.dim)
  }

  /// Writes the key and the value of a row of the batch.
  func store(_ row: Int, head: Int, in cache: KVCache, position: Int) {
    let offset = head * cache.shape.dim
    cache.write(
      key: keys[row: row] + offset, value: values[row: row] + offset, layer: layer, head: head,
      position: position, kernels)
  }

  /// Rows `rows` of `segment`, whose first one is `firstRow` of q and of out: scores against every
  /// position up to the last row's own, softmax of what each row may see, weighted sum.
  func block(
    _ rows: Range<Int>, of segment: Segment, firstRow: Int, head: Int,
    _ scores: UnsafeMutablePointer<Float>
  ) {
    let cache = segment.cache
    let dim = cache.shape.dim
    let kvHead = head / group
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
