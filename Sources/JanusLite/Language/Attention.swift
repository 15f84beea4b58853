#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Cosines and sines of the rotary embedding for the rows of a batch, `[T, D/2]` each.
struct RotaryAngles {
  let cos: Matrix
  let sin: Matrix
}

extension Ops {
  /// The rotary angles of each row's position: `position / θ^(2i/D)`, in Float as the reference.
  func rotaryAngles(_ batch: Batch, theta: Float, cos: Matrix, sin: Matrix) -> RotaryAngles {
    let half = cos.columns
    batch.forEachSegment { segment, firstRow in
      for i in 0..<half {
        let frequency = 1 / powf(theta, Float(2 * i) / Float(2 * half))
        for t in 0..<segment.count {
          let angle = Float(segment.cache.count + t) * frequency
          cos[row: firstRow + t][i] = cosf(angle)
          sin[row: firstRow + t][i] = sinf(angle)
        }
      }
    }
    return RotaryAngles(cos: cos, sin: sin)
  }

  /// Rotary embedding of `x: [T, heads · D]` in place.
  func rope(_ x: Matrix, _ angles: RotaryAngles) {
    let dim = 2 * angles.cos.columns
    forEachRows(x.rows, of: x.columns) { range in
      for row in range {
        kernels.rope(x[row: row], angles.cos[row: row], angles.sin[row: row], x.columns / dim, dim)
      }
    }
  }

  /// Writes the batch's keys and values, `[T, heads · D]` each, behind what its caches hold.
  func store(keys: Matrix, values: Matrix, layer: Int, _ batch: Batch) {
    batch.forEachSegment { segment, firstRow in
      let cache = segment.cache
      let shape = cache.shape
      forEachRows(segment.count, of: keys.columns * 2) { range in
        for t in range {
          let position = cache.count + t
          for head in 0..<shape.heads {
            let key = keys[row: firstRow + t] + head * shape.dim
            let value = values[row: firstRow + t] + head * shape.dim
            write(key, to: cache, layer: layer, part: 0, head: head, position: position)
            write(value, to: cache, layer: layer, part: 1, head: head, position: position)
          }
        }
      }
    }
  }

  private func write(
    _ x: UnsafeMutablePointer<Float>, to cache: KVCache, layer: Int, part: Int, head: Int,
    position: Int
  ) {
    let place = cache.element(layer: layer, part: part, head: head, position: position)
    let dim = cache.shape.dim
    switch cache.shape.format {
    case .f32: place.assumingMemoryBound(to: Float.self).update(from: x, count: dim)
    case .f16: kernels.f32ToF16(x, place.assumingMemoryBound(to: UInt16.self), dim)
    }
  }

  /// Causal attention of `q: [T, heads · D]` over the caches, which already hold the batch's own
  /// keys and values: `out = softmax(q kᵀ / √D) v` for each head. Grouped query heads share a
  /// key-value head.
  func attend(_ q: Matrix, layer: Int, heads: Int, _ batch: Batch, into out: Matrix) {
    let attention = CausalAttention(
      q: q, out: out, layer: layer, heads: heads, scale: 1 / Float(batch.headDim).squareRoot())
    reserveThreadScratch(attention.scratch(for: batch))
    if batch.segments.count == 1 {
      attend(attention, batch.segments[0], firstRow: 0)
    } else if batch.rows == batch.segments.count {
      // One row each: every (row, head) is a task.
      pool.run(batch.rows * heads) { task, thread in
        let row = task / heads
        attention.oneRow(
          row, of: batch.segments[row], firstRow: row, head: task % heads, self, thread)
      }
    } else {
      batch.forEachSegment { attend(attention, $0, firstRow: $1) }
    }
  }

  private func attend(_ attention: CausalAttention, _ segment: Segment, firstRow: Int) {
    let heads = attention.heads
    if segment.count < CausalAttention.fewestRowsForBlocks || BLAS.system == nil {
      pool.run(segment.count * heads) { task, thread in
        attention.oneRow(
          firstRow + task / heads, of: segment, firstRow: firstRow, head: task % heads, self,
          thread)
      }
      return
    }
    let step = CausalAttention.rowsOfBlock
    let blocks = (segment.count + step - 1) / step
    // Later blocks look back further: hand them out first, so that no thread is left with one.
    pool.run(blocks * heads) { task, thread in
      let block = blocks - 1 - task / heads
      let rows = block * step..<min(segment.count, (block + 1) * step)
      attention.block(rows, of: segment, firstRow: firstRow, head: task % heads, self, thread)
    }
  }
}

extension Batch {
  fileprivate var headDim: Int { segments[0].cache.shape.dim }
}

