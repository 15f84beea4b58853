import Foundation
import JanusLite
import Testing

/// The library from outside: what another package sees, with a plain import.
///
/// The model is the file named by JANUS_LITE_CLIENT_MODEL, janus-nano in int4.
@Suite(.enabled(if: modelPath != nil, "JANUS_LITE_CLIENT_MODEL names no model file"))
struct ClientTests {
  let path = modelPath ?? ""

  @Test func aProgramOfThreeStatementsReadsAFormula() throws {
    let reader = try FormulaReader(Janus(path: path))
    let formula = try reader.read(Picture(contentsOf: sample("plain.png")))
    #expect(formula.isValid && !formula.latex.isEmpty)
    #expect(formula.mathML.hasPrefix("<math"))
    #expect((0...1).contains(formula.confidence))
  }

  @Test func aModelOpenedTwiceGivesTheSameAnswers() throws {
    let picture = try Picture(contentsOf: sample("plain.png"))
    let first = try FormulaReader(Janus(path: path))
    let second = try FormulaReader(Janus(path: path))
    let answers = try [first.read(picture), second.read(picture), first.read(picture)]
    #expect(Set(answers.map(\.latex)).count == 1)
    #expect(Set(answers.map(\.confidence)).count == 1)
  }

  @Test func twoConversationsGiveTheBitsThatEachGivesAlone() throws {
    let model = try Janus(path: path)
    let settings = GenerationSettings(maxTokens: 12, logprobs: 3)
    let questions = ["What is the formula?", "x"]
    func answers(_ one: Conversation) throws -> [Answer] {
      try questions.map { try one.send($0, settings: settings) }
    }
    let alone = try answers(Conversation(model))
    let (left, right) = (try Conversation(model), try Conversation(model))
    for (number, question) in questions.enumerated() {
      for together in [left, right] {
        let answer = try together.send(question, settings: settings)
        #expect(answer.tokenIDs == alone[number].tokenIDs)
        #expect(answer.logprobs.map(\.logprob) == alone[number].logprobs.map(\.logprob))
      }
    }
  }

  @Test func aConversationGoesOnAfterItsModelFileWasReplaced() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "client-\(ProcessInfo.processInfo.processIdentifier)-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let own = folder.appending(path: "model.gguf")
    try FileManager.default.copyItem(at: URL(filePath: path), to: own)

    let expected = try Conversation(Janus(path: path)).send("x", settings: brief)
    let conversation = try Conversation(Janus(path: own.path))
    let other = folder.appending(path: "other")
    try Data("not a model".utf8).write(to: other)
    #expect(rename(other.path, own.path) == 0)
    #expect(try conversation.send("x", settings: brief).tokenIDs == expected.tokenIDs)
    #expect(throws: JanusError.self) { try Janus(path: own.path) }
  }

  @Test func aStopBeforeTheFirstTokenLeavesTheConversationAsItWas() throws {
    let conversation = try Conversation(Janus(path: path))
    let stop = StopToken()
    stop.stop()
    let stopped = try conversation.send("x", settings: brief, stop: stop)
    #expect(stopped.finishReason == .cancelled && stopped.text.isEmpty)
    let fresh = try Conversation(conversation.model).send("x", settings: brief)
    #expect(try conversation.send("x", settings: brief).tokenIDs == fresh.tokenIDs)
  }

  @Test func aCancelledTaskEndsWithACancellationError() async throws {
    let painter = try await Painter(Janus.open(path: path))
    let task = Task { try await painter.paint("a red circle on a blue background", seeds: [1]) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func aSeedPaintsTheSamePictureWhateverIsPaintedBesideIt() throws {
    let painter = try Painter(Janus(path: path))
    let prompt = "a red circle on a blue background"
    let alone = try #require(try painter.paint(prompt, seeds: [7]))
    let beside = try #require(try painter.paint(prompt, seeds: [3, 7]))
    #expect(alone[0].bytes == beside[1].bytes)
    #expect(alone[0].bytes != beside[0].bytes)
  }

  @Test func errorsSayWhatWasFoundAndNameNoOptionOfTheCommand() throws {
    var problems: [String] = []
    #expect(throws: JanusError.self) {
      do { _ = try Janus(path: "/no/such/model.gguf") } catch {
        problems.append("\(error)")
        throw error
      }
    }
    let conversation = try Conversation(Janus(path: path))
    #expect(throws: JanusError.self) {
      do {
        _ = try conversation.send(String(repeating: "x ", count: 5000))
      } catch {
        problems.append("\(error)")
        throw error
      }
    }
    #expect(problems.count == 2)
    for problem in problems { #expect(!problem.contains("--") && !problem.isEmpty) }
  }

  private let brief = GenerationSettings(maxTokens: 8)
}

let modelPath = ProcessInfo.processInfo.environment["JANUS_LITE_CLIENT_MODEL"]

/// A picture in the samples of the repository.
func sample(_ name: String) -> String {
  URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../samples/\(name)")
    .standardizedFileURL.path
}
