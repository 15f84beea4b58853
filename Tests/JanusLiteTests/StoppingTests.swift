import JanusImages
import Synchronization
import Testing

@testable import JanusLite

/// Work that its caller stops, by a token or by cancelling its task.
@Suite struct StoppingTests {
  private let endless = GenerationSettings(maxTokens: 100_000, stopsLoops: false)
  private let brief = GenerationSettings(maxTokens: 6, logprobs: 2)

  private static var stopped: StopToken {
    let stop = StopToken()
    stop.stop()
    return stop
  }

  @Test func aReadingStoppedBeforeItBeginsIsACancelledOne() throws {
    let reader = try FormulaReader(try Fixture.small[0].model(.int8))
    let picture = try Fixture.picture("waves")
    let reading = try reader.read(picture, settings: brief, stop: Self.stopped)
    #expect(reading.answer.finishReason == .cancelled)
    #expect(reading.answer.tokenIDs.isEmpty && reading.latex.isEmpty && !reading.hasFormula)
    let alone = try FormulaReader(try Fixture.small[0].model(.int8)).read(picture, settings: brief)
    #expect(try reader.read(picture, settings: brief).answer.tokenIDs == alone.answer.tokenIDs)
  }

  @Test func readingAllWithAStoppedTokenBeginsNone() throws {
    let reader = try FormulaReader(try Fixture.small[0].model(.int8))
    var (asked, readings) = (0, 0)
    reader.readAll(
      stop: Self.stopped,
      next: {
        asked += 1
        return nil
      }, onReading: { _, _ in readings += 1 })
    #expect(asked == 0 && readings == 0)
  }

  @Test func aReadingThatIsStoppedSaysThatItWas() throws {
    let reader = try FormulaReader(try Fixture.small[0].model(.int8))
    let (picture, stop) = (try Fixture.picture("waves"), StopToken())
    let reading = try reader.read(
      picture, settings: endless, stop: stop, onText: { _ in stop.stop() })
    #expect(reading.answer.finishReason == .cancelled && !reading.answer.tokenIDs.isEmpty)
    #expect(reading.warnings.contains("the reading was stopped before its end"))
    let whole = try reader.read(picture, settings: brief)
    #expect(!whole.warnings.contains("the reading was stopped before its end"))
  }

  /// From before the work begins to its end.
  @Test func aTaskCancelledAtAnyTimeThrowsACancellationErrorOrHasItsReading() async throws {
    let model = try Fixture.small[0].model(.int8)
    let picture = try Fixture.picture("waves")
    let reader = try FormulaReader(model)
    let expected = try await reader.read(picture, settings: brief).answer.tokenIDs
    var cancelled = 0
    for microseconds in stride(from: 0, through: 4_000, by: 50) {
      let settings = brief
      let task = Task {
        try await FormulaReader(model).read(picture, settings: settings).answer.tokenIDs
      }
      if microseconds > 0 { try await Task.sleep(for: .microseconds(microseconds)) }
      task.cancel()
      switch await task.result {
      case .success(let tokens): #expect(tokens == expected)
      case .failure(let error):
        #expect(error is CancellationError)
        cancelled += 1
      }
    }
    #expect(cancelled > 0)
  }

