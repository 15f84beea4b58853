import SIMDKernels

/// How keys and values are kept.
public enum CacheFormat: String, CaseIterable, Sendable {
  case f32
  case f16

  var bytesPerElement: Int {
    switch self {
    case .f32: 4
    case .f16: 2
    }
  }
}

/// The dimensions of a KV cache.
struct CacheShape: Equatable, Sendable {
  let layers: Int
  /// Key-value heads.
  let heads: Int
  /// Head dimension.
  let dim: Int
  let format: CacheFormat

  init(_ geometry: LanguageGeometry, format: CacheFormat) {
    layers = geometry.layerCount
    heads = geometry.keyValueHeadCount
    dim = geometry.headDim
    self.format = format
  }

  /// Bytes that one position takes.
  var bytesPerPosition: Int { 2 * layers * heads * dim * format.bytesPerElement }
}

/// The keys and values of one sequence, for all layers.
///
/// Positions lie in chunks, so that a cache grows without copying and caches that begin alike share
/// their full chunks. Within a chunk each layer has the keys of all heads, then their values. Keys lie
/// transposed, so that scores of 64 positions are computed side by side and no sum crosses lanes:
/// `[layer][keys: [head][D][position], values: [head][position][D]]`.
final class KVCache {
  static let chunkPositions = 64

  let shape: CacheShape
  /// Positions stored so far.
  private(set) var count = 0
  private var chunks: [Chunk] = []

  init(shape: CacheShape) {
    self.shape = shape
  }

  /// Allocates what `positions` positions need, so that storing them later allocates nothing.
  func reserve(_ positions: Int) {
    let needed = (positions + Self.chunkPositions - 1) / Self.chunkPositions
    while chunks.count < needed {
      chunks.append(Chunk(byteCount: Self.chunkPositions * shape.bytesPerPosition))
    }
  }

  /// A cache that begins with the same positions. Full chunks are shared, the last one is copied.
  func fork() -> KVCache {
    let copy = KVCache(shape: shape)
    copy.count = count
    let full = count / Self.chunkPositions
    copy.chunks = Array(chunks[..<full])
    if count % Self.chunkPositions != 0 {
      copy.chunks.append(Chunk(copying: chunks[full]))
    }
    return copy
  }

  /// Forgets the positions at and after `count`; their memory stays for the next ones.
  func truncate(to count: Int) {
    precondition(count <= self.count)
    self.count = count
  }

  /// Declares the next `positions` positions as stored, once every layer has written them.
  func advance(by positions: Int) {
    count += positions
  }

  /// A head's keys in a chunk, `[D][64 positions]`.
  func keys(layer: Int, head: Int, chunk: Int) -> UnsafeMutableRawPointer {
    plane(layer: layer, part: 0, head: head, chunk: chunk)
  }

  /// A head's values in a chunk, `[64 positions][D]`.
  func values(layer: Int, head: Int, chunk: Int) -> UnsafeMutableRawPointer {
    plane(layer: layer, part: 1, head: head, chunk: chunk)
  }

  /// Stores the key and value of a position, `[heads · D]` each, for one layer.
  func write(
    key: UnsafePointer<Float>, value: UnsafePointer<Float>, layer: Int, position: Int,
    _ kernels: Kernels
  ) {
    let (chunk, place) = (position / Self.chunkPositions, position % Self.chunkPositions)
    let dim = shape.dim
    for head in 0..<shape.heads {
      let keys = keys(layer: layer, head: head, chunk: chunk)
      let values = values(layer: layer, head: head, chunk: chunk)
      let (key, value) = (key + head * dim, value + head * dim)
      switch shape.format {
      case .f32:
        let column = keys.assumingMemoryBound(to: Float.self) + place
        for d in 0..<dim { column[d * Self.chunkPositions] = key[d] }
        (values.assumingMemoryBound(to: Float.self) + place * dim).update(from: value, count: dim)
      case .f16:
        let column = keys.assumingMemoryBound(to: UInt16.self) + place
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: dim) { halves in
          let halves = halves.baseAddress!
          kernels.f32ToF16(key, halves, dim)
          for d in 0..<dim { column[d * Self.chunkPositions] = halves[d] }
        }
        kernels.f32ToF16(
          value, values.assumingMemoryBound(to: UInt16.self) + place * dim, dim)
      }
    }
  }

  private func plane(layer: Int, part: Int, head: Int, chunk: Int) -> UnsafeMutableRawPointer {
    let plane = ((layer * 2 + part) * shape.heads + head) * Self.chunkPositions * shape.dim
    return chunks[chunk].base + plane * shape.format.bytesPerElement
  }

  private final class Chunk {
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    init(byteCount: Int) {
      self.byteCount = byteCount
      base = .allocate(byteCount: byteCount, alignment: 64)
    }

    convenience init(copying other: Chunk) {
      self.init(byteCount: other.byteCount)
      base.copyMemory(from: other.base, byteCount: byteCount)
    }

    deinit { base.deallocate() }
  }
}
