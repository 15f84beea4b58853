import Testing

@testable import JanusLite

@Suite struct KVCacheTests {
  @Test(arguments: CacheFormat.allCases)
  func pathsThatBeginAlikeShareTheirFullChunks(_ format: CacheFormat) throws {
    let model = try Fixture.all[0].model(.int8)
    let prompt = KVCache(shape: CacheShape(model.language, format: format))
    prompt.reserve(130)
    prompt.advance(by: 130)
    let forks = (0..<2).map { _ in prompt.fork() }
    for fork in forks {
      fork.reserve(200)
      #expect(fork.count == 130)
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
}