/// Attention over a KV cache, one head at a time.
private struct CausalAttention {
  let q: Matrix
  let out: Matrix
  let layer: Int
  let heads: Int
  let scale: Float

  /// Fewer rows than this read the cache directly; more convert it once and multiply matrices.
  static let fewestRowsForBlocks = 8
  static let rowsOfBlock = 64

  /// Floats of scratch that a thread needs.
  func scratch(for batch: Batch) -> Int {
    let most = batch.segments.reduce(0) { max($0, $1.count) }
    let dim = batch.headDim
    if most < Self.fewestRowsForBlocks { return batch.longest }
    return batch.longest * (Self.rowsOfBlock + 2 * dim)
  }

  /// One query row: scores against every position up to its own, softmax, weighted sum.
  func oneRow(
    _ row: Int, of segment: Segment, firstRow: Int, head: Int, _ ops: Ops, _ thread: Int
  ) {
    let cache = segment.cache
    let dim = cache.shape.dim
    let kvHead = head / (heads / cache.shape.heads)
    let count = cache.count + row - firstRow + 1
    let scores = ops.threadScratch[thread].base
    let query = q[row: row] + head * dim
    let result = out[row: row] + head * dim
    forEachChunk(of: count) { chunk, first, length in
      let keys = cache.start(layer: layer, part: 0, head: kvHead, chunk: chunk)
      switch cache.shape.format {
      case .f32:
        ops.kernels.dotRowsF32(
          query, keys.assumingMemoryBound(to: Float.self), dim, length, dim, scale, scores + first)
      case .f16:
        ops.kernels.dotRowsF16(
          query, keys.assumingMemoryBound(to: UInt16.self), dim, length, dim, scale, scores + first)
      }
    }
    ops.kernels.softmax(scores, count)
    result.update(repeating: 0, count: dim)
    forEachChunk(of: count) { chunk, first, length in
      let values = cache.start(layer: layer, part: 1, head: kvHead, chunk: chunk)
      switch cache.shape.format {
      case .f32:
        ops.kernels.sumRowsF32(
          scores + first, values.assumingMemoryBound(to: Float.self), dim, length, dim, result)
      case .f16:
        ops.kernels.sumRowsF16(
          scores + first, values.assumingMemoryBound(to: UInt16.self), dim, length, dim, result)
      }
    }
  }

  /// Some query rows of a prompt at once, as two matrix products with a softmax between them.
  func block(
    _ rows: Range<Int>, of segment: Segment, firstRow: Int, head: Int, _ ops: Ops, _ thread: Int
  ) {
    let cache = segment.cache
    let dim = cache.shape.dim
    let kvHead = head / (heads / cache.shape.heads)
    let count = cache.count + rows.upperBound
    let blas = BLAS.system!
    let scores = ops.threadScratch[thread].base
    let converted = scores + Self.rowsOfBlock * count
    let query = q[row: firstRow + rows.lowerBound] + head * dim
    let result = out[row: firstRow + rows.lowerBound] + head * dim

    convert(cache, part: 0, head: kvHead, count: count, into: converted, ops)
    blas.multiply(
      m: rows.count, n: count, k: dim, scale: scale, query, stride: q.stride, converted,
      stride: dim, bTransposed: true, into: scores, stride: count)
    for t in rows {
      let line = scores + (t - rows.lowerBound) * count
      let seen = cache.count + t + 1
      ops.kernels.softmax(line, seen)
      (line + seen).update(repeating: 0, count: count - seen)
    }
    convert(cache, part: 1, head: kvHead, count: count, into: converted, ops)
    blas.multiply(
      m: rows.count, n: dim, k: count, scores, stride: count, converted, stride: dim,
      bTransposed: false, into: result, stride: out.stride)
  }

  private func convert(
    _ cache: KVCache, part: Int, head: Int, count: Int, into out: UnsafeMutablePointer<Float>,
    _ ops: Ops
  ) {
    let dim = cache.shape.dim
    forEachChunk(of: count) { chunk, first, length in
      let source = cache.start(layer: layer, part: part, head: head, chunk: chunk)
      let target = out + first * dim
      switch cache.shape.format {
      case .f32:
        target.update(from: source.assumingMemoryBound(to: Float.self), count: length * dim)
      case .f16:
        ops.kernels.f16ToF32(source.assumingMemoryBound(to: UInt16.self), target, length * dim)
      }
    }
  }

  private func forEachChunk(
    of count: Int, _ body: (_ chunk: Int, _ first: Int, _ length: Int) -> Void
  ) {
    var first = 0
    while first < count {
      let length = min(KVCache.chunkPositions, count - first)
      body(first / KVCache.chunkPositions, first, length)
      first += length
    }
  }
}
