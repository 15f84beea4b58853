import HTTPTypes
import Hummingbird

/// Pictures of formulas, as they were sent.
struct FormulaFields {
  struct Item {
    var name: String?
    var bytes: [UInt8]
    var path: String
  }

  var model: String?
  var items: [Item]
  /// Whether the answer is a list even of one: the request had one.
  var isList: Bool
  var sampling: SamplingRequest
  var streams: Bool

  init(_ call: Call, limits: RequestLimits) throws(APIError) {
    switch call.mediaType {
    case "multipart/form-data": try self.init(form: call, limits: limits)
    case let type where type.hasPrefix("image/") || type == "application/octet-stream":
      try self.init(raw: call.body, limits: limits)
    default: try self.init(json: try call.json(), limits: limits)
    }
  }

  private init(raw body: [UInt8], limits: RequestLimits) throws(APIError) {
    if body.isEmpty { throw .missing("body", expected: "a picture") }
    items = [Item(name: nil, bytes: body, path: "body")]
    isList = false
    sampling = SamplingRequest(maxTokens: min(512, limits.tokens))
    streams = false
  }

  private init(json fields: Fields, limits: RequestLimits) throws(APIError) {
    model = try fields.string("model", most: 1_024)
    streams = try fields.bool("stream") ?? false
    sampling = try Self.sampling(fields, limits: limits)
    isList = false
    items = []
    if let values = try fields.array("images", most: RequestLimits.pictures) {
      isList = true
      for (index, value) in values.enumerated() { try add(value, path: "images[\(index)]") }
    } else if let value = fields["image"] {
      try add(value, path: "image")
    }
    if items.isEmpty {
      throw .missing(isList ? "images" : "image", expected: "a picture as a data URL")
    }
  }

  private mutating func add(_ value: JSONValue, path: String) throws(APIError) {
    var name: String?
    if case .object(let object) = value {
      name = try Fields(object, path: path).string("name", most: 1_024)
    }
    items.append(
      Item(name: name, bytes: try PictureField.bytes(value, path: path), path: path))
  }

  private init(form call: Call, limits: RequestLimits) throws(APIError) {
    let type = call.head.headerFields[.contentType] ?? ""
    guard let boundary = Multipart.boundary(of: type) else {
      throw .missing("body", expected: "a boundary in the content type")
    }
    let parts = try Multipart.parse(call.body, boundary: boundary)
    var members = JSONObject()
    items = []
    isList = false
    for part in parts {
      if part.fileName != nil || ["image", "images", "file", "images[]"].contains(part.name) {
        let path = part.name.isEmpty ? "part \(items.count)" : part.name
        items.append(Item(name: part.fileName, bytes: part.bytes, path: path))
        if part.name.hasPrefix("images") { isList = true }
      } else if part.bytes.count <= 1_024 {
        // Fields of a form are texts; those that look like a number or a boolean are meant as one.
        let text = String(decoding: part.bytes, as: UTF8.self)
        let value = try? JSONParser.parse(part.bytes)
        switch value {
        case .integer?, .real?, .bool?: members.append(part.name, value!)
        default: members.append(part.name, .string(text))
        }
      }
    }
    if items.count > 1 { isList = true }
    let fields = Fields(members)
    model = try fields.string("model", most: 1_024)
    streams = try fields.bool("stream") ?? false
    sampling = try Self.sampling(fields, limits: limits)
    if items.isEmpty { throw .missing("image", expected: "a part with a picture") }
  }

  private static func sampling(
    _ fields: Fields, limits: RequestLimits
  ) throws(APIError) -> SamplingRequest {
    var sampling = try SamplingRequest(fields, limits: limits)
    if fields["max_tokens"] == nil, fields["max_completion_tokens"] == nil {
      sampling.maxTokens = min(512, limits.tokens)
    }
    sampling.topLogprobs = try fields.integer("top_logprobs", 0...20)
    return sampling
  }
}

extension Service {
  /// `POST /v1/formulas`
  func readFormulas(_ call: Call) async throws -> Response {
    let engine = try engine()
    let fields = try FormulaFields(call, limits: limits)
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
    let fields = try call.json()
    guard let latex = try fields.string("latex", most: 16_384) else {
      throw APIError.missing("latex", expected: "a formula")
    }
    return Response(json: .object(await engine.render(latex: latex).json))
  }

  private func prepare(
    _ item: FormulaFields.Item, _ fields: FormulaFields, _ engine: any InferenceEngine
  ) async throws -> PreparedRequest<FormulaEvent> {
    let picture = try await PictureField.shown(
      item.bytes, path: item.path, asFormula: true, by: engine)
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
    EventStream.response(call.departure) { sink in
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
        onStep(.text(token.text))
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