  /// The task is cancelled when the first text of the answer has come.
  @Test func aTurnOfACancelledTaskHasNotHappened() async throws {
    let model = try Fixture.all[1].model(.int8)
    let (endless, brief) = (endless, brief)
    let (pieces, piece) = AsyncStream.makeStream(of: Void.self)
    let isCancelled = Atomic(false)
    let task = Task { () -> Bool in
      let conversation = try Conversation(model)
      let first = try await conversation.send("Begin.", settings: brief)
      let positions = conversation.positions
      var hasThrown = false
      do {
        _ = try await conversation.send("Go on.", settings: endless) { _ in
          piece.yield()
          while !isCancelled.load(ordering: .acquiring) {}
        }
      } catch is CancellationError {
        hasThrown = true
      }
      piece.finish()
      #expect(hasThrown && conversation.positions == positions)
      // The cancelled task can ask nothing more by itself.
      let answer = try Self.ask(conversation, "Go on.", brief)
      let fresh = try Conversation(model)
      #expect(try Self.ask(fresh, "Begin.", brief).tokenIDs == first.tokenIDs)
      let expected = try Self.ask(fresh, "Go on.", brief)
      #expect(answer.logprobs.map(\.logprob) == expected.logprobs.map(\.logprob))
      #expect(conversation.forgetLastTurn() && conversation.forgetLastTurn())
      return conversation.forgetLastTurn()
    }
    for await _ in pieces { break }
    task.cancel()
    isCancelled.store(true, ordering: .releasing)
    #expect(try await task.value == false)
  }

  /// Where tasks run, `send` is the form for tasks.
  private static func ask(
    _ conversation: Conversation, _ prompt: String, _ settings: GenerationSettings
  ) throws -> Answer {
    try conversation.send(prompt, settings: settings)
  }

  @Test func aTokenGivenToATaskLeavesTheAnswerAsFarAsItCame() async throws {
    let conversation = try Conversation(try Fixture.all[1].model(.int8))
    let stop = StopToken()
    let answer = try await conversation.send("Begin.", settings: endless, stop: stop) { _ in
      stop.stop()
    }
    #expect(answer.finishReason == .cancelled && !answer.tokenIDs.isEmpty)
    #expect(conversation.positions > 0 && conversation.forgetLastTurn())
  }

  @Test func aTurnThatIsNotRecalledSaysSo() throws {
    let conversation = try Conversation(try Fixture.all[1].model(.int8))
    #expect(try !conversation.recall("a", answer: "b", stop: Self.stopped))
    #expect(conversation.positions == 0)
    #expect(try conversation.recall("a", answer: "b"))
  }

  /// Three pictures, stopped within the second one, and within the first.
  @Test func aPainterThatIsStoppedDecodesNoFurther() throws {
    let painter = try Painter(try Fixture.all[0].model(.int8))
    func paint(seeds: [UInt64], stoppingAt most: Int) throws -> (pictures: [Picture]?, asked: Int) {
      let decoding = Decoding(most)
      let pictures = try painter.paint("a", seeds: seeds, stop: decoding.stop) { done in
        if done == painter.codesPerPicture { decoding.begin() }
      }
      return (pictures, decoding.asked)
    }
    let one = try paint(seeds: [1], stoppingAt: .max)
    #expect(one.pictures?.count == 1)
    for most in [one.asked + 1, one.asked - 1] {
      let stopped = try paint(seeds: [1, 2, 3], stoppingAt: most)
      #expect(stopped.pictures == nil && stopped.asked == most)
    }
    #expect(try painter.paint("a", seeds: [1]) == one.pictures)
  }

  /// Stops when it is asked so many times after all codes were chosen.
  private final class Decoding: Sendable {
    private let count = Atomic(0)
    private let hasBegun = Atomic(false)
    private let most: Int

    init(_ most: Int) { self.most = most }

    var asked: Int { count.load(ordering: .relaxed) }
    func begin() { hasBegun.store(true, ordering: .relaxed) }
    var stop: StopToken {
      StopToken {
        self.hasBegun.load(ordering: .relaxed)
          && self.count.add(1, ordering: .relaxed).newValue >= self.most
      }
    }
  }

  @Test func aPainterStoppedBeforeItBeginsPaintsNothing() throws {
    let painter = try Painter(try Fixture.all[0].model(.int8))
    let steps = Atomic(0)
    let pictures = try painter.paint("a", seeds: [1], stop: Self.stopped) { _ in
      steps.add(1, ordering: .relaxed)
    }
    #expect(pictures == nil && steps.load(ordering: .relaxed) == 0)
  }
}
