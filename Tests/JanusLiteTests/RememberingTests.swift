import JanusLite
import Testing

@Suite struct RememberingTests {
  @Test func forgettingTheLastTurnGivesTheBitsOfBefore() throws {
    let model = try Fixture.all[1].model(.int8)
    let settings = GenerationSettings(maxTokens: 6, logprobs: 2)
    let (one, other) = (try Conversation(model), try Conversation(model))
    _ = try one.send("a b", settings: settings)
    _ = try other.send("a b", settings: settings)
    _ = try one.send("something else", settings: settings)
    #expect(one.forgetLastTurn())
    let (first, second) = (
      try one.send("c", settings: settings), try other.send("c", settings: settings)
    )
    #expect(first.tokenIDs == second.tokenIDs)
    #expect(first.logprobs.map(\.logprob) == second.logprobs.map(\.logprob))
    #expect(one.forgetLastTurn() && one.forgetLastTurn() && !one.forgetLastTurn())
    #expect(one.positions == 0)
  }

  @Test func aTurnThatFailsLeavesTheSystemPromptToTheNextOne() throws {
    let model = try Fixture.all[1].model(.int8)
    let settings = GenerationSettings(maxTokens: 4, logprobs: 1)
    let expected = try Conversation(model).send("x", settings: settings)
    let conversation = try Conversation(model)
    #expect(throws: JanusError.self) {
      try conversation.send("y", settings: GenerationSettings(temperature: -1, maxTokens: 4))
    }
    let answer = try conversation.send("x", settings: settings)
    #expect(answer.logprobs.map(\.logprob) == expected.logprobs.map(\.logprob))
  }

  @Test func aRecalledTurnIsTakenIn() throws {
    let model = try Fixture.all[1].model(.int8)
    let conversation = try Conversation(model)
    try conversation.recall("a b", answer: "c")
    let positions = conversation.positions
    #expect(positions > 0)
    _ = try conversation.send("d", settings: GenerationSettings(maxTokens: 2))
    #expect(conversation.positions > positions)
  }
}
