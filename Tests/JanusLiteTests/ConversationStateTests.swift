import JanusConvert
import Synchronization
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
    let asked = Atomic(0)
    let stop = StopToken { asked.add(1, ordering: .relaxed).newValue > layers }
    let cancelled = try stopped.send(
      "Look.", pictures: pictures, settings: settings, stop: stop)
    #expect(asked.load(ordering: .relaxed) == layers + 1)
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
    let stop = StopToken()
    stop.stop()
    _ = try stopped.send("Look.", pictures: pictures, settings: settings, stop: stop)
    #expect(stopped.positions == 0)
    let fresh = try Conversation(model)
    #expect(
      try stopped.send("Begin.", settings: settings).tokenIDs
        == fresh.send("Begin.", settings: settings).tokenIDs)
  }

  @Test func aStopBeforeTheFirstTokenLeavesAnEmptyAnswer() throws {
    let model = try Fixture.all[0].model(.int8)
    let stop = StopToken()
    stop.stop()
    let answer = try Conversation(model).send("Begin.", settings: settings, stop: stop)
    #expect(answer.finishReason == .cancelled && answer.tokenIDs.isEmpty && answer.text.isEmpty)
  }

  /// Two threads ask one model at once: their jobs take turns on its threads.
  @Test func twoConversationsAtOnceGiveTheBitsOfOneAfterTheOther() async throws {
    let model = try Fixture.all[1].model(.int4)
    let settings = GenerationSettings(temperature: 1, seed: 3, maxTokens: 24, logprobs: 2)
    let picture = try Fixture.picture("waves")
    @Sendable func ask(_ prompt: String) async throws -> Answer {
      try await Conversation(model).send(prompt, pictures: [picture], settings: settings)
    }
    let alone = (try await ask("What is this?"), try await ask("And that?"))
    for _ in 0..<3 {
      async let one = ask("What is this?")
      async let other = ask("And that?")
      let together = (try await one, try await other)
      #expect(together.0.tokenIDs == alone.0.tokenIDs)
      #expect(together.1.tokenIDs == alone.1.tokenIDs)
      #expect(together.0.logprobs.map(\.logprob) == alone.0.logprobs.map(\.logprob))
      #expect(together.1.logprobs.map(\.logprob) == alone.1.logprobs.map(\.logprob))
    }
  }

  @Test func requestsThatDoNotFitTogetherAreNotBothAdmitted() throws {
    let model = try Fixture.all[0].model(.int8)
    let need = model.memoryNeed(prompt: 10, answer: 8)
    // Other tests run beside this one, and their memory is the process's, too.
    let admission = Admission(processBytes: { 0 })
    let (one, other) = (Admission.Place(), Admission.Place())
    let room = need.allocations * 3 / 2
    try admission.admit(need, for: one, available: room)
    #expect(throws: JanusError.self) { try admission.admit(need, for: other, available: room) }
    admission.leave(one)
    try admission.admit(need, for: other, available: room)
    // Its own next request takes the place of the one before.
    try admission.admit(need, for: other, available: room)
  }

  @Test func aCancelledTaskEndsWithACancellationError() async throws {
    let model = try Fixture.all[1].model(.int8)
    let task = Task {
      try await Conversation(model).send(
        "Begin.", settings: GenerationSettings(maxTokens: 100_000, stopsLoops: false))
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func aModelOpenedTwiceAnswersTheSame() throws {
    let model = try Fixture.all[0].model(.int8)
    let again = try Janus(path: model.container.file.path)
    #expect(
      try Conversation(model).send("Begin.", settings: settings).tokenIDs
        == Conversation(again).send("Begin.", settings: settings).tokenIDs)
  }

  @Test func aTextToStopBeforeEndsTheAnswer() throws {
    let model = try Fixture.all[1].model(.int8)
    let whole = try Conversation(model).send("Begin.", settings: settings)
    let text = Array(whole.text)
    try #require(text.count > 4)
    let stop = String(text[2...3])
    let cut = try Conversation(model).send(
      "Begin.", settings: GenerationSettings(maxTokens: 8, stop: [stop]))
    #expect(cut.finishReason == .stop)
    #expect(whole.text.hasPrefix(cut.text) && !cut.text.contains(stop))
  }
}
