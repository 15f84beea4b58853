import HTTPTypes
import Hummingbird

/// A path and what may be done there.
struct Route: Sendable {
  typealias Handler = @Sendable (Service, Call) async throws -> Response

  /// The path; one that ends with `*` stands for all that begin so.
  let name: String
  let needsKey: Bool
  let isPage: Bool
  private let getter: Handler?
  private let poster: Handler?

  private init(
    _ name: String, needsKey: Bool = true, isPage: Bool = false, get: Handler? = nil,
    post: Handler? = nil
  ) {
    self.name = name
    self.needsKey = needsKey
    self.isPage = isPage
    getter = get
    poster = post
  }

  static let all: [Route] = [
    Route("/v1/chat/completions", post: { try await $0.chat($1) }),
    Route("/v1/images/generations", post: { try await $0.paint($1) }),
    Route("/v1/formulas", post: { try await $0.readFormulas($1) }),
    Route("/v1/formulas/render", post: { try await $0.renderFormula($1) }),
    Route("/v1/models", get: { service, _ in try service.models() }),
    Route("/v1/models/*", get: { try $0.model($1) }),
    Route("/health", needsKey: false, get: { service, _ in service.health() }),
    Route("/metrics", get: { service, _ in try service.metricsText() }),
    Route("/openapi.json", needsKey: false, get: { service, _ in service.openAPI() }),
    Route("/", needsKey: false, isPage: true, get: { try $0.page($1) }),
    Route("/page/*", needsKey: false, isPage: true, get: { try $0.page($1) }),
  ]

  func matches(_ path: String) -> Bool {
    name.last == "*"
      ? path.hasPrefix(name.dropLast()) && path.count >= name.count : path == name
  }

  func handler(for method: HTTPRequest.Method) -> Handler? {
    switch method {
    case .get, .head: getter
    case .post: poster
    default: nil
    }
  }

  var allowed: String { getter != nil ? "GET, HEAD, OPTIONS" : "POST, OPTIONS" }

  var options: Response {
    Response(status: .noContent, headers: [.allow: allowed], body: .init())
  }
}
