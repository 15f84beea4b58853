import JanusModelFile
import SIMDKernels

/// Attention over a KV cache, some rows of one head at a time.
///
/// A single row does little more than wait for memory. So the memory that it reads next is
/// prefetched meanwhile. For int8 the kernels prefetch all of it. For wider elements the keys of
/// the chunk that gets a new key are prefetched; the processor's own prefetching serves for the
/// rest.
struct CausalAttention {
  let q: Matrix
  let keys: Matrix
  let values: Matrix
  let out: Matrix
  let layer: Int
  /// Query heads that share a key-value head.
  let group: Int
  let scale: Float
  let kernels: Kernels
  /// Set where queries, keys, weights and values are to be rounded to bf16.
  let bf16: BF16Attention?

  /// Rows that share a pass over the cache, up to the last row's position. They are few, because
  /// the earlier rows need fewer positions; they are more where they share the packing. A multiple
  /// of six, the rows that the widest tier takes at once.
  var rowsOfBlock: Int { bf16 == nil ? 18 : 36 }

  /// Scores of a row over `positions` positions: whole chunks.
  static func stride(_ positions: Int) -> Int {
    (positions + KVCache.chunkPositions - 1) / KVCache.chunkPositions * KVCache.chunkPositions
  }

  /// Floats that a block of `rows` rows computes in, over up to `positions` positions.
  func scratch(rows: Int, positions: Int, _ shape: CacheShape) -> Int {
    let stride = Self.stride(positions)
    guard bf16 != nil && rows > 1 else { return rows * stride }
    return rows * stride + PackedBlock.floatCount(rows: rows, dim: shape.dim, positions: stride)
  }

  /// Prefetches the key and the value of a row of the batch.
  func prefetch(_ row: Int, head: Int, of shape: CacheShape) {
    keys.prefetch(row, head * shape.dim, shape.dim)
    values.prefetch(row, head * shape.dim, shape.dim)
  }

  /// Prefetches what a single row starts with: its key and value, and the chunk into which the key
  /// is written, one line for each dimension. That chunk is read first.
  struct Start {
    let row: Int
    let head: Int
    let keys: KVCache.Plane
  }

  func start(of row: Int, head: Int, in cache: KVCache) -> Start {
    let last = cache.count / KVCache.chunkPositions
    return Start(
      row: row, head: head, keys: cache.keyPlane(layer: layer, head: head, chunk: last))
  }

  /// Writes the key and the value of a row of the batch.
  func store(_ row: Int, head: Int, in cache: KVCache, position: Int) {
    let offset = head * cache.shape.dim
    let (key, value) = (keys[row: row] + offset, values[row: row] + offset)
    if let bf16 {
      bf16.round(key, cache.shape.dim)
      bf16.round(value, cache.shape.dim)
    }
    cache.write(key: key, value: value, layer: layer, head: head, position: position, kernels)
  }

