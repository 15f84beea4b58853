import CIntrinsics
import JanusModelFile
import JanusSystem
import SIMDKernels

/// How keys and values are kept.
public enum CacheFormat: String, CaseIterable, Sendable {
  case f32
  case f16
  /// One scale for each head and position, for keys and for values.
  case int8

  var bytesPerElement: Int {
    switch self {
    case .f32: 4
    case .f16: 2
    case .int8: 1
    }
  }

  /// Bytes beside the elements of one head's key or value.
  var bytesPerScale: Int { self == .int8 ? MemoryLayout<Float>.size : 0 }
}

/// The dimensions of a KV cache.
package struct CacheShape: Equatable, Sendable {
  let layers: Int
  /// Key-value heads.
  let heads: Int
  /// Head dimension.
  let dim: Int
  let format: CacheFormat

  package init(_ geometry: LanguageGeometry, format: CacheFormat) {
    layers = geometry.layerCount
    heads = geometry.keyValueHeadCount
    dim = geometry.headDim
    self.format = format
  }

  /// Bytes that one position takes.
  package var bytesPerPosition: Int {
    2 * layers * heads * (dim * format.bytesPerElement + format.bytesPerScale)
  }

  /// Bytes of the chunks that hold `positions` positions.
  package func bytes(positions: Int) -> Int {
    let width = KVCache.chunkPositions
    return (positions + width - 1) / width * width * bytesPerPosition
  }
}

