import JanusConvert
import Testing

@testable import JanusEngine
@testable import JanusLite
@testable import JanusModelFile
@testable import JanusSystem
@testable import JanusWords

/// What a conversation keeps, and what it forgets.
@Suite struct ConversationStateTests {
  private let settings = GenerationSettings(maxTokens: 8)

  /// Stopped at the first and the third picture, and within the first and the second pass over the
  /// prompt.
  @Test(arguments: [0, 2, 5, 7])
  func aTurnStoppedBeforeItsAnswerHasNotHappened(layers: Int) throws {
    let model = try Fixture.all[1].model(.int8)
    let pictures = Array(repeating: try Fixture.picture("waves"), count: 4)
    #expect(pictures.count * model.vision.patchCount > TextRun.rowsPerPass)
    #expect(model.vision.layerCount == 1 && model.language.layerCount == 2)

    let stopped = try Conversation(model)
    let beginning = try stopped.send("Begin.", settings: settings)
    let before = stopped.positions
    var asked = 0
    let cancelled = try stopped.send("Look.", pictures: pictures, settings: settings) { _ in
      asked += 1
      return asked <= layers
    }
    #expect(asked == layers + 1)
    #expect(cancelled.finishReason == .cancelled && cancelled.tokenIDs.isEmpty)
    #expect(stopped.positions == before)

    let whole = try Conversation(model)
    #expect(try whole.send("Begin.", settings: settings).tokenIDs == beginning.tokenIDs)
    #expect(
      try stopped.send("Look.", pictures: pictures, settings: settings).tokenIDs
        == whole.send("Look.", pictures: pictures, settings: settings).tokenIDs)
  }

  @Test func whatALoopRepeatedIsForgotten() throws {
    let model = try Fixture.all[1].model(.int8)
    let looping = try Conversation(model)
    let answer = try looping.send(
      "Begin.", settings: GenerationSettings(maxTokens: 400, logprobs: 1))
    #expect(answer.finishReason == .loop)
    #expect(answer.logprobs.count == answer.tokenIDs.count)
    // The last token goes through the network with the next turn.
    #expect(looping.positions == answer.promptTokenCount + answer.tokenIDs.count - 1)

    let brief = try Conversation(model)
    let cut = GenerationSettings(maxTokens: answer.tokenIDs.count)
    #expect(try brief.send("Begin.", settings: cut).tokenIDs == answer.tokenIDs)
    #expect(
      try looping.send("Go on.", settings: settings).tokenIDs
        == brief.send("Go on.", settings: settings).tokenIDs)
  }

  @Test func aFirstTurnStoppedInsideItsPromptLeavesAnEmptyConversation() throws {
    let model = try Fixture.all[1].model(.int8)
    let pictures = Array(repeating: try Fixture.picture("waves"), count: 4)
    let stopped = try Conversation(model)
    _ = try stopped.send("Look.", pictures: pictures, settings: settings) { _ in false }
    #expect(stopped.positions == 0)
    let fresh = try Conversation(model)
    #expect(
      try stopped.send("Begin.", settings: settings).tokenIDs
        == fresh.send("Begin.", settings: settings).tokenIDs)
  }
}
