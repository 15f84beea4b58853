import Hummingbird
import JanusImages
import Synchronization

extension Service {
  /// `POST /v1/images/generations`
  func paint(_ call: Call) async throws -> Response {
    let engine = try engine()
    let fields = try PaintFields(try call.body.json())
    try check(model: fields.model, of: engine)
    guard let side = engine.card.paintedSize else {
      throw APIError(
        status: 400, "This model reads pictures and does not paint any.", param: "model",
        code: "unsupported_model")
    }
    return try await refusing(call) {
      let prepared = try await engine.prepare(fields.request)
      let painting = Painting(
        fields, side: side, lines: engine.card.paintedLines, prompt: prepared.promptTokens)
      let running = try enter(prepared)
      return fields.streams
        ? streamed(painting, running, call) : try await whole(painting, running, call)
    }
  }

  private func whole(
    _ painting: Painting, _ running: Running<PaintEvent>, _ call: Call
  ) async throws -> Response {
    let finished = try await call.departure.whilePresent {
      var pictures: [(index: Int, picture: Painted)] = []
      try await running.forEach(call.record) { step in
        guard case .event(let event) = step else { return }
        painting.note(event, call.record)
        if case .picture(let index, let picture) = event { pictures.append((index, picture)) }
      }
      return pictures.sorted { $0.index < $1.index }.map(\.picture)
    }
    var data: [JSONValue] = []
    for (index, picture) in finished.enumerated() {
      data.append(.object(try await painting.datum(picture, index: index)))
    }
    return Response(json: painting.whole(data))
  }

  private func streamed(
    _ painting: Painting, _ running: Running<PaintEvent>, _ call: Call
  ) -> Response {
    EventStream.response(call.departure, until: ending) { sink in
      // Files are made beside the painting, which does not wait for them.
      let (events, continuation) = AsyncStream.makeStream(of: PaintEvent.self)
      let writer = Task {
        for await event in events {
          guard let json = try await painting.event(event) else { continue }
          sink.send(json.data, event: json.name)
        }
      }
      do {
        try await running.forEach(call.record) { step in
          switch step {
          case .waiting(let position): sink.comment("queue \(position)")
          case .event(let event):
            painting.note(event, call.record)
            switch event {
            case .progress(let codes, let total): sink.comment("codes \(codes) of \(total)")
            // A client that reads slowly gets fewer of them.
            case .partial where sink.backlog > Painting.mostBacklog: break
            case .partial, .picture: continuation.yield(event)
            }
          }
        }
        continuation.finish()
        try await writer.value
      } catch {
        continuation.finish()
        writer.cancel()
        sink.send(self.answer(to: error, id: call.id).json, event: "error")
      }
    }
  }
}

/// A painting's shapes: the answer, its events, its files.
struct Painting: Sendable {
  static let mostBacklog = 16 << 20

  private let format: PaintFields.Format
  private let quality: Int?
  private let asURL: Bool
  private let seeds: [UInt64]
  private let size: (width: Int, height: Int)
  private let side: Int
  private let codesPerPicture: Int
  private let prompt: Int
  private let created = Clock.seconds

  init(_ fields: PaintFields, side: Int, lines: Int, prompt: Int) {
    format = fields.format
    quality = fields.quality
    asURL = fields.asURL
    seeds = fields.request.seeds
    size = fields.size ?? (side, side)
    self.side = side
    codesPerPicture = lines * lines
    self.prompt = prompt
  }

  func note(_ event: PaintEvent, _ record: CallRecord) {
    switch event {
    case .progress(let codes, _):
      record.noteToken()
      record.set(usage(codes: codes, pictures: 0))
    case .picture(let index, let picture):
      _ = picture
      record.set(usage(codes: codesPerPicture, pictures: index + 1))
    case .partial: break
    }
  }

  private func usage(codes: Int, pictures: Int) -> Usage {
    Usage(prompt: prompt, completion: codes * seeds.count, paintings: pictures)
  }

