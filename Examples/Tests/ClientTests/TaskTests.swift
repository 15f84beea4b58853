import Foundation
import JanusLite
import Testing

/// The forms for tasks, as actors and views call them.
@Suite(.enabled(if: modelPath != nil, "JANUS_LITE_CLIENT_MODEL names no model file"))
struct TaskTests {
  private let path = modelPath ?? ""

  @Test func anActorKeepsAConversationAReaderAndAPainter() async throws {
    let studio = try await Studio(Janus.open(path: path))
    let answer = try await studio.ask("What is the formula?")
    #expect(!answer.isEmpty)
    let latex = try await studio.read(sample("plain.png"))
    #expect(!latex.isEmpty)
    let side = try await studio.paint("a red circle on a blue background")
    #expect(side > 0)
  }

  @Test @MainActor func aClassOfTheMainActorKeepsAConversationAndAPainter() async throws {
    let view = try await ViewModel(Janus.open(path: path))
    try await view.ask("What is the formula?")
    #expect(!view.answer.isEmpty && view.shown == view.answer)
    try await view.paint("a red circle on a blue background")
    #expect(view.picture != nil)
  }

  /// While it waits for the first answer, an actor takes the second question.
  @Test func aSecondQuestionWhileOneIsAnsweredIsRefused() async throws {
    let studio = try await Studio(Janus.open(path: path))
    let alone = try await studio.ask("What is the formula?")
    await studio.forget()
    let (pieces, piece) = AsyncStream.makeStream(of: Void.self)
    let isRefused = StopToken()
    let first = Task {
      defer { piece.finish() }
      return try await studio.ask("What is the formula?") {
        piece.yield()
        while !isRefused.isStopped {}
      }
    }
    for await _ in pieces { break }
    await #expect(throws: JanusError.self) { try await studio.ask("What is the formula?") }
    isRefused.stop()
    let answer = try await first.value
    #expect(answer == alone)
  }

  @Test func manyQuestionsAtOnceAreAnsweredOrRefused() async throws {
    let studio = try await Studio(Janus.open(path: path))
    await withTaskGroup { group in
      for _ in 0..<16 {
        group.addTask {
          do {
            let answer = try await studio.ask("What is the formula?")
            #expect(!answer.isEmpty)
          } catch JanusError.request(let what, _, _) {
            #expect(what == "a conversation")
          } catch {
            Issue.record("\(error)")
          }
        }
      }
    }
    await studio.forget()
    let answer = try await studio.ask("What is the formula?")
    #expect(!answer.isEmpty)
  }

  @Test func aCancelledQuestionOfAnActorHasNotBeenAsked() async throws {
    let studio = try await Studio(Janus.open(path: path))
    let alone = try await studio.ask("What is the formula?")
    let positions = await studio.positions
    let isCancelled = StopToken()
    let (pieces, piece) = AsyncStream.makeStream(of: Void.self)
    let task = Task {
      defer { piece.finish() }
      return try await studio.ask("Go on.", tokens: 1_000) {
        piece.yield()
        while !isCancelled.isStopped {}
      }
    }
    for await _ in pieces { break }
    task.cancel()
    isCancelled.stop()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(await studio.positions == positions)
    await studio.forget()
    let again = try await studio.ask("What is the formula?")
    #expect(again == alone)
  }
}

private actor Studio {
  private let conversation: Conversation
  private let reader: FormulaReader
  private let painter: Painter

  init(_ model: Janus) throws {
    conversation = try Conversation(model)
    reader = try FormulaReader(model)
    painter = try Painter(model)
  }

  var positions: Int { conversation.positions }

  func ask(
    _ question: String, tokens: Int = 8, onText: @escaping @Sendable () -> Void = {}
  ) async throws -> String {
    let settings = GenerationSettings(maxTokens: tokens, stopsLoops: false)
    return try await conversation.send(
      question, pictures: [Picture(contentsOf: sample("plain.png"))], settings: settings
    ) { _ in onText() }.text
  }

  func forget() { conversation.reset() }

  func read(_ path: String) async throws -> String {
    try await reader.read(Picture(contentsOf: path), alternatives: 1).latex
  }

  func paint(_ prompt: String) async throws -> Int {
    try await painter.paint(prompt, seeds: [1], stop: StopToken())[0].width
  }
}

@MainActor private final class ViewModel {
  private let conversation: Conversation
  private let painter: Painter
  private(set) var answer = ""
  private(set) var shown = ""
  private(set) var picture: Picture?

  init(_ model: Janus) throws {
    conversation = try Conversation(model)
    painter = try Painter(model)
  }

  func ask(_ question: String) async throws {
    let (pieces, piece) = AsyncStream.makeStream(of: String.self)
    let showing = Task { for await text in pieces { shown += text } }
    let settings = GenerationSettings(maxTokens: 8)
    answer = try await conversation.send(
      question, pictures: [Picture(contentsOf: sample("plain.png"))], settings: settings
    ) { piece.yield($0) }.text
    piece.finish()
    await showing.value
  }

  func paint(_ prompt: String) async throws {
    picture = try await painter.paint(prompt, seeds: [1]).first
  }
}

/// What a client can name and catch, with the library's import alone.
@Suite struct NameTests {
  @Test func everyErrorOfAPicturesFileCanBeCaughtByItsType() throws {
    do {
      _ = try Picture(contentsOf: "/no/such/picture.png")
      Issue.record("there is such a picture")
    } catch let error as FileError {
      #expect(error.isMissing && error.localizedDescription == error.description)
    }
    do {
      _ = try Picture(decoding: [1, 2, 3])
      Issue.record("three bytes are a picture")
    } catch {
      let problem: PictureError = error
      #expect(problem.localizedDescription == problem.description)
    }
  }

  @Test func theTypesOfThePublicInterfaceHaveNames() {
    let access: Janus.Options.Access = .copied
    #expect(Janus.Options(access: access).access == .copied)
    #expect(PictureKind.webP.library == PictureLibrary.webP)
    #expect(PictureLimits.standard.pixels > 0)
    let types: [Any.Type] = [
      ModelFileError.self, ContainerError.self, InstructionSetError.self, BlankPicture.self,
      Janus.InstructionSet.self, Janus.CacheFormat.self,
    ]
    #expect(types.count == 6)
  }
}
