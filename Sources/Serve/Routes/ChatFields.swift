import JanusImages

/// What a chat completion asks for, as it was sent.
struct ChatFields {
  struct Turn {
    var role: ChatRequest.Turn.Role
    var text: String
    /// Their bytes, and the paths of the fields that they came in.
    var pictures: [(bytes: [UInt8], path: String)]
  }

  var model: String?
  var system: String?
  var turns: [Turn]
  var sampling: SamplingRequest
  var stops: [String]
  var choices: Int
  var streams: Bool
  var includesUsage: Bool

  init(_ fields: Fields, limits: RequestLimits) throws(APIError) {
    try Self.refuse(fields)
    model = try fields.string("model", most: 1_024)
    (system, turns) = try Self.turns(fields)
    sampling = try SamplingRequest(fields, limits: limits)
    if try fields.bool("logprobs") == true {
      sampling.topLogprobs = try fields.integer("top_logprobs", 0...20) ?? 0
    } else if let count = try fields.integer("top_logprobs", 0...20), count > 0 {
      throw .field("top_logprobs", expected: "logprobs: true beside it", found: "\(count) alone")
    }
    stops = try Self.stops(fields)
    choices = try fields.integer("n", 1...RequestLimits.choices) ?? 1
    streams = try fields.bool("stream") ?? false
    includesUsage = try fields.fields("stream_options")?.bool("include_usage") ?? false
  }

  /// Says no to what would change the answer and cannot be done; what changes nothing is ignored.
  private static func refuse(_ fields: Fields) throws(APIError) {
    for name in ["tools", "functions"] {
      if let values = try fields.array(name, most: 1_024), !values.isEmpty {
        throw .unsupported(name, "this model calls no tools")
      }
    }
    if fields["audio"] != nil { throw .unsupported("audio", "this model neither hears nor speaks") }
    if fields["web_search_options"] != nil {
      throw .unsupported("web_search_options", "this server fetches nothing from elsewhere")
    }
    if let modalities = try fields.array("modalities", most: 16),
      let other = modalities.first(where: { $0 != "text" })
    {
      if case .string(let name) = other {
        throw .unsupported(
          "modalities",
          "expected text alone, found \(quoted(name)); pictures are painted by "
            + "/v1/images/generations")
      }
      throw .field("modalities", expected: "strings", found: other.typeName)
    }
    if let format = try fields.fields("response_format"),
      let type = try format.string("type"), type != "text"
    {
      throw .unsupported(
        "response_format", "expected text, found \(quoted(type)): answers are free text")
    }
    for name in ["frequency_penalty", "presence_penalty"] {
      if let value = try fields.number(name, -2...2), value != 0 {
        throw .unsupported(name, "expected 0, found \(value): answers are not penalised")
      }
    }
    if let bias = try fields.fields("logit_bias"), !bias.object.members.isEmpty {
      throw .unsupported("logit_bias", "tokens cannot be favoured")
    }
  }

  private static func stops(_ fields: Fields) throws(APIError) -> [String] {
    let values: [JSONValue]
    switch fields["stop"] {
    case nil: return []
    case .string(let text)?: values = [.string(text)]
    case .array(let array)?: values = array
    case let other?:
      throw .field("stop", expected: "a string or an array of strings", found: other.typeName)
    }
    guard values.count <= 4 else {
      throw .field("stop", expected: "at most 4 strings", found: "\(values.count)")
    }
    var stops: [String] = []
    for (index, value) in values.enumerated() {
      guard case .string(let text) = value else {
        throw .field("stop[\(index)]", expected: "a string", found: value.typeName)
      }
      guard (1...1_024).contains(text.utf8.count) else {
        throw .field(
          "stop[\(index)]", expected: "1 to 1024 bytes", found: "\(text.utf8.count)")
      }
      stops.append(text)
    }
    return stops
  }

  // MARK: Messages

