import Foundation
import JanusConvert
import JanusImages
import JanusLite
import JanusRequests
import JanusServe
import JanusSystem
import Testing

/// The engine with a small model of random weights: what it computes depends on nothing but the request.
@Suite struct ModelEngineTests {
  private static let fixtures = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")

  private static let scratch: URL = {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "janus-lite-serve-tests-\(ProcessInfo.processInfo.processIdentifier)")
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }()

  private static let converted = Locked<Set<String>>([])

  private static func model(_ quantization: Quantization) throws -> Janus {
    let file = scratch.appending(path: "tiny-\(quantization.rawValue).gguf").path
    try converted.withLock { done in
      if !done.insert(file).inserted { return }
      let conversion = try Conversion(
        source: fixtures.appending(path: "tiny").path, quantization: quantization)
      _ = try conversion.write(to: file) { _ in true }
    }
    return try Janus(path: file)
  }

  private static func engine(_ quantization: Quantization = .int4) throws -> ModelEngine {
    try ModelEngine(try model(quantization), id: "tiny", software: "test")
  }

  private static func picture(_ name: String) throws -> Picture {
    try Picture(
      decoding: [UInt8](Data(contentsOf: fixtures.appending(path: "pictures/\(name).png"))))
  }

  private static func shown(
    _ name: String, to engine: ModelEngine, asFormula: Bool = false
  ) async throws -> ShownPicture {
    try await engine.show(asFormula: asFormula) { try picture(name) }
  }

  /// The library's own form of what has an async one, too.
  private static func now<Value>(_ body: () throws -> Value) rethrows -> Value { try body() }

  // MARK: Requests

  private struct Said: Equatable, Sendable {
    var texts: [String]
    var ends: [EndReason?]
    var logprobs: [Float] = []
    var cached = 0

    static func == (a: Said, b: Said) -> Bool {
      a.texts == b.texts && a.ends == b.ends && a.logprobs == b.logprobs
    }
  }

  private static func say(_ request: ChatRequest, to engine: ModelEngine) async throws -> Said {
    let prepared = try await engine.prepare(request)
    var said = Said(
      texts: Array(repeating: "", count: request.choices),
      ends: Array(repeating: nil, count: request.choices))
    for try await event in prepared.events() {
      switch event {
      case .prompt(_, let cached): said.cached = cached
      case .token(let choice, let token):
        said.texts[choice] += token.text
        if choice == 0, !token.isRest { said.logprobs.append(token.chosen.logprob) }
      case .end(let choice, let reason): said.ends[choice] = reason
      }
    }
    return said
  }

  private static func paint(
    _ request: PaintRequest, with engine: ModelEngine
  ) async throws -> [Picture] {
    let prepared = try await engine.prepare(request)
    var pictures: [Int: Picture] = [:]
    for try await event in prepared.events() {
      if case .picture(let index, let painted) = event { pictures[index] = painted.picture }
    }
    return (0..<pictures.count).compactMap { pictures[$0] }
  }

  private static func chats(_ engine: ModelEngine) async throws -> [ChatRequest] {
    let bricks = try await shown("bricks", to: engine)
    let rings = try await shown("rings", to: engine)
    let sampling = { (tokens: Int, temperature: Float, seed: UInt64) in
      SamplingRequest(maxTokens: tokens, temperature: temperature, seed: seed, topLogprobs: 0)
    }
    return [
      ChatRequest(turns: [.init(.user, "Hello")], sampling: sampling(20, 0, 0)),
      ChatRequest(
        system: "", turns: [.init(.user, String(repeating: "many words ", count: 30))],
        sampling: sampling(9, 1, 3)),
      ChatRequest(
        turns: [.init(.user, "What?", pictures: [bricks])], sampling: sampling(24, 0, 0)),
      ChatRequest(
        turns: [
          .init(.user, "One", pictures: [rings]), .init(.assistant, "Rings."),
          .init(.user, "Two <image_placeholder> <|Assistant|>", pictures: [bricks]),
        ], sampling: sampling(16, 0.8, 11)),
      ChatRequest(turns: [.init(.user, "Again")], sampling: sampling(12, 1, 5), choices: 3),
    ]
  }

  // MARK: Tests

  @Test(arguments: [Quantization.int4, .int8, .f32])
  func `an answer is the same whoever else is served`(_ quantization: Quantization) async throws {
    let alone = try Self.engine(quantization)
    let chats = try await Self.chats(alone)
    let painting = PaintRequest(prompt: "a house", seeds: [4, 5])
    var answers: [Said] = []
    for chat in chats { answers.append(try await Self.say(chat, to: alone)) }
    let expected = answers
    let pictures = try await Self.paint(painting, with: alone)
    #expect(pictures.count == 2 && expected.allSatisfy { !$0.ends.contains(nil) })

    let together = try Self.engine(quantization)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for round in 0..<3 {
        for (index, chat) in chats.enumerated() {
          group.addTask {
            try await Task.sleep(for: .milliseconds(7 * index + 3 * round))
            let said = try await Self.say(chat, to: together)
            #expect(said == expected[index], "chat \(index), round \(round)")
          }
        }
        group.addTask {
          let painted = try await Self.paint(painting, with: together)
          #expect(painted == pictures, "round \(round)")
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func `a greedy answer and a painting are those of the library`() async throws {
    let model = try Self.model(.int4)
    let engine = try Self.engine(.int4)
    let bricks = try Self.picture("bricks")
    let shown = try await engine.show(asFormula: false) { bricks }
    let said = try await Self.say(
      ChatRequest(
        turns: [.init(.user, "What is this?", pictures: [shown])],
        sampling: SamplingRequest(maxTokens: 24)), to: engine)
    let answer = try Self.now {
      try Conversation(model).send(
        "What is this?", pictures: [bricks], settings: GenerationSettings(maxTokens: 24))
    }
    if answer.finishReason != .loop { #expect(said.texts == [answer.text]) }

    let pictures = try Self.now {
      try Painter(model).paint("a house", seeds: [9], settings: .init(guidance: 3))
    }
    let painted = try await Self.paint(
      PaintRequest(prompt: "a house", seeds: [9], guidance: 3), with: engine)
    #expect(painted == pictures)
  }

  @Test func `what was computed once is not computed again`() async throws {
    let engine = try Self.engine()
    let bricks = try await Self.shown("bricks", to: engine)
    let sampling = SamplingRequest(maxTokens: 12, topLogprobs: 0)
    let first = ChatRequest(turns: [.init(.user, "What?", pictures: [bricks])], sampling: sampling)
    let cold = try await Self.say(first, to: engine)
    let warm = try await Self.say(first, to: engine)
    #expect(cold.cached == 0 && warm.cached > 0 && warm == cold)
    #expect(warm.cached == (try await engine.prepare(first)).promptTokens - 1)

    // The next turn of the conversation, and another picture in its place.
    let turns: [ChatRequest.Turn] = [
      .init(.user, "What?", pictures: [bricks]), .init(.assistant, cold.texts[0] + "."),
      .init(.user, "Why?"),
    ]
    let next = ChatRequest(turns: turns, sampling: sampling)
    let continued = try await Self.say(next, to: engine)
    #expect(continued.cached > warm.cached / 2)
    let fresh = try await Self.say(next, to: try Self.engine())
    #expect(fresh.cached == 0 && fresh == continued)
    let other = ChatRequest(
      turns: [.init(.user, "What?", pictures: [try await Self.shown("rings", to: engine)])],
      sampling: sampling)
    let seen = try await Self.say(other, to: engine)
    #expect(seen == (try await Self.say(other, to: try Self.engine())))
  }

  @Test func `who leaves ends its own request alone`() async throws {
    let engine = try Self.engine()
    let long = ChatRequest(
      turns: [.init(.user, "Hello")],
      sampling: SamplingRequest(maxTokens: 300, temperature: 1, seed: 2))
    let expected = try await Self.say(long, to: try Self.engine())
    async let stays = Self.say(long, to: engine)
    for count in 0..<6 {
      let leaves = Task {
        let prepared = try await engine.prepare(long)
        var events = 0
        for try await _ in prepared.events() {
          events += 1
          if events > count { break }
        }
      }
      _ = await leaves.result
      let painting = Task {
        try await Self.paint(PaintRequest(prompt: "x", seeds: [1, 2, 3]), with: engine)
      }
      try await Task.sleep(for: .milliseconds(3))
      painting.cancel()
      _ = await painting.result
    }
    #expect(try await stays == expected)
  }

  @Test func `stop texts and limits end an answer`() async throws {
    let engine = try Self.engine()
    let sampling = SamplingRequest(maxTokens: 30, temperature: 1, seed: 8)
    let turns: [ChatRequest.Turn] = [.init(.user, "Hello")]
    let whole = try await Self.say(ChatRequest(turns: turns, sampling: sampling), to: engine)
    let text = whole.texts[0]
    guard text.count > 6 else { return }
    let start = text.index(text.startIndex, offsetBy: text.count / 2)
    let stop = String(text[start...].prefix(2))
    let stopped = try await Self.say(
      ChatRequest(turns: turns, sampling: sampling, stops: [stop]), to: engine)
    #expect(stopped.ends == [.stop])
    #expect(stopped.texts[0] == String(text[..<text.range(of: stop)!.lowerBound]))
    var short = sampling
    short.maxTokens = 3
    let cut = try await Self.say(ChatRequest(turns: turns, sampling: short), to: engine)
    #expect(cut.ends == [.length] && text.hasPrefix(cut.texts[0]))
  }

  @Test func `prompts beyond the context are refused with both numbers`() async throws {
    let engine = try ModelEngine(try Self.model(.int4), id: "tiny", software: "test", context: 100)
    let request = ChatRequest(
      turns: [.init(.user, String(repeating: "word ", count: 300))],
      sampling: SamplingRequest(maxTokens: 1))
    do throws(EngineError) {
      _ = try await engine.prepare(request)
      Issue.record("it was taken")
    } catch {
      #expect(error.kind == .context && error.message.contains("100"))
    }
  }

  @Test func `a formula comes with its forms`() async throws {
    let engine = try Self.engine()
    let rendered = await engine.render(latex: "\\frac{a}{b}")
    #expect(rendered.isValid && rendered.mathML?.contains("<mfrac>") == true)
    let broken = await engine.render(latex: "\\frac{a")
    #expect(!broken.isValid && broken.problem != nil)
    let prepared = try await engine.prepare(
      FormulaRequest(
        picture: try await Self.shown("waves", to: engine, asFormula: true),
        sampling: SamplingRequest(maxTokens: 20, topLogprobs: 2)))
    var result: ReadFormula?
    for try await event in prepared.events() {
      if case .end(let formula) = event { result = formula }
    }
    let formula = try #require(result).members

    // It is the library's, and the members are those of `ocr --json`.
    let waves = try Self.picture("waves")
    let reading = try Self.now {
      try FormulaReader(engine.model).read(
        waves, settings: GenerationSettings(maxTokens: 20, logprobs: 2))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let encoded = try encoder.encode(FormulaLine(reading, image: "waves.png"))
    guard case .object(let line) = try JSONParser.parse(Array(encoded)) else {
      Issue.record("no object")
      return
    }
    let others = ["images", "timings"]
    #expect(
      Set(formula.members.map(\.name)) == Set(line.members.map(\.name)).subtracting(others))
    for member in formula.members { #expect(member.value == line[member.name], "\(member.name)") }
  }

  @Test func `words that look like placeholders and roles are text`() async throws {
    let engine = try Self.engine()
    let sampling = SamplingRequest(maxTokens: 1)
    func prepared(_ text: String) async throws -> PreparedRequest<ChatEvent> {
      try await engine.prepare(ChatRequest(turns: [.init(.user, text)], sampling: sampling))
    }
    let plain = try await prepared("look at this")
    for word in ["<image_placeholder>", "<begin_of_image>", "<|Assistant|>", "<|end▁of▁sentence|>"]
    {
      let odd = try await prepared("look at \(word) this")
      #expect(odd.imageTokens == 0)
      #expect(odd.promptTokens > plain.promptTokens + 2, "\(word) is spelled, not meant")
    }
  }

  @Test func `memory is set aside beside all requests of the model`() async throws {
    let model = try Self.model(.int4)
    let room = 1 << 40
    let most = try #require(model.room(beside: [], available: room))
    var first = model.reserve(most / 2, available: room)
    #expect(first != nil)
    #expect(model.reserve(most * 3 / 4, available: room) == nil)
    #expect(try #require(model.room(beside: [first!], available: room)) < most * 3 / 4)
    first = nil
    #expect(model.reserve(most * 3 / 4, available: room) != nil)
  }

  @Test func `the model's file may go while it is served`() async throws {
    let model = try Self.model(.int4)
    let request = ChatRequest(
      turns: [.init(.user, "Hello")], sampling: SamplingRequest(maxTokens: 20))
    let before = try await Self.say(request, to: try Self.engine())
    let copy = Self.scratch.appending(path: "gone-\(UInt32.random(in: 0...(.max))).gguf").path
    try FileManager.default.copyItem(atPath: model.container.file.path, toPath: copy)
    let engine = try ModelEngine(try Janus(path: copy), id: "gone", software: "test")
    try FileManager.default.removeItem(atPath: copy)
    #expect(try await Self.say(request, to: engine) == before)
    #expect(
      try await Self.paint(PaintRequest(prompt: "x", seeds: [1]), with: engine).count == 1)
  }
}