  private var usageJSON: JSONValue {
    let output = codesPerPicture * seeds.count
    return [
      "input_tokens": .integer(prompt), "output_tokens": .integer(output),
      "total_tokens": .integer(prompt + output),
      "input_tokens_details": ["text_tokens": .integer(prompt), "image_tokens": 0],
      "output_tokens_details": ["text_tokens": 0, "image_tokens": .integer(output)],
    ]
  }

  // MARK: Shapes

  /// The fields that the answer and each event have alike.
  private var setting: JSONObject {
    [
      "background": "opaque", "output_format": .string(format.rawValue), "quality": "auto",
      "size": .string("\(size.width)x\(size.height)"),
      // Enlarging adds nothing: whoever wants to know what was really painted finds it here.
      "painted_size": .string("\(side)x\(side)"),
    ]
  }

  func whole(_ data: [JSONValue]) -> JSONValue {
    var object: JSONObject = ["created": .integer(created), "data": .array(data)]
    for member in setting.members { object.append(member.name, member.value) }
    object.append("usage", usageJSON)
    return .object(object)
  }

  func datum(_ painted: Painted, index: Int) async throws -> JSONObject {
    let base64 = try await file(painted.picture, text: painted.text)
    var object: JSONObject = [:]
    if asURL {
      object.append("url", .string("data:image/\(format.rawValue);base64,\(base64)"))
    } else {
      object.append("b64_json", .string(base64))
    }
    object.append("seed", seed(index))
    return object
  }

  func event(_ event: PaintEvent) async throws -> (name: String, data: JSONValue)? {
    let name: String
    var object: JSONObject = [:]
    switch event {
    case .progress: return nil
    case .partial(let index, let number, let picture):
      name = "image_generation.partial_image"
      object.append("type", .string(name))
      object.append("b64_json", .string(try await file(picture, text: [])))
      object.append("partial_image_index", .integer(number))
      object.append("image_index", .integer(index))
      object.append("seed", seed(index))
    case .picture(let index, let painted):
      name = "image_generation.completed"
      object.append("type", .string(name))
      object.append("b64_json", .string(try await file(painted.picture, text: painted.text)))
      object.append("image_index", .integer(index))
      object.append("seed", seed(index))
      object.append("usage", usageJSON)
    }
    object.append("created_at", .integer(created))
    for member in setting.members { object.append(member.name, member.value) }
    return (name, .object(object))
  }

  private func seed(_ index: Int) -> JSONValue {
    .integer(Int(Int64(bitPattern: seeds[index])))
  }

  // MARK: Files

  private func file(
    _ picture: Picture, text: [(key: String, value: String)]
  ) async throws -> String {
    try await Background.run { [self] in
      let picture = picture.filling(width: size.width, height: size.height)
      let lines = PictureText.comment(of: text)
      let bytes =
        switch format {
        case .png: try picture.encodePNG(text: text)
        case .jpeg: try picture.encodeJPEG(quality: max(1, quality ?? 90), comment: lines)
        // Without loss, unless a quality was asked for.
        case .webp:
          try picture.encodeWebP(quality: quality == 100 ? nil : quality, description: lines)
        }
      return Base64.encode(bytes)
    }
  }
}

extension Picture {
  /// The picture enlarged or reduced to fill so many pixels; what juts out at two sides is cut off.
  func filling(width: Int, height: Int) -> Picture {
    if (width, height) == (self.width, self.height) { return self }
    let scale = max(Double(width) / Double(self.width), Double(height) / Double(self.height))
    let scaled = resized(
      toWidth: max(width, Int((Double(self.width) * scale).rounded())),
      height: max(height, Int((Double(self.height) * scale).rounded())))
    if (scaled.width, scaled.height) == (width, height) { return scaled }
    let (left, top) = ((scaled.width - width) / 2, (scaled.height - height) / 2)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(width * height * 3)
    for row in top..<top + height {
      let start = (row * scaled.width + left) * 3
      bytes += scaled.bytes[start..<start + width * 3]
    }
    return Picture(width: width, height: height, bytes: bytes)
  }
}
