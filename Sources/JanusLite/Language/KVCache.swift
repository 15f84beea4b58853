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

  /// Bytes that one position takes.
  var bytesPerPosition: Int { 2 * layers * heads * dim * format.bytesPerElement }
}

/// The keys and values of one sequence, for all layers.
///
/// Positions lie in chunks, so that a cache grows without copying and caches that begin alike share
/// their full chunks. Within a chunk, each layer and head has its keys in a row, then its values:
/// `[layer][key or value][head][position][D]`.
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

  /// The first element of a head's keys (`part` 0) or values (1) in the chunk of `position`.
  func start(layer: Int, part: Int, head: Int, chunk: Int) -> UnsafeMutableRawPointer {
    let plane = ((layer * 2 + part) * shape.heads + head) * Self.chunkPositions * shape.dim
    return chunks[chunk].base + plane * shape.format.bytesPerElement
  }

  /// Where a head's key (`part` 0) or value (1) of `position` belongs.
  func element(layer: Int, part: Int, head: Int, position: Int) -> UnsafeMutableRawPointer {
    start(layer: layer, part: part, head: head, chunk: position / Self.chunkPositions)
      + position % Self.chunkPositions * shape.dim * shape.format.bytesPerElement
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
