import JanusImages

/// A picture in a request: a data URL or bare base64, as a string or in an object's `url`.
enum PictureField {
  /// More than any client sends of a formula or a photograph, and little enough for several at once.
  static let limits = PictureLimits(pixelsPerSide: 20_000, pixels: 50_000_000)

  /// The bytes that a value stands for.
  static func bytes(_ value: JSONValue, path: String) throws(APIError) -> [UInt8] {
    switch value {
    case .string(let text): return try bytes(text, path: path)
    case .object(let object):
      let fields = Fields(object, path: path)
      let inner = fields["url"] ?? fields["b64_json"] ?? fields["image_url"]
      guard case .string(let text)? = inner else {
        throw .field(
          fields.path("url"), expected: "a data URL", found: inner?.typeName ?? "nothing")
      }
      return try bytes(text, path: fields.path("url"))
    default: throw .field(path, expected: "a data URL", found: value.typeName)
    }
  }

  private static func bytes(_ text: String, path: String) throws(APIError) -> [UInt8] {
    let scheme = text.prefix(8).lowercased()
    if scheme.hasPrefix("data:") {
      guard let comma = text.utf8.prefix(1_024).firstIndex(of: UInt8(ascii: ",")) else {
        throw .field(path, expected: "a data URL", found: "one without a comma")
      }
      let head = text[..<comma].lowercased()
      guard head.hasSuffix(";base64") else {
        throw .field(path, expected: "a data URL in base64", found: quoted(head))
      }
      return try decoded(text.utf8[text.utf8.index(after: comma)...], path: path)
    }
    if scheme.contains(":") {
      throw APIError(
        status: 400,
        "\(path): this server fetches nothing from elsewhere; send the picture itself, as a data "
          + "URL in base64",
        param: path, code: "remote_url")
    }
    return try decoded(text.utf8[...], path: path)
  }

  private static func decoded(
    _ text: Substring.UTF8View, path: String
  ) throws(APIError) -> [UInt8] {
    guard let bytes = Base64.decode(text) else {
      throw .field(path, expected: "base64", found: "other characters or a wrong length")
    }
    return bytes
  }

  /// A picture as the model sees it. Of those of a request one at a time is there as a whole.
  static func shown(
    _ bytes: [UInt8], path: String, asFormula: Bool, by engine: any InferenceEngine
  ) async throws -> ShownPicture {
    do {
      return try await engine.show(asFormula: asFormula) {
        do throws(PictureError) {
          return try Picture(decoding: bytes, limits: limits)
        } catch {
          throw refusal(error, path: path)
        }
      }
    } catch var error as EngineError {
      error.message = "\(path): \(error.message)"
      error.param = path
      throw error
    }
  }

  private static func refusal(_ error: PictureError, path: String) -> any Error {
    // A picture is not to blame for memory that others have.
    if case .memory(_, _, _, let limit) = error, limit != limits.bytes {
      return EngineError(.memory, "\(path): \(error)", param: path)
    }
    return APIError(status: 400, "\(path): \(error)", param: path, code: "invalid_image")
  }
}
