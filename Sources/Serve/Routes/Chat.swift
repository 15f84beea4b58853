import Hummingbird

extension Service {
  /// `POST /v1/chat/completions`
  func chat(_ call: Call) async throws -> Response {
    let engine = try engine()
    let fields = try ChatFields(try call.body.json(), limits: limits)
    try check(model: fields.model, of: engine)
    return try await refusing(call) {
      let request = try await request(fields, engine)
      let prepared = try await engine.prepare(request)
      let answer = ChatAnswer(
        id: "chatcmpl-" + call.id, model: engine.card.id, choices: fields.choices,
        withLogprobs: request.sampling.topLogprobs != nil,
        usage: Usage(prompt: prepared.promptTokens, image: prepared.imageTokens))
      let running = try enter(prepared)
      return fields.streams
        ? streamed(answer, running, call, includesUsage: fields.includesUsage)
        : try await whole(answer, running, call)
    }
  }

  private func request(
    _ fields: ChatFields, _ engine: any InferenceEngine
  ) async throws -> ChatRequest {
    var turns: [ChatRequest.Turn] = []
    for turn in fields.turns {
      var pictures: [ShownPicture] = []
      for (bytes, path) in turn.pictures {
        pictures.append(
          try await PictureField.shown(bytes, path: path, asFormula: false, by: engine))
      }
      turns.append(.init(turn.role, turn.text, pictures: pictures))
    }
    return ChatRequest(
      system: fields.system, turns: turns, sampling: fields.sampling, stops: fields.stops,
      choices: fields.choices)
  }

  private func whole(
    _ start: ChatAnswer, _ running: Running<ChatEvent>, _ call: Call
  ) async throws -> Response {
    let answer = try await call.departure.whilePresent {
      var answer = start
      try await running.forEach(call.record) { step in
        if case .event(let event) = step { answer.take(event, call.record) }
      }
      return answer
    }
    return Response(json: answer.whole)
  }

  private func streamed(
    _ start: ChatAnswer, _ running: Running<ChatEvent>, _ call: Call, includesUsage: Bool
  ) -> Response {
    EventStream.response(call.departure, until: ending) { sink in
      var answer = start
      answer.announcesUsage = includesUsage
      // The first one at once: that a client's wait for an answer has begun, it knows from here.
      for choice in 0..<answer.choices {
        sink.send(answer.chunk(choice, delta: ["role": "assistant", "content": ""]))
      }
      do {
        try await running.forEach(call.record) { step in
          switch step {
          case .waiting(let position): sink.comment("queue \(position)")
          case .event(let event):
            for chunk in answer.take(event, call.record) { sink.send(chunk) }
            if case .prompt(let done, _) = event {
              sink.comment("prompt \(done) of \(running.prepared.promptTokens)")
            }
          }
        }
        if includesUsage { sink.send(answer.usageChunk) }
      } catch {
        sink.send(self.answer(to: error, id: call.id).json)
      }
      sink.sendDone()
    }
  }
}

/// A chat completion as it grows, and its shapes.
struct ChatAnswer: Sendable {
  struct Choice: Sendable {
    var text = ""
    var end: EndReason?
    var logprobs: [JSONValue] = []
  }

  let id: String
  let created = Clock.seconds
  let model: String
  let withLogprobs: Bool
  var usage: Usage
  /// Whether a last chunk will have the usage, so that all others say that they have none.
  var announcesUsage = false
  private var list: [Choice]
  private let begin = ContinuousClock.now
  private var firstToken: ContinuousClock.Instant?
  private var lastToken: ContinuousClock.Instant?

  var choices: Int { list.count }

  init(id: String, model: String, choices: Int, withLogprobs: Bool, usage: Usage) {
    self.id = id
    self.model = model
    self.withLogprobs = withLogprobs
    self.usage = usage
    list = Array(repeating: Choice(), count: choices)
  }

