/// Pictures of formulas, as they were sent.
struct FormulaFields {
  struct Item {
    var name: String?
    /// The file, or why there is none.
    var bytes: Result<[UInt8], APIError>
    var path: String
  }

  var model: String?
  var items: [Item]
  /// Whether the answer is a list even of one: the request had one.
  var isList: Bool
  var sampling: SamplingRequest
  var streams: Bool

  init(_ body: RequestBody, limits: RequestLimits) throws(APIError) {
    switch body.mediaType {
    case "multipart/form-data": try self.init(form: body, limits: limits)
    case let type where type.hasPrefix("image/") || type == "application/octet-stream":
      try self.init(raw: body.bytes, limits: limits)
    default:
      try self.init(json: try body.json(others: ", multipart/form-data or image/*"), limits: limits)
    }
  }

  private init(raw body: [UInt8], limits: RequestLimits) throws(APIError) {
    if body.isEmpty { throw .missing("body", expected: "a picture") }
    items = [Item(name: nil, bytes: .success(body), path: "body")]
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
      guard fields["image"] == nil else {
        throw .field("image", expected: "one of image and images", found: "both")
      }
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
    let bytes = Result { () throws(APIError) in try PictureField.bytes(value, path: path) }
    // Among several, each picture has an answer of its own.
    if !isList { _ = try bytes.get() }
    items.append(Item(name: name, bytes: bytes, path: path))
  }

  private init(form body: RequestBody, limits: RequestLimits) throws(APIError) {
    guard let boundary = Multipart.boundary(of: body.contentType) else {
      throw .missing("body", expected: "a boundary in the content type")
    }
    let parts = try Multipart.parse(body.bytes, boundary: boundary)
    var members = JSONObject()
    items = []
    isList = false
    for part in parts {
      if part.fileName != nil || ["image", "images", "file", "images[]"].contains(part.name) {
        let path = part.name.isEmpty ? "part \(items.count)" : part.name
        items.append(Item(name: part.fileName, bytes: .success(part.bytes), path: path))
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
