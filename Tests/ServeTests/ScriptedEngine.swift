import JanusImages
import JanusLite
import JanusServe
import JanusSystem

/// An engine without a model: it answers by rule, at a pace that tests choose, and counts what it does.
///
/// A chat's answer is `Echo: ` and the last question, a word a token. A painting is a picture of the
/// seed's colour. A formula is `x^{W}`, W being the picture's width.
final class ScriptedEngine: InferenceEngine {
  struct Counts: Equatable {
    var started = 0
    var ended = 0
    var cancelled = 0
  }

  let card = ModelCard(
    id: "scripted", created: 1_700_000_000, contextLength: 4_096, paintedSize: 384,
    paintedLines: 24, summary: "reads printed formulas, paints simple shapes")
  /// Between two steps.
  let pace: Duration
  private let state = Locked(Counts())

  init(pace: Duration = .zero) { self.pace = pace }

  var counts: Counts { state.withLock(\.self) }
  var memory: (resident: Int, available: Int?) { (100_000_000, 8_000_000_000) }

  func show(
    asFormula: Bool, _ decode: @escaping @Sendable () throws -> Picture
  ) async throws -> ShownPicture {
    let picture = try decode()
    if picture.width == 1 { throw EngineError(.request, "the picture is blank") }
    return ShownPicture(content: picture.width)
  }

  func prepare(
    _ request: ChatRequest
  ) async throws(EngineError) -> PreparedRequest<ChatEvent> {
    let question = request.turns.last!.text
    if question.contains("too long") {
      throw EngineError(.context, "the prompt needs 5000 positions, but the context has 4096")
    }
    let pictures = request.turns.reduce(0) { $0 + $1.pictures.count }
    let prompt = question.split(separator: " ").count + 576 * pictures
    let fails = question.contains("explode")
    return PreparedRequest(
      rows: request.choices, promptTokens: prompt,
      imageTokens: 576 * pictures
    ) {
      self.stream { emit in
        if fails { throw EngineError(.failure, "a secret of the host: /etc/passwd") }
        emit(.prompt(done: prompt, cached: 0))
        let words = "Echo: \(question)".split(separator: " ", omittingEmptySubsequences: false)
        var states = (0..<request.choices).map { _ in (stop: StopTexts(request.stops), open: true) }
        for (index, word) in words.enumerated() {
          try await self.wait()
          for choice in 0..<request.choices where states[choice].open {
            if index >= request.sampling.maxTokens {
              emit(.end(choice: choice, .length))
              states[choice].open = false
              continue
            }
            let piece = (index == 0 ? "" : " ") + word
            let text = states[choice].stop.append(String(piece))
            let likely = AnswerToken.Likely(bytes: Array(piece.utf8), logprob: -0.25)
            let top = Array(repeating: likely, count: request.sampling.topLogprobs ?? 0)
            emit(.token(choice: choice, AnswerToken(text: text, chosen: likely, top: top)))
            if states[choice].stop.isFound {
              emit(.end(choice: choice, .stop))
              states[choice].open = false
            }
          }
        }
        for choice in 0..<request.choices where states[choice].open {
          let rest = states[choice].stop.finish()
          if !rest.isEmpty {
            emit(
              .token(
                choice: choice,
                AnswerToken(
                  text: rest, chosen: .init(bytes: [], logprob: 0), isRest: true)))
          }
          emit(.end(choice: choice, .stop))
        }
      }
    }
  }

  func prepare(
    _ request: FormulaRequest
  ) async throws(EngineError) -> PreparedRequest<FormulaEvent> {
    let width = request.picture.content as! Int
    return PreparedRequest(promptTokens: 600, imageTokens: 576) {
      self.stream { emit in
        emit(.prompt(done: 300, cached: 0))
        try await self.wait()
        emit(.prompt(done: 600, cached: 0))
        for text in ["x", "^{", "\(width)", "}"] {
          try await self.wait()
          let chosen = AnswerToken.Likely(bytes: Array(text.utf8), logprob: -0.01)
          emit(.token(AnswerToken(text: text, chosen: chosen)))
        }
        emit(.end(await self.formula("x^{\(width)}")))
      }
    }
  }

