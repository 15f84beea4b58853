import Foundation
import JanusConvert
import JanusImages
import JanusLite
import JanusRequests
import JanusServe
import JanusSystem
import Testing

private enum Nano {
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let checkpoint = root.appending(path: "Models/janus-nano").path
  static let isThere = FileManager.default.fileExists(atPath: checkpoint + "/config.json")
}

/// Pictures that the bundled model looks at more than once, read by the server's engine.
@Suite(.enabled(if: Nano.isThere, "Models/janus-nano is not in this checkout"))
struct FurtherLooksTests {
  private func engine() throws -> ModelEngine {
    let file = FileManager.default.temporaryDirectory
      .appending(path: "janus-lite-looks-\(UUID().uuidString).gguf").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    _ = try Conversion(source: Nano.checkpoint, quantization: .int4).write(to: file) { _ in true }
    return try ModelEngine(try Janus(path: file), id: "nano", software: "test")
  }

  private func picture(_ name: String) throws -> Picture {
    try Picture(
      decoding: [UInt8](
        Data(
          contentsOf: Nano.root.appending(path: "Tests/ImagesTests/Fixtures/pages/\(name).png"))))
  }

  private func events(
    _ name: String, _ engine: ModelEngine
  ) async throws -> AsyncThrowingStream<FormulaEvent, any Error> {
    let shown = try await engine.show(asFormula: true) { try picture(name) }
    return try await engine.prepare(
      FormulaRequest(picture: shown, sampling: SamplingRequest(maxTokens: 64))
    ).events()
  }

  @Test func theResultIsTheLibrarysAndTheTextThatOfTheFirstLook() async throws {
    let engine = try engine()
    for name in ["plain", "dark", "tall"] {
      let picture = try picture(name)
      var first = ""
      let read = {
        try FormulaReader(engine.model).read(
          picture, settings: GenerationSettings(maxTokens: 64), onText: { first += $0 })
      }
      let reading = try read()
      var (text, tokens) = ("", 0)
      var result: ReadFormula?
      for try await event in try await events(name, engine) {
        switch event {
        case .prompt: break
        case .token(let token):
          text += token.text
          if !token.isRest { tokens += 1 }
        case .end(let formula): result = formula
        }
      }
      let members = try #require(result).members
      #expect(members["latex"] == .string(reading.latex))
      #expect(members["confidence"] == .real(reading.confidence))
      #expect(text == first)
      let looks =
        reading.answer.timings.prefillTokens / reading.answer.promptTokenCount
      #expect(name == "plain" ? looks == 1 : looks > 1)
      // The answer's own, and at least one of each other look.
      #expect(tokens >= reading.answer.tokenIDs.count + looks - 1)
    }
  }

  @Test func aRequestMayBeDroppedAtAnyEvent() async throws {
    let engine = try engine()
    var count = 0
    for try await _ in try await events("tall", engine) { count += 1 }
    for last in stride(from: 1, to: count, by: 3) {
      let stream = try await events("tall", engine)
      let reading = Task {
        var seen = 0
        for try await _ in stream {
          seen += 1
          if seen == last { return }
        }
      }
      try await reading.value
    }
    // The engine is free for the next one, whose answer is what it always is.
    var ended = false
    for try await event in try await events("plain", engine) {
      if case .end = event { ended = true }
    }
    #expect(ended)
  }
}
