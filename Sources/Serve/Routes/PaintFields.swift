import JanusImages

/// What a painting asks for, as it was sent.
struct PaintFields {
  enum Format: String, CaseIterable { case png, jpeg, webp }

  var model: String?
  var request: PaintRequest
  /// Nil paints at the model's own size.
  var size: (width: Int, height: Int)?
  var format: Format
  /// Of JPEG and WebP files, 0 to 100; nil where none was asked for.
  var quality: Int?
  var asURL: Bool
  var streams: Bool

  init(_ fields: Fields) throws(APIError) {
    model = try fields.string("model", most: 1_024)
    guard let prompt = try fields.string("prompt", most: 32_000) else {
      throw .missing("prompt", expected: "a description of the picture")
    }
    guard !prompt.trimmed.isEmpty else {
      throw .field("prompt", expected: "a description of the picture", found: "white space")
    }
    let count = try fields.integer("n", 1...RequestLimits.paintings) ?? 1
    let seed = try fields.integer("seed", Int.min...Int.max)
    let first = seed.map { UInt64(bitPattern: Int64($0)) } ?? .random(in: 0...UInt64(UInt32.max))
    let topP = try fields.number("top_p", 0...1)
    streams = try fields.bool("stream") ?? false
    request = PaintRequest(
      prompt: prompt, seeds: (0..<count).map { first &+ UInt64($0) },
      guidance: Float(try fields.number("cfg", 0...100) ?? 5),
      temperature: Float(try fields.number("temperature", 0...10) ?? 1),
      topK: try fields.integer("top_k", 1...Int.max),
      topP: topP.map { max(Float($0), .leastNormalMagnitude) },
      partials: try fields.integer("partial_images", 0...RequestLimits.partials) ?? 0)
    if !streams { request.partials = 0 }
    size = try Self.size(fields)
    format = try Self.format(fields)
    quality = try fields.integer("output_compression", 0...100)
    asURL = try fields.choice("response_format", of: ["b64_json", "url"]) == "url"
    if let background = try fields.choice(
      "background", of: ["auto", "opaque", "transparent"]), background == "transparent"
    {
      throw .unsupported("background", "pictures are painted opaque")
    }
  }

  private static func format(_ fields: Fields) throws(APIError) -> Format {
    guard let name = try fields.string("output_format", most: 64) else { return .png }
    guard let format = Format(rawValue: name) else {
      throw .field("output_format", expected: "png, jpeg or webp", found: quoted(name))
    }
    if format == .webp, !PictureLibrary.webP.isInstalled {
      throw .unsupported("output_format", "expected png or jpeg: the server has no libwebp")
    }
    return format
  }

  private static func size(_ fields: Fields) throws(APIError) -> (width: Int, height: Int)? {
    guard let text = try fields.string("size", most: 64), text != "auto" else { return nil }
    let sides = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    let numbers = sides.compactMap { $0.allSatisfy(\.isASCIIDigit) ? Int($0) : nil }
    let allowed = 16...RequestLimits.paintedSide
    guard sides.count == 2, numbers.count == 2, numbers.allSatisfy(allowed.contains) else {
      throw .field(
        "size", expected: "auto, or WIDTHxHEIGHT of 16 to \(allowed.upperBound) each",
        found: quoted(text))
    }
    return (numbers[0], numbers[1])
  }
}

extension Character {
  var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