  func prepare(
    _ request: PaintRequest
  ) async throws(EngineError) -> PreparedRequest<PaintEvent> {
    PreparedRequest(rows: 2 * request.seeds.count, promptTokens: 12) {
      self.stream { emit in
        for line in 1...24 {
          try await self.wait()
          emit(.progress(codes: line * 24, of: 576))
          guard request.partials > 0, line < 24, line * request.partials % 24 < request.partials
          else { continue }
          for (index, seed) in request.seeds.enumerated() {
            emit(
              .partial(
                index: index, number: line * request.partials / 24 - 1,
                Self.picture(seed: seed, lines: line)))
          }
        }
        for (index, seed) in request.seeds.enumerated() {
          emit(
            .picture(
              index: index,
              Painted(
                picture: Self.picture(seed: seed, lines: 24),
                text: [("Description", request.prompt), ("Seed", "\(seed)")])))
        }
      }
    }
  }

  private func formula(_ latex: String) async -> ReadFormula {
    let rendered = await render(latex: latex)
    let doubt: JSONValue = [
      "offset": 3, "length": .integer(latex.utf8.count - 4),
      "text": .string("\(latex.dropFirst(3).dropLast())"),
      "probability": 0.4, "alternatives": [["text": "z", "probability": 0.25]],
    ]
    return ReadFormula(members: [
      "text": .string(latex), "latex": .string(latex), "mathml": .string(rendered.mathML ?? ""),
      "typst": .string(rendered.typst ?? ""), "markdown": .string("$$\(latex)$$"), "valid": true,
      "confidence": 0.4, "doubtful": [doubt], "repairs": 0, "warnings": [], "finish_reason": "stop",
      "token_ids": [1, 2, 3, 4], "prompt_token_count": 600,
    ])
  }

  func render(latex: String) async -> RenderedFormula {
    let isValid = latex.count { $0 == "{" } == latex.count { $0 == "}" }
    let escaped = latex.map { ["<": "&lt;", "&": "&amp;"][$0] ?? String($0) }.joined()
    return RenderedFormula(
      latex: latex,
      mathML: isValid
        ? "<math xmlns=\"http://www.w3.org/1998/Math/MathML\" display=\"block\"><mi>\(escaped)</mi></math>"
        : nil,
      typst: isValid ? "\"\(latex)\"" : nil, isValid: isValid,
      problem: isValid ? nil : "a brace is not closed")
  }

  private static func picture(seed: UInt64, lines: Int) -> Picture {
    let colour = [UInt8(seed % 256), UInt8(seed / 256 % 256), 200]
    var bytes: [UInt8] = []
    bytes.reserveCapacity(384 * 384 * 3)
    for y in 0..<384 {
      for x in 0..<384 {
        if y >= lines * 16 {
          bytes += [128, 128, 128]
        } else {
          let isInside = (x - 192) * (x - 192) + (y - 192) * (y - 192) < 120 * 120
          bytes += isInside ? [200, 40, 40] : colour
        }
      }
    }
    return Picture(width: 384, height: 384, bytes: bytes)
  }

  private func wait() async throws {
    if pace > .zero { try await Task.sleep(for: pace) }
    try Task.checkCancellation()
  }

  private func stream<Event: Sendable>(
    _ body: @escaping @Sendable (_ emit: (Event) -> Void) async throws -> Void
  ) -> AsyncThrowingStream<Event, any Error> {
    AsyncThrowingStream { continuation in
      state.withLock { $0.started += 1 }
      let task = Task {
        do {
          try await body { continuation.yield($0) }
          self.state.withLock { $0.ended += 1 }
          continuation.finish()
        } catch is CancellationError {
          self.state.withLock { $0.cancelled += 1 }
          continuation.finish(throwing: CancellationError())
        } catch {
          self.state.withLock { $0.ended += 1 }
          continuation.finish(throwing: error)
        }
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }
}
