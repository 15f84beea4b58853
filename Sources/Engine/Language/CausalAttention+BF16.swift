import JanusModelFile
import SIMDKernels

// In bf16 keys and values are rounded when they are written, queries and weights before they are
// multiplied. Many rows take the bf16 kernels. A single row takes those for f16: the bits are the
// same, and a single row waits for memory, so that less work is better.

/// Scratch for a block of rows' products in bf16.
struct PackedBlock {
  let rows: Int
  let dim: Int
  let positions: Int
  /// Of a chunk's keys or values.
  let pairs: UnsafeMutablePointer<UInt16>
  /// `[rows, D]`
  let queries: UnsafeMutablePointer<UInt16>
  /// `[rows, positions]`
  let weights: UnsafeMutablePointer<UInt16>

  /// `scratch` has room for `floatCount`.
  init(rows: Int, dim: Int, positions: Int, in scratch: UnsafeMutablePointer<Float>) {
    self.rows = rows
    self.dim = dim
    self.positions = positions
    pairs = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: UInt16.self)
    queries = pairs + Self.pairCount(dim)
    weights = queries + rows * dim
  }

  static func floatCount(rows: Int, dim: Int, positions: Int) -> Int {
    (pairCount(dim) + rows * (dim + positions) + 1) / 2
  }

  private static func pairCount(_ dim: Int) -> Int {
    let width = KVCache.chunkPositions
    return max(
      BF16Attention.packedCount(rows: dim, columns: width),
      BF16Attention.packedCount(rows: width, columns: dim))
  }
}

extension CausalAttention {
  /// Rounds the queries of a block if `bf16` is set; those of a single row in place.
  func round(
    _ query: UnsafeMutablePointer<Float>, rows: Int, dim: Int, positions: Int,
    in scratch: UnsafeMutablePointer<Float>
  ) -> PackedBlock? {
    guard let bf16 else { return nil }
    if rows == 1 {
      bf16.round(query, dim)
      return nil
    }
    let block = PackedBlock(rows: rows, dim: dim, positions: positions, in: scratch)
    for row in 0..<rows { bf16.packRow(query + row * q.stride, dim, block.queries + row * dim) }
    return block
  }

  /// Rounds the first `count` weights of each row likewise; zeros follow them in a block.
  func round(weights: UnsafeMutablePointer<Float>, _ count: Int, _ block: PackedBlock?) {
    guard let bf16 else { return }
    guard let block else { return bf16.round(weights, count) }
    for row in 0..<block.rows {
      let line = weights + row * block.positions
      (line + count).update(repeating: 0, count: block.positions - count)
      bf16.packRow(line, block.positions, block.weights + row * block.positions)
    }
  }

  /// Scores of a block against a chunk of `keys`, `[D][64]`.
  func score(
    _ block: PackedBlock, _ keys: UnsafePointer<UInt16>, into out: UnsafeMutablePointer<Float>
  ) {
    let width = KVCache.chunkPositions
    bf16!.pack(keys, width, block.dim, width, block.pairs)
    bf16!.product(
      block.queries, block.dim, block.rows, block.pairs, block.dim, width, scale, false, out,
      block.positions)
  }

  /// Adds the first `count` of a chunk of `values`, `[64][D]`, by the weights from `first` on.
  func addSum(
    by block: PackedBlock, from first: Int, _ values: UnsafePointer<UInt16>, count: Int,
    into result: UnsafeMutablePointer<Float>
  ) {
    bf16!.pack(values, block.dim, count, block.dim, block.pairs)
    bf16!.product(
      block.weights + first, block.positions, block.rows, block.pairs, count, block.dim, 1, true,
      result, out.stride)
  }
}
