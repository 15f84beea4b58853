import Testing

@testable import JanusEngine
@testable import JanusLite
@testable import JanusSystem

@Suite struct KVCacheTests {
  @Test(arguments: CacheFormat.allCases)
  func pathsThatBeginAlikeShareTheirFullChunks(_ format: CacheFormat) throws {
    let (prompt, bytes) = try room(format)
    let head = prompt.shape.heads - 1
    prompt.values(layer: 0, head: head, chunk: 2).initializeMemory(
      as: UInt8.self, repeating: 7, count: bytes)
    prompt.advance(by: 130)
    let forks = try (0..<2).map { _ in try prompt.fork(reserving: 200) }
    for fork in forks {
      #expect(fork.count == 130)
      let copy = fork.values(layer: 0, head: head, chunk: 2)
      #expect(UnsafeRawBufferPointer(start: copy, count: bytes).allSatisfy { $0 == 7 })
      for chunk in 0..<2 {
        #expect(
          fork.keys(layer: 0, head: 0, chunk: chunk) == prompt.keys(layer: 0, head: 0, chunk: chunk)
        )
      }
    }
    // The chunk in which they part is each one's own.
    let last = forks.map { $0.keys(layer: 0, head: 0, chunk: 2) }
    #expect(Set(last + [prompt.keys(layer: 0, head: 0, chunk: 2)]).count == 3)
  }

  @Test(arguments: CacheFormat.allCases)
  func aPathThatSharesNothingHasACopyOfEachChunk(_ format: CacheFormat) throws {
    let (prompt, bytes) = try room(format)
    for chunk in 0..<3 {
      prompt.keys(layer: 0, head: 0, chunk: chunk).initializeMemory(
        as: UInt8.self, repeating: UInt8(chunk + 1), count: bytes)
    }
    prompt.advance(by: 130)
    let fork = try prompt.fork(reserving: 200, sharing: false)
    #expect(fork.count == 130)
    for chunk in 0..<3 {
      let copy = fork.keys(layer: 0, head: 0, chunk: chunk)
      #expect(copy != prompt.keys(layer: 0, head: 0, chunk: chunk))
      let held = UnsafeRawBufferPointer(start: copy, count: bytes)
      #expect(held.allSatisfy { $0 == UInt8(chunk + 1) })
    }
  }

  /// A cache with room for 130 positions, and the bytes of a head's elements in a chunk.
  private func room(_ format: CacheFormat) throws -> (cache: KVCache, bytes: Int) {
    let model = try Fixture.all[0].model(.int8)
    let cache = KVCache(shape: CacheShape(model.language, format: format))
    try cache.reserve(130)
    return (cache, KVCache.chunkPositions * cache.shape.dim * format.bytesPerElement)
  }
}
