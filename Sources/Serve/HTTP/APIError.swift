/// An answer that says no, in OpenAI's shape.
package struct APIError: Error, Equatable {
  package var status: Int
  package var message: String
  package var type: String
  /// The field of the request that was wrong, as `messages[2].content`.
  package var param: String?
  package var code: String?
  /// Seconds after which the client may try again.
  package var retryAfter: Int?
  /// Whether the connection is to be closed, since the rest of its request was not read.
  package var closes = false
  /// The methods that would be right, for 405.
  package var allow: String?

  package init(
    status: Int, _ message: String, type: String = "invalid_request_error", param: String? = nil,
    code: String? = nil, retryAfter: Int? = nil, closes: Bool = false
  ) {
    self.status = status
    self.message = message
    self.type = type
    self.param = param
    self.code = code
    self.retryAfter = retryAfter
    self.closes = closes
  }

  package var json: JSONValue {
    [
      "error": [
        "message": .string(message), "type": .string(type),
        "param": param.map { .string($0) } ?? .null,
        "code": code.map { .string($0) } ?? .null,
      ]
    ]
  }
}

extension APIError {
  /// A field that is there, but wrong.
  package static func field(_ path: String, expected: String, found: String) -> APIError {
    APIError(
      status: 400, "\(path): expected \(expected), found \(found)", param: path,
      code: "invalid_value")
  }

  package static func missing(_ path: String, expected: String) -> APIError {
    APIError(
      status: 400, "\(path): expected \(expected), found nothing", param: path,
      code: "missing_required_parameter")
  }

  /// A field that OpenAI's API has and this server does not.
  package static func unsupported(_ path: String, _ reason: String) -> APIError {
    APIError(
      status: 400, "\(path): \(reason)", param: path, code: "unsupported_parameter")
  }

  static let stopped = APIError(
    status: 503, "The server is stopping.", type: "server_error", code: "stopping", retryAfter: 10)

  static let loading = APIError(
    status: 503, "The model is still being loaded.", type: "server_error", code: "loading",
    retryAfter: 2)

  static func withoutModel(_ problem: String) -> APIError {
    APIError(
      status: 503, "There is no model: \(problem)", type: "server_error", code: "no_model",
      retryAfter: 10)
  }

  static let failed = APIError(
    status: 500, "The server failed; its log says why.", type: "server_error", code: "internal")
}
