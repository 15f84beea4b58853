import Hummingbird

extension Service {
  /// `POST /v1/formulas`
  func readFormulas(_ call: Call) async throws -> Response {
    let engine = try engine()
    let fields = try FormulaFields(call.body, limits: limits)
    try check(model: fields.model, of: engine)
    return try await refusing(call) {
      // The first one is prepared before the answer begins, so that a wrong one gets a status.
      let first = try await prepare(fields.items[0], fields, engine)
      let running = try enter(first)
      return fields.streams
        ? streamed(fields, running, engine, call)
        : try await whole(fields, running, engine, call)
    }
  }

  /// `POST /v1/formulas/render`: LaTeX in the other forms.
  func renderFormula(_ call: Call) async throws -> Response {
    let engine = try engine()
    let fields = try call.body.json()
    guard let latex = try fields.string("latex", most: 16_384) else {
      throw APIError.missing("latex", expected: "a formula")
    }
    return Response(json: .object(await engine.render(latex: latex).json))
  }

  private func prepare(
    _ item: FormulaFields.Item, _ fields: FormulaFields, _ engine: any InferenceEngine
  ) async throws -> PreparedRequest<FormulaEvent> {
    let picture = try await PictureField.shown(
      try item.bytes.get(), path: item.path, asFormula: true, by: engine)
    return try await engine.prepare(FormulaRequest(picture: picture, sampling: fields.sampling))
  }

  private func whole(
    _ fields: FormulaFields, _ first: Running<FormulaEvent>, _ engine: any InferenceEngine,
    _ call: Call
  ) async throws -> Response {
    let model = engine.card.id
    let data = try await call.departure.whilePresent {
      var usage = Usage()
      var data: [JSONObject] = []
      for (index, item) in fields.items.enumerated() {
        do {
          let running =
            index == 0 ? first : try self.enter(try await self.prepare(item, fields, engine))
          data.append(try await self.read(item, running, &usage, call) { _ in })
        } catch {
          // One bad picture among several is no reason to lose the others.
          guard fields.isList, !(error is CancellationError) else { throw error }
          data.append(self.refused(item, error, call))
        }
      }
      return data
    }
    if !fields.isList, var object = data.first {
      object.append("model", .string(model))
      return Response(json: .object(object))
    }
    return Response(
      json: [
        "object": "list", "model": .string(model), "data": .array(data.map { .object($0) }),
      ])
  }

  private func streamed(
    _ fields: FormulaFields, _ first: Running<FormulaEvent>, _ engine: any InferenceEngine,
    _ call: Call
  ) -> Response {
    EventStream.response(call.departure, until: ending) { sink in
      var usage = Usage()
      for (index, item) in fields.items.enumerated() {
        var object: JSONObject
        do {
          let running =
            index == 0 ? first : try self.enter(try await self.prepare(item, fields, engine))
          object = try await self.read(item, running, &usage, call) { event in
            switch event {
            case .queued(let position): sink.comment("queue \(position)")
            case .prompt(let done):
              sink.comment("prompt \(done) of \(running.prepared.promptTokens)")
            case .text(let text):
              sink.send(
                [
                  "type": "formula.delta", "image_index": .integer(index),
                  "delta": .string(text),
                ], event: "formula.delta")
            }
          }
        } catch {
          if error is CancellationError, !self.isDraining { return }
          object = self.refused(item, error, call)
        }
        object.append("type", "formula.completed")
        object.append("image_index", .integer(index))
        sink.send(.object(object), event: "formula.completed")
      }
      sink.sendDone()
    }
  }

  private enum Step {
    case queued(Int)
    case prompt(Int)
    case text(String)
  }

  private func read(
    _ item: FormulaFields.Item, _ running: Running<FormulaEvent>, _ usage: inout Usage,
    _ call: Call, _ onStep: @Sendable (Step) -> Void
  ) async throws -> JSONObject {
    let prepared = running.prepared
    var own = Usage(prompt: prepared.promptTokens, image: prepared.imageTokens)
    var result: ReadFormula?
    try await running.forEach(call.record) { step in
      switch step {
      case .waiting(let position): onStep(.queued(position))
      case .event(.prompt(let done, let cached)):
        own.cached = cached
        onStep(.prompt(done))
      case .event(.token(let token)):
        if !token.isRest { own.completion += 1 }
        call.record.noteToken()
        // Bytes of a character that is not whole yet, and tokens of further looks, have no text.
        if !token.text.isEmpty { onStep(.text(token.text)) }
      case .event(.end(let formula)): result = formula
      }
    }
    own.formulas = 1
    usage.add(own)
    call.record.set(usage)
    guard let result else { throw EngineError(.failure, "the reading had no end") }
    var object: JSONObject = ["object": "formula"]
    for member in result.members.members { object.append(member.name, member.value) }
    object.append("image", item.name.map { .string($0) } ?? .null)
    object.append("usage", own.json)
    return object
  }

  private func refused(
    _ item: FormulaFields.Item, _ error: any Error, _ call: Call
  ) -> JSONObject {
    var object: JSONObject = ["object": "formula"]
    object.append("image", item.name.map { .string($0) } ?? .null)
    if case .object(let json) = answer(to: error, id: call.id).json {
      object.append("error", ifGiven: json["error"])
    }
    return object
  }
}

extension Usage {
  mutating func add(_ other: Usage) {
    prompt += other.prompt
    image += other.image
    cached += other.cached
    completion += other.completion
    paintings += other.paintings
    formulas += other.formulas
  }
}

extension RenderedFormula {
  var json: JSONObject {
    [
      "latex": .string(latex), "mathml": mathML.map { .string($0) } ?? .null,
      "typst": typst.map { .string($0) } ?? .null, "valid": .bool(isValid),
      "problem": problem.map { .string($0) } ?? .null,
    ]
  }
}