  /// Takes an event in; returns the chunks that tell a stream of it.
  @discardableResult
  mutating func take(_ event: ChatEvent, _ record: CallRecord) -> [JSONValue] {
    switch event {
    case .prompt(_, let cached):
      usage.cached = cached
      record.set(usage)
      return []
    case .token(let choice, let token):
      if !token.isRest { usage.completion += 1 }
      lastToken = token.time
      if firstToken == nil { firstToken = token.time }
      record.noteToken()
      record.set(usage)
      list[choice].text += token.text
      let logprobs: JSONValue? = withLogprobs && !token.isRest ? token.logprobJSON : .none
      if let logprobs { list[choice].logprobs.append(logprobs) }
      // A character may take several tokens: all but its last have no text.
      if token.text.isEmpty, logprobs == nil { return [] }
      return [chunk(choice, delta: ["content": .string(token.text)], logprobs: logprobs)]
    case .end(let choice, let reason):
      list[choice].end = reason
      return [chunk(choice, delta: [:], end: reason)]
    }
  }

  func chunk(
    _ index: Int, delta: JSONObject, logprobs: JSONValue? = nil, end: EndReason? = nil
  ) -> JSONValue {
    var choice: JSONObject = ["index": .integer(index), "delta": .object(delta)]
    choice.append(
      "logprobs", logprobs.map { ["content": .array([$0]), "refusal": .null] } ?? .null)
    choice.append("finish_reason", end?.openAI ?? .null)
    if end == .loop { choice.append("loop", true) }
    var object = envelope("chat.completion.chunk", choices: [.object(choice)])
    if announcesUsage { object.append("usage", .null) }
    return .object(object)
  }

  var usageChunk: JSONValue {
    var object = envelope("chat.completion.chunk", choices: [])
    object.append("usage", usage.json)
    object.append("timings", timings)
    return .object(object)
  }

  var whole: JSONValue {
    let choices = list.enumerated().map { index, choice in
      var object: JSONObject = [
        "index": .integer(index),
        "message": [
          "role": "assistant", "content": .string(choice.text), "refusal": .null,
          "annotations": [],
        ],
        "logprobs": withLogprobs
          ? ["content": .array(choice.logprobs), "refusal": .null] : .null,
        "finish_reason": (choice.end ?? .length).openAI,
      ]
      if choice.end == .loop { object.append("loop", true) }
      return JSONValue.object(object)
    }
    var object = envelope("chat.completion", choices: choices)
    object.append("usage", usage.json)
    object.append("timings", timings)
    return .object(object)
  }

  private func envelope(_ kind: String, choices: [JSONValue]) -> JSONObject {
    [
      "id": .string(id), "object": .string(kind), "created": .integer(created),
      "model": .string(model), "system_fingerprint": .string("janus-lite"),
      "choices": .array(choices),
    ]
  }

  /// How long it took, with the names that llama-server uses.
  private var timings: JSONValue {
    guard let firstToken, let lastToken else { return [:] }
    let prompt = (firstToken - begin) / .milliseconds(1)
    let predicted = (lastToken - firstToken) / .milliseconds(1)
    let steps = usage.completion - choices
    return [
      "prompt_n": .integer(usage.prompt - usage.cached), "prompt_ms": .real(prompt),
      "predicted_n": .integer(usage.completion), "predicted_ms": .real(predicted),
      "predicted_per_second": .real(
        predicted > 0 && steps > 0 ? Double(steps) / predicted * 1_000 : 0),
    ]
  }
}

extension EndReason {
  /// OpenAI has no word for a loop: what was cut did not come to its end.
  var openAI: JSONValue { self == .stop ? "stop" : "length" }
}

extension AnswerToken {
  /// As OpenAI states the log-probability of a token.
  var logprobJSON: JSONValue {
    var object = chosen.json
    object.append("top_logprobs", .array(top.map { .object($0.json) }))
    return .object(object)
  }
}

extension AnswerToken.Likely {
  var json: JSONObject {
    [
      "token": .string(String(decoding: bytes, as: UTF8.self)),
      "bytes": .array(bytes.map { .integer(Int($0)) }),
      // -9999 is what OpenAI's API says for a probability of zero.
      "logprob": .real(logprob.isFinite ? Double(logprob) : -9_999),
    ]
  }
}
