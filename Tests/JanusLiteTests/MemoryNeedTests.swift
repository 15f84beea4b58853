import JanusConvert
import Testing

@testable import JanusEngine
@testable import JanusLite
@testable import JanusModelFile
@testable import JanusSystem
@testable import JanusWords

/// What is said of a request's memory before it runs.
@Suite struct MemoryNeedTests {
  @Test(arguments: CacheFormat.allCases)
  func theStatedCacheIsWhatACacheAllocates(_ format: CacheFormat) throws {
    let model = try Fixture.all[0].model(.int8, .init(cacheFormat: format))
    let shape = CacheShape(model.language, format: format)
    for positions in [0, 1, 64, 65, 200] {
      let cache = KVCache(shape: shape)
      try cache.reserve(positions)
      #expect(cache.byteCount == shape.bytes(positions: positions))
    }
  }

  @Test func aPictureTakesItsLargestStageAndNotAllOfThem() throws {
    let model = try Fixture.all[0].model(.int8)
    let patches = model.vision.patchCount
    let need = model.memoryNeed(prompt: patches + 10, answer: 64, pictures: 1)
    #expect(need.stages.map(\.name) == ["picture", "prompt", "answer"])
    #expect(need.peak == need.base + need.stages.map(\.total).max()!)
    #expect(need.peak < need.base + need.stages.map(\.total).reduce(0, +))
    let text = model.memoryNeed(prompt: 10, answer: 64)
    #expect(text.stages.map(\.name) == ["prompt", "answer"] && text.peak < need.peak)
  }

  @Test func decodingAloneTakesWhatDecodingAfterPaintingComputesIn() throws {
    let painter = try Painter(try Fixture.all[0].model(.int8))
    let stage = try #require(painter.decodingNeed.stages.first)
    let painting = try painter.memoryNeed(try painter.request("a"), together: 1)
    #expect(stage.scratch == painting.stages.last?.scratch && stage.cache == 0)
    #expect(painter.decodingNeed.allocations == stage.scratch)
  }

  @Test func everyByteOfTheFileBelongsToSomePart() throws {
    let file = try Fixture.all[0].model(.int8).languageModel.file
    let parts: Set<ModelPart> = [.embeddings, .decoder]
    let known = parts.union(ModelPart.seeing).union(ModelPart.answering).union(ModelPart.painting)
    #expect(file.byteCount(of: [.other]) == 0)
    let bytes = file.container.tensors.reduce(0) { $0 + $1.range.count }
    #expect(file.byteCount(of: known) >= bytes)
  }

  @Test func aRequestIsRefusedByTheByteItLacks() throws {
    let need = try Fixture.all[0].model(.int8).memoryNeed(prompt: 100, answer: 100)
    try need.checkFits(available: need.allocations)
    let error = #expect(throws: JanusError.self) {
      try need.checkFits(available: need.allocations - 1)
    }
    guard case .memory(need.allocations, need.allocations - 1) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func aFileToBeReadIntoMemoryIsRefusedByTheByteItLacks() throws {
    let file = try Fixture.all[0].model(.int8).languageModel.file.container.file
    try Janus.checkFits(file.path, available: file.count)
    try Janus.checkFits("no such file", available: 0)
    let error = #expect(throws: JanusError.self) {
      try Janus.checkFits(file.path, available: file.count - 1)
    }
    #expect(error?.description.contains("are to be kept in memory") == true)
  }

  @Test func anAnswerDoesNotChangeWhenTheTowersPagesGo() throws {
    let model = try Fixture.all[0].model(.int8)
    let picture = try Fixture.picture("waves")
    let settings = GenerationSettings(maxTokens: 12)
    let kept = try Conversation(model)
    kept.keepsTower = true
    let given = try Conversation(model)
    for _ in 0..<2 {
      let answers = try [kept, given].map {
        try $0.send("Look.", pictures: [picture], settings: settings)
      }
      #expect(answers[0].tokenIDs == answers[1].tokenIDs)
    }
  }
}