  /// Rows `rows` of `segment`, whose first one is `firstRow` of q and of out: scores against every
  /// position up to the last row's own, softmax of what each row may see, weighted sum.
  ///
  /// Memory of the `next` row is prefetched in parts while values are read.
  func block(
    _ rows: Range<Int>, of segment: Segment, firstRow: Int, head: Int,
    _ scores: UnsafeMutablePointer<Float>,
    meanwhile next: Start? = nil
  ) {
    let cache = segment.cache
    let kvHead = head / group
    let count = cache.count + rows.upperBound
    let stride = Self.stride(count)
    let chunks = stride / KVCache.chunkPositions
    let query = q[row: firstRow + rows.lowerBound] + head * cache.shape.dim
    let result = out[row: firstRow + rows.lowerBound] + head * cache.shape.dim
    let packed = round(
      query, rows: rows.count, dim: cache.shape.dim, positions: stride,
      in: scores + rows.count * stride)

    for step in 0..<chunks {
      // The last chunk first: a single row has just written to it.
      let chunk = step == 0 ? chunks - 1 : step - 1
      score(
        query, rows.count, cache, cache.keys(layer: layer, head: kvHead, chunk: chunk),
        ahead: step + 1 < chunks
          ? cache.keys(layer: layer, head: kvHead, chunk: step)
          : cache.values(layer: layer, head: kvHead, chunk: 0),
        into: scores + chunk * KVCache.chunkPositions, stride, packed)
    }
    for index in 0..<rows.count {
      let line = scores + index * stride
      let seen = cache.count + rows.lowerBound + index + 1
      kernels.softmax(line, seen)
      (line + seen).update(repeating: 0, count: count - seen)
      (result + index * out.stride).update(repeating: 0, count: cache.shape.dim)
    }
    round(weights: scores, count, packed)
    for chunk in 0..<chunks {
      if let next {
        if chunk == 0 { prefetch(next.row, head: next.head, of: cache.shape) }
        next.keys.prefetch(part: chunk, of: chunks)
      }
      let first = chunk * KVCache.chunkPositions
      addSum(
        by: scores + first, stride, rows.count, cache,
        cache.values(layer: layer, head: kvHead, chunk: chunk),
        count: min(KVCache.chunkPositions, count - first),
        ahead: chunk + 1 < chunks
          ? cache.values(layer: layer, head: kvHead, chunk: chunk + 1) : nil, into: result, packed,
        from: first)
    }
  }

  /// Scores of some rows against a chunk of `keys`; `ahead` is what is read next.
  private func score(
    _ query: UnsafePointer<Float>, _ rows: Int, _ cache: KVCache, _ keys: UnsafeMutableRawPointer,
    ahead: UnsafeMutableRawPointer, into target: UnsafeMutablePointer<Float>, _ stride: Int,
    _ packed: PackedBlock?
  ) {
    let dim = cache.shape.dim
    switch cache.shape.format {
    case .f32:
      kernels.scoresF32(
        query, q.stride, rows, keys.assumingMemoryBound(to: Float.self), dim, scale, target, stride)
    case .f16:
      let keys = keys.assumingMemoryBound(to: UInt16.self)
      if let packed { return score(packed, keys, into: target) }
      kernels.scoresF16(
        query, q.stride, rows, keys, dim, scale, target, stride)
    case .int8:
      cache.prefetchScales(of: ahead)
      kernels.scoresInt8(
        query, q.stride, rows, keys.assumingMemoryBound(to: Int8.self), dim, scale, target, stride,
        ahead)
      for index in 0..<rows {
        kernels.multiply(cache.scales(of: keys), target + index * stride, KVCache.chunkPositions)
      }
    }
  }

  /// Adds the first `count` of a chunk of `values`, weighted, to `result`; `ahead` is what is read
  /// next. Weights of int8 values are multiplied by the values' scales.
  private func addSum(
    by weights: UnsafeMutablePointer<Float>, _ stride: Int, _ rows: Int, _ cache: KVCache,
    _ values: UnsafeMutableRawPointer, count: Int, ahead: UnsafeMutableRawPointer?,
    into result: UnsafeMutablePointer<Float>, _ packed: PackedBlock?, from first: Int
  ) {
    let dim = cache.shape.dim
    switch cache.shape.format {
    case .f32:
      kernels.weightedSumF32(
        weights, stride, rows, values.assumingMemoryBound(to: Float.self), dim, count, dim, result,
        out.stride)
    case .f16:
      let values = values.assumingMemoryBound(to: UInt16.self)
      if let packed {
        return addSum(by: packed, from: first, values, count: count, into: result)
      }
      kernels.weightedSumF16(
        weights, stride, rows, values, dim, count, dim, result, out.stride)
    case .int8:
      if let ahead { cache.prefetchScales(of: ahead) }
      for index in 0..<rows {
        kernels.multiply(cache.scales(of: values), weights + index * stride, count)
      }
      kernels.weightedSumInt8(
        weights, stride, rows, values.assumingMemoryBound(to: Int8.self), dim, count, dim, result,
        out.stride, ahead)
    }
  }
}
