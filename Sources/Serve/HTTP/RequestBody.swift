/// The bytes that a request carries, and what it calls them.
struct RequestBody: Sendable {
  /// As the header has it; empty where it has none.
  let contentType: String
  let bytes: [UInt8]

  /// The media type of the body, without parameters.
  var mediaType: String {
    (contentType.split(separator: ";").first.map { $0.trimmed } ?? "").lowercased()
  }

  /// The body as JSON. A missing content type, and a form's, count as JSON too: many scripts send so.
  ///
  /// - Parameter others: what the route takes beside JSON, in words.
  func json(others: String = "") throws(APIError) -> Fields {
    guard
      ["application/json", "", "text/plain", "application/x-www-form-urlencoded"].contains(
        mediaType) || mediaType.hasSuffix("+json")
    else {
      throw APIError(
        status: 415, "The body is \(quoted(mediaType)); expected application/json\(others).",
        param: "body", code: "unsupported_media_type")
    }
    return try jsonBody(others)
  }

  private func jsonBody(_ others: String) throws(APIError) -> Fields {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONParser.parse(bytes)
    } catch {
      throw APIError(
        status: 400,
        "The body is not JSON: \(error)."
          + (others.isEmpty ? "" : " A content type tells others: application/json\(others)."),
        param: "body", code: "invalid_json")
    }
    return try Fields(value)
  }
}
