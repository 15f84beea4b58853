import Convert
import Testing

@testable import JanusLite

/// What a conversation keeps, and what it forgets.
@Suite struct ConversationStateTests {
  private let settings = GenerationSettings(maxTokens: 8)

  @Test func aTurnStoppedInsideItsPromptHasNotHappened() throws {
    let model = try Fixture.all[1].model(.int8)
    let picture = try Fixture.picture("waves")
    // Four pictures take more rows than one pass, so that there is a place to stop.
    let pictures = Array(repeating: picture, count: 4)
    #expect(pictures.count * model.vision.patchCount > TextRun.rowsPerPass)

    let stopped = try Conversation(model)
    let beginning = try stopped.send("Begin.", settings: settings)
    let before = stopped.positions
    let cancelled = try stopped.send("Look.", pictures: pictures, settings: settings) { _ in false }
    #expect(cancelled.finishReason == .cancelled && cancelled.tokenIDs.isEmpty)
    #expect(stopped.positions == before)

    let whole = try Conversation(model)
    #expect(try whole.send("Begin.", settings: settings).tokenIDs == beginning.tokenIDs)
    #expect(
      try stopped.send("Go on.", settings: settings).tokenIDs
        == whole.send("Go on.", settings: settings).tokenIDs)
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
