import Foundation
import JanusImages
import JanusSystem
import Testing

@testable import JanusLite

/// Calls that the library refuses, and what it says of them.
@Suite struct WrongCallsTests {
  /// What a call was refused for; nil where it was not.
  private func refusal(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch JanusError.request(let what, _, _) {
      return what
    } catch {
      return "\(error)"
    }
  }

  @Test func numbersBelowZeroAreRefused() throws {
    let model = try Fixture.small[0].model(.int8)
    let (reader, picture) = (try FormulaReader(model), try Fixture.picture("waves"))
    let (conversation, painter) = (try Conversation(model), try Painter(model))
    for (settings, what) in [
      (GenerationSettings(maxTokens: -1), "tokens of an answer"),
      (GenerationSettings(logprobs: -1), "log-probabilities"),
      (GenerationSettings(temperature: -1), "temperature"),
    ] {
      #expect(refusal { _ = try conversation.send("a", settings: settings) } == what)
      #expect(refusal { _ = try conversation.memoryNeed("a", settings: settings) } == what)
      #expect(refusal { _ = try reader.read(picture, settings: settings) } == what)
      #expect(refusal { _ = try reader.memoryNeed(picture, settings: settings) } == what)
      #expect(refusal { _ = try reader.bytesPerPicture(settings: settings) } == what)
    }
    for alternatives in [-1, 65, .max] {
      #expect(
        refusal { _ = try reader.read(picture, alternatives: alternatives) } == "alternatives")
    }
    #expect(refusal { _ = try reader.memoryNeed(picture, together: 0) } == "pictures at once")
    let request = try painter.request("a")
    #expect(refusal { _ = try painter.memoryNeed(request, together: -1) } == "pictures at once")
    #expect(refusal { _ = try painter.memoryNeed(request, together: 1, waves: 0) } == "waves")
    #expect(conversation.positions == 0)
  }

  @Test func theLargestNumbersAreNoTrap() throws {
    let model = try Fixture.small[0].model(.int8)
    let settings = GenerationSettings(maxTokens: .max)
    let reader = try FormulaReader(model)
    #expect(try reader.bytesPerPicture(settings: settings) > 0)
    #expect(try reader.memoryNeed(Fixture.picture("waves"), settings: settings).allocations > 0)
    #expect(try Conversation(model).memoryNeed("a", settings: settings).allocations > 0)
  }

  @Test func theNeedOfImpossibleNumbersIsThatOfTheNearestPossibleOnes() throws {
    let model = try Fixture.small[0].model(.int8)
    let (none, most) = (model.memoryNeed(prompt: 0, answer: 0), model.contextLength)
    #expect(model.memoryNeed(prompt: -5, answer: -5, pictures: -5) == none)
    #expect(
      model.memoryNeed(prompt: .max, answer: .max) == model.memoryNeed(prompt: most, answer: most))
    #expect(model.memoryNeed(prompt: 0, answer: 0, pictures: 3) == none)
    #expect(
      model.memoryNeed(painting: -1, prompt: -1) == model.memoryNeed(painting: 1, prompt: 0))
    #expect(
      model.memoryNeed(painting: .max, prompt: .max)
        == model.memoryNeed(painting: 1_024, prompt: most))
  }

  /// Callbacks are the only place where one thread can be in two calls.
  @Test func aSecondCallWhileOneRunsIsRefused() throws {
    let model = try Fixture.all[1].model(.int8)
    let settings = GenerationSettings(maxTokens: 2)
    let conversation = try Conversation(model)
    var refusals: Set<String?> = []
    var positions: Set<Int> = []
    let answer = try conversation.send("a", settings: settings) { _ in
      refusals.insert(refusal { _ = try conversation.send("b", settings: settings) })
      refusals.insert(refusal { _ = try conversation.recall("b", answer: "c") })
      positions.insert(conversation.positions)
    }
    #expect(refusals == ["a conversation"] && positions == [0])
    let alone = try Conversation(model).send("a", settings: settings)
    #expect(answer.tokenIDs == alone.tokenIDs)
    #expect(refusal { _ = try conversation.send("b", settings: settings) } == nil)

    let (reader, picture) = (try FormulaReader(model), try Fixture.picture("waves"))
    var left = [picture, picture][...]
    var results: [String?] = []
    reader.readAll(
      settings: settings, next: { left.popFirst() },
      onReading: { _, _ in
        results.append(refusal { _ = try reader.read(picture, settings: settings) })
      })
    #expect(results == ["a reader of formulas", "a reader of formulas"])
  }

  @Test func aPaintersCallbackMayDecodeAndNotPaint() throws {
    let painter = try Painter(try Fixture.all[0].model(.int8))
    let request = try painter.request("a")
    let expected = try painter.codes(for: request, seeds: [1])
    var refusals: Set<String?> = []
    let codes = try painter.codes(
      for: request, seeds: [1],
      onStep: { _, codes in
        if codes[0].count % painter.codesPerLine != 0 { return }
        refusals.insert(refusal { _ = try painter.preview(codes[0]) })
        refusals.insert(refusal { _ = try painter.codes(for: request, seeds: [2]) })
      })
    #expect(codes == expected)
    #expect(refusals == [nil, "a painter"])
  }

  @Test func everyErrorsLocalizedDescriptionIsItsDescription() throws {
    let file = FileError(path: "a", operation: "open", code: ENOENT)
    let container = ContainerError(path: "a", problem: .notGGUF)
    let errors: [any Error & CustomStringConvertible] = [
      file, container, ModelFileError.container(container), BlankPicture(contrast: 3),
      InstructionSetError.unknown(name: "a", available: []), PictureError.empty,
      JanusError.modelFile(.container(container)),
      JanusError.blankPicture(index: 1, BlankPicture(contrast: 3)),
      JanusError.memory(needed: 2_000_000, available: 1_000_000), JanusError.nan(where: "a"),
    ]
    for error in errors {
      #expect((error as any Error).localizedDescription == error.description)
    }
    do {
      _ = try Picture(contentsOf: "/no/such/picture.png")
      Issue.record("there is such a picture")
    } catch let error as FileError {
      #expect(error.isMissing && error.localizedDescription == error.description)
    }
  }

  @Test func memoryRefusedInTheMiddleOfWorkSaysWhatThereIs() throws {
    func allocate() throws(MemoryError) { throw MemoryError(byteCount: 1 << 60) }
    do {
      try JanusError.carrying(allocate)
      Issue.record("there is so much memory")
    } catch JanusError.memory(let needed, let available) {
      #expect(needed == 1 << 60)
      #expect(available > 0 || AvailableMemory.bytes == nil)
    }
  }
}