/// The keys and values of one sequence, for all layers.
///
/// Positions are stored in chunks of 64. Keys of a chunk are transposed, so that scores of 64
/// positions are computed side by side and no sum crosses lanes. In int8 each head's 64 scales
/// follow its keys or values of the chunk. What is reserved at once is one block of memory, where a
/// head's chunks follow each other, because a processor's own prefetching works only while reading
/// goes on in order: `[layer][keys: [head][chunk][D][position], values:
/// [head][chunk][position][D]]`. So a cache grows without copying, and caches that begin alike
/// share their full chunks.
package final class KVCache {
  package static let chunkPositions = Kernels.keysPerChunk

  package let shape: CacheShape
  /// Positions stored so far.
  private(set) var count = 0
  private var chunks: [Chunk] = []

  init(shape: CacheShape) {
    self.shape = shape
  }

  /// Reserves memory for `positions` positions, so that storing them later allocates nothing. If
  /// that needs new memory, it reserves for `spare` more positions, too; their pages take no memory
  /// before they are written.
  package func reserve(_ positions: Int, spare: Int = 0) throws(MemoryError) {
    let width = Self.chunkPositions
    guard positions > chunks.count * width else { return }
    let missing = (positions + spare + width - 1) / width - chunks.count
    let block = try Block(chunkCount: missing, byteCount: missing * width * shape.bytesPerPosition)
    chunks += (0..<missing).map { Chunk(block: block, index: $0) }
  }

  /// Bytes of all chunks, including those that are shared with other caches.
  var byteCount: Int { chunks.count * Self.chunkPositions * shape.bytesPerPosition }

  /// A cache that begins with the same positions, all of them or the `first` ones, with room for
  /// `positions` in all. Full chunks are shared if `sharing`, the others are copied.
  func fork(first: Int? = nil, reserving positions: Int, sharing: Bool = true) throws(MemoryError)
    -> KVCache
  {
    let count = first ?? count
    precondition(count <= self.count && positions >= count)
    let copy = KVCache(shape: shape)
    copy.count = count
    let width = Self.chunkPositions
    let shared = sharing ? count / width : 0
    copy.chunks = Array(chunks[..<shared])
    try copy.reserve(positions)
    for chunk in shared..<(count + width - 1) / width {
      for plane in 0..<2 * shape.layers * shape.heads {
        copy.address(plane, chunk: chunk).copyMemory(
          from: address(plane, chunk: chunk), byteCount: bytesPerPlane)
      }
    }
    return copy
  }

  /// Forgets the positions at and after `count`; their memory stays for the next ones.
  package func truncate(to count: Int) {
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

  /// The 64 scales that follow a head's int8 keys or values in a chunk.
  func scales(of plane: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Float> {
    (plane + Self.chunkPositions * shape.dim).assumingMemoryBound(to: Float.self)
  }

  /// Stores a head's key and value of a position, `[D]` each, for one layer.
  func write(
    key: UnsafePointer<Float>, value: UnsafePointer<Float>, layer: Int, head: Int, position: Int,
    _ kernels: Kernels
  ) {
    let (chunk, place) = (position / Self.chunkPositions, position % Self.chunkPositions)
    let dim = shape.dim
    let keys = keys(layer: layer, head: head, chunk: chunk)
    let values = values(layer: layer, head: head, chunk: chunk)
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
      kernels.f32ToF16(value, values.assumingMemoryBound(to: UInt16.self) + place * dim, dim)
    case .int8:
      // Whole blocks of 32, as the kernel writes them.
      withUnsafeTemporaryAllocation(of: Int8.self, capacity: (dim + 31) / 32 * 32) { bytes in
        let bytes = bytes.baseAddress!
        scales(of: keys)[place] = kernels.quantizeRow(key, dim, bytes)
        let column = keys.assumingMemoryBound(to: Int8.self) + place
        for d in 0..<dim { column[d * Self.chunkPositions] = bytes[d] }
        scales(of: values)[place] = kernels.quantizeRow(value, dim, bytes)
        (values.assumingMemoryBound(to: Int8.self) + place * dim).update(from: bytes, count: dim)
      }
    }
  }

  /// One head's keys in a chunk of a layer, in int8 with their scales.
  struct Plane {
    let start: UnsafeMutableRawPointer
    let byteCount: Int

    /// Prefetches one of `parts` equal parts.
    func prefetch(part: Int, of parts: Int) {
      let lines = byteCount / 64
      for line in lines * part / parts..<lines * (part + 1) / parts {
        janus_prefetch_l2(start + line * 64)
      }
    }
  }

  func keyPlane(layer: Int, head: Int, chunk: Int) -> Plane {
    Plane(start: keys(layer: layer, head: head, chunk: chunk), byteCount: bytesPerPlane)
  }

  /// Prefetches the scales of int8 keys or values. They are read after the last of these.
  func prefetchScales(of plane: UnsafeMutableRawPointer) {
    let scales = scales(of: plane)
    for i in stride(from: 0, to: Self.chunkPositions, by: 16) { janus_prefetch_l2(scales + i) }
  }

  private func plane(layer: Int, part: Int, head: Int, chunk: Int) -> UnsafeMutableRawPointer {
    address((layer * 2 + part) * shape.heads + head, chunk: chunk)
  }

  private func address(_ plane: Int, chunk: Int) -> UnsafeMutableRawPointer {
    let place = chunks[chunk].place
    return place.base + (plane * place.chunkCount + place.index) * bytesPerPlane
  }

  /// Of one head's keys, or values, in a chunk of a layer.
  private var bytesPerPlane: Int {
    Self.chunkPositions * (shape.dim * shape.format.bytesPerElement + shape.format.bytesPerScale)
  }

  private struct Chunk {
    /// Unowned: counting references at every step would make the threads wait for each other.
    private let block: Block
    /// Where in the block's memory: chunk `index` of `chunkCount`.
    let place: (base: UnsafeMutableRawPointer, chunkCount: Int, index: Int)

    init(block: Block, index: Int) {
      self.block = block
      place = (block.base, block.chunkCount, index)
    }
  }

  private final class Block {
    let chunkCount: Int
    let base: UnsafeMutableRawPointer
    private let byteCount: Int

    init(chunkCount: Int, byteCount: Int) throws(MemoryError) {
      self.chunkCount = chunkCount
      self.byteCount = byteCount
      base = try PageMemory.allocate(byteCount)
    }

    deinit { PageMemory.deallocate(base, byteCount) }
  }
}
