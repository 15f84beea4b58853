import JanusModelFile
import JanusSystem
import SIMDKernels

extension Ops {
  /// Appends the batch's keys and values, `[T, heads · D]` each, to its caches. Then computes
  /// causal attention of `q: [T, heads · D]` over the caches: `out = softmax(q kᵀ / √D) v` for each
  /// head. It does so for all rows, or for the last row of each segment only; `q` and `out` then
  /// hold these rows alone. Grouped query heads share a key-value head.
  ///
  /// A row has the same bits alone and in a block. The kernels promise that, and a later position
  /// adds an exact zero to an earlier row. `inBF16` allows operands to be rounded to bf16 where the
  /// tier has a product for it and the cache is f16.
  func attend(
    _ q: Matrix, keys: Matrix, values: Matrix, layer: Int, heads: Int, _ batch: Batch,
    lastRowsOnly: Bool, inBF16: Bool, into out: Matrix
  ) throws(MemoryError) {
    let shape = batch.segments[0].cache.shape
    let isRounded = inBF16 && shape.format == .f16 && shape.dim % 2 == 0
    let attention = CausalAttention(
      q: q, keys: keys, values: values, out: out, layer: layer, group: heads / shape.heads,
      scale: 1 / Float(shape.dim).squareRoot(), kernels: kernels,
      bf16: isRounded ? kernels.bf16Attention : nil)
    let single = batch.rows == batch.segments.count
    if !single { store(attention, batch) }
    if single || lastRowsOnly {
      try reserveThreadScratch(attention.scratch(rows: 1, positions: batch.longest, shape))
      pool.run(
        batch.segments.count * shape.heads,
        LastRowsJob(attention: attention, batch: batch, storing: single, ops: self))
      return
    }
    let step = attention.rowsOfBlock
    let most = batch.segments.reduce(0) { max($0, $1.count) }
    try reserveThreadScratch(
      attention.scratch(rows: min(step, most), positions: batch.longest, shape))
    batch.forEachSegment { segment, firstRow in
      let blocks = (segment.count + step - 1) / step
      // A head's keys and values stay in the L2 cache for all of its blocks. Later blocks see more
      // positions. They are handed out first, so that no thread is left alone with a long one.
      pool.run(blocks * heads) { task, thread in
        let block = blocks - 1 - task % blocks
        let rows = block * step..<min(segment.count, (block + 1) * step)
        attention.block(
          rows, of: segment, firstRow: firstRow, head: task / blocks, threadScratch[thread].base)
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
          attention.prefetch(row + 2, head: task % heads, of: segment.cache.shape)
          attention.store(row, head: task % heads, in: segment.cache, position: position)
        }
      }
    }
  }
}

/// Attention of each segment's last row. If the segment has one row only, this also writes its key
/// and value, so that the thread that reads them next has written them.
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
      attention.store(index, head: head, in: segment.cache, position: segment.cache.count)
    }
    let queries = head * attention.group..<(head + 1) * attention.group
    let next = storing ? start(of: task + 1, heads: heads) : nil
    for query in queries {
      attention.block(
        segment.count - 1..<segment.count, of: segment, firstRow: index - (segment.count - 1),
        head: query, ops.threadScratch[thread].base,
        meanwhile: query == queries.upperBound - 1 ? next : nil)
    }
  }

  /// The memory that the following task starts with. That task is most likely this thread's next.
  private func start(of task: Int, heads: Int) -> CausalAttention.Start? {
    guard task < batch.segments.count * heads else { return nil }
    let (index, head) = (task / heads, task % heads)
    return attention.start(of: index, head: head, in: batch.segments[index].cache)
  }
}