  private static func turns(
    _ fields: Fields
  ) throws(APIError) -> (system: String?, turns: [Turn]) {
    guard let messages = try fields.array("messages", most: RequestLimits.messages) else {
      throw .missing("messages", expected: "an array of messages")
    }
    var system: [String] = []
    var turns: [Turn] = []
    var pictures = 0
    for (index, value) in messages.enumerated() {
      let message = try Fields(value, path: "messages[\(index)]")
      guard let role = try message.string("role", most: 64) else {
        throw .missing(message.path("role"), expected: "user, assistant, system or developer")
      }
      var turn = Turn(role: .user, text: "", pictures: [])
      if message["images"] != nil {
        throw .unsupported(
          message.path("images"),
          "pictures are parts of the content here, {\"type\": \"image_url\", …}")
      }
      (turn.text, turn.pictures) = try content(message)
      switch role {
      case "system", "developer":
        if let picture = turn.pictures.first { throw misplaced(picture.path) }
        system.append(turn.text)
        continue
      case "user": turn.role = .user
      case "assistant":
        if let picture = turn.pictures.first { throw misplaced(picture.path) }
        if let calls = try message.array("tool_calls", most: 1_024), !calls.isEmpty {
          throw .unsupported(message.path("tool_calls"), "this model calls no tools")
        }
        turn.role = .assistant
      case "tool", "function":
        throw .unsupported(message.path("role"), "this model calls no tools")
      default:
        throw .field(
          message.path("role"), expected: "user, assistant, system or developer",
          found: quoted(role))
      }
      pictures += turn.pictures.count
      guard pictures <= RequestLimits.pictures else {
        throw .field(
          "messages", expected: "at most \(RequestLimits.pictures) pictures",
          found: "\(pictures)")
      }
      append(turn, to: &turns)
    }
    guard let first = turns.first else {
      throw .field("messages", expected: "a message of the user's", found: "none")
    }
    guard first.role == .user else {
      throw .field("messages", expected: "the user's message first", found: "the assistant's")
    }
    guard turns.last?.role == .user else {
      throw .field("messages", expected: "the user's message last", found: "the assistant's")
    }
    return (system.isEmpty ? nil : system.joined(separator: "\n\n"), turns)
  }

  /// Messages of one role that follow each other are one turn.
  private static func append(_ turn: Turn, to turns: inout [Turn]) {
    guard let last = turns.last, last.role == turn.role else { return turns.append(turn) }
    if !last.text.isEmpty, !turn.text.isEmpty { turns[turns.count - 1].text += "\n\n" }
    turns[turns.count - 1].text += turn.text
    turns[turns.count - 1].pictures += turn.pictures
  }

  private static func misplaced(_ path: String) -> APIError {
    .field(path, expected: "pictures in the user's messages alone", found: "one elsewhere")
  }

  private static func content(
    _ message: Fields
  ) throws(APIError) -> (text: String, pictures: [(bytes: [UInt8], path: String)]) {
    switch message["content"] {
    case nil:
      // An assistant's message may have none.
      return (try message.string("refusal") ?? "", [])
    case .string(let text)?: return (text, [])
    case .array(let parts)?:
      var texts: [String] = []
      var pictures: [(bytes: [UInt8], path: String)] = []
      for (index, value) in parts.enumerated() {
        let path = message.path("content[\(index)]")
        if case .string(let text) = value {
          texts.append(text)
          continue
        }
        let part = try Fields(value, path: path)
        guard let type = try part.string("type", most: 64) else {
          throw .missing(part.path("type"), expected: "text or image_url")
        }
        switch type {
        case "text", "input_text", "output_text":
          guard let text = try part.string("text") else {
            throw .missing(part.path("text"), expected: "a string")
          }
          texts.append(text)
        case "refusal": texts.append(try part.string("refusal") ?? "")
        case "image_url", "input_image", "image":
          guard let value = part["image_url"] ?? part["image"] ?? part["url"] else {
            throw .missing(part.path("image_url"), expected: "a data URL")
          }
          guard pictures.count < RequestLimits.pictures else {
            throw .field(
              message.path("content"), expected: "at most \(RequestLimits.pictures) pictures",
              found: "more")
          }
          let path = part.path("image_url")
          let bytes = try PictureField.bytes(value, path: path)
          pictures.append((bytes, path))
        case "input_audio": throw .unsupported(path, "this model does not hear")
        case "file": throw .unsupported(path, "files are not read; send pictures as image_url")
        default:
          throw .field(
            part.path("type"), expected: "text or image_url", found: quoted(type))
        }
      }
      return (texts.joined(separator: "\n"), pictures)
    case let other?:
      throw .field(
        message.path("content"), expected: "a string or an array of parts", found: other.typeName)
    }
  }
}

extension SamplingRequest {
  /// The fields that say how tokens are chosen. An answer never gets more tokens than the server allows.
  init(_ fields: Fields, limits: RequestLimits) throws(APIError) {
    let older = try fields.integer("max_tokens", 1...Int.max)
    let most = try fields.integer("max_completion_tokens", 1...Int.max) ?? older
    let topP = try fields.number("top_p", 0...1)
    let temperature = try fields.number("temperature", 0...2) ?? 0
    let seed = try fields.integer("seed", Int.min...Int.max)
    self.init(
      maxTokens: min(most ?? limits.tokens, limits.tokens), temperature: Float(temperature),
      // 0 keeps the most likely token alone, which the smallest probability does, too.
      topP: topP.map { max(Float($0), .leastNormalMagnitude) },
      topK: try fields.integer("top_k", 1...Int.max),
      seed: seed.map { UInt64(bitPattern: Int64($0)) } ?? UInt64.random(in: 0...UInt64(UInt32.max)))
  }
}
