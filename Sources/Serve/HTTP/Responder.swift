import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// What Hummingbird gives with each request: here the connection.
struct ConnectionContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }
}

/// Takes a request from its head to its answer: who may ask, what for, with which body.
struct Responder: HTTPResponder {
  typealias Context = ConnectionContext

  let service: Service

  func respond(to request: Request, context: ConnectionContext) async throws -> Response {
    let path = Self.path(of: request.head)
    let route = Route.all.first { $0.matches(path) && (service.showsPage || !$0.isPage) }
    let record = CallRecord(
      service, method: Self.shown(request.method), route: route?.name ?? "unknown")
    let departure = try await Self.departure(of: context.channel)
    var response: Response
    do {
      response = try await answer(request, path: path, route, record, departure)
    } catch let error as APIError {
      response = Response(error)
      if error.closes { Self.closeSoon(context.channel) }
    } catch is CancellationError {
      response = Response(departure.hasGone ? Self.gone : .stopped)
    } catch let error as HTTPParserError {
      throw error
    } catch  where departure.hasGone {
      response = Response(Self.gone)
    } catch {
      service.logger.error("request failed", metadata: ["id": "\(record.id)", "error": "\(error)"])
      response = Response(.failed)
    }
    addHeaders(to: &response, request.head, record)
    record.set(status: response.status.code)
    return finishing(response, request, record, departure)
  }

  /// Nobody reads it: the log's way to tell.
  private static let gone = APIError(status: 499, "The client has gone.")

  private func answer(
    _ request: Request, path: String, _ route: Route?, _ record: CallRecord, _ departure: Departure
  ) async throws -> Response {
    do throws(APIError) {
      try service.access.check(request.head)
      if let route, route.needsKey, request.method != .options {
        try service.access.checkKey(request.headers[.authorization])
      }
      try Self.checkEncoding(request)
    } catch {
      // A body of somebody who may not come in is not waited for.
      var error = error
      error.closes = Self.hasBody(request)
      throw error
    }
    guard let route else {
      throw APIError(
        status: 404, "There is nothing at \(quoted(path)).", code: "unknown_route",
        closes: Self.hasBody(request))
    }
    if request.method == .options { return route.options }
    guard let handler = route.handler(for: request.method) else {
      var error = APIError(
        status: 405,
        "\(route.name) takes \(route.allowed), not \(Self.shown(request.method)).",
        code: "method_not_allowed", closes: Self.hasBody(request))
      error.allow = route.allowed
      throw error
    }
    let bytes = try await BodyReader(limits: service.limits, budget: service.bodies).read(request)
    defer { service.bodies.give(bytes.count) }
    let body = RequestBody(contentType: request.headers[.contentType] ?? "", bytes: bytes)
    let call = Call(
      head: request.head, path: path, body: body, departure: departure, record: record)
    return try await handler(service, call)
  }

  private static func checkEncoding(_ request: Request) throws(APIError) {
    let plain = [nil, "", "identity"]
    let encoding = request.headers[.contentEncoding]?.lowercased()
    let transfer = request.headers[.transferEncoding]?.lowercased()
    guard plain.contains(encoding), transfer == nil || transfer == "chunked" else {
      let found = plain.contains(encoding) ? transfer : encoding
      throw APIError(
        status: 415, "The body is encoded as \(quoted(found ?? "")); expected it as it is.",
        param: "body", code: "unsupported_encoding")
    }
  }

  private static func hasBody(_ request: Request) -> Bool {
    request.headers[.transferEncoding] != nil
      || (request.headers[.contentLength].map { $0 != "0" } ?? false)
  }

  /// The end of a request's work is the end of its answer's body.
  private func finishing(
    _ response: Response, _ request: Request, _ record: CallRecord, _ departure: Departure
  ) -> Response {
    var response = response
    if request.method == .head {
      // The same head as with GET, and nothing behind it.
      if let length = response.body.contentLength { response.headers[.contentLength] = "\(length)" }
      let head = response.head
      response = Response(status: head.status, headers: head.headerFields, body: .init())
      response.head = head
    }
    if response.body.contentLength != nil {
      record.finish(cancelled: departure.hasGone)
      return response
    }
    let body = response.body
    response.body = ResponseBody { writer in
      do {
        try await body.write(writer)
      } catch {
        record.finish(cancelled: departure.hasGone)
        throw error
      }
      record.finish(cancelled: false)
    }
    return response
  }

  private func addHeaders(
    to response: inout Response, _ head: HTTPRequest, _ record: CallRecord
  ) {
    response.headers[.requestID] = "req_" + record.id
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[.referrerPolicy] = "no-referrer"
    if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    if let origin = head.headerFields[.origin], service.access.isNamed(origin: origin) {
      response.headers[.accessControlAllowOrigin] = origin
      response.headers[.accessControlAllowHeaders] =
        head.headerFields[.accessControlRequestHeaders].flatMap(Self.names)
        ?? "authorization, content-type"
      response.headers[.accessControlAllowMethods] = "GET, HEAD, POST, OPTIONS"
      response.headers[.accessControlExposeHeaders] = "retry-after, x-request-id"
      response.headers[.accessControlMaxAge] = "600"
      response.headers[.vary] = "Origin"
    }
  }

  /// Names of headers, as a browser asks whether it may send them: clients have ever new ones of their own.
  private static func names(_ text: String) -> String? {
    let isPlain = text.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (0x30...0x39).contains(byte) || "-_, ".utf8.contains(byte)
    }
    return isPlain && text.utf8.count <= 4_096 ? text : nil
  }

  // MARK: Connections

  private static func departure(of channel: any Channel) async throws -> Departure {
    try await channel.eventLoop.submit {
      try channel.pipeline.syncOperations.handler(type: ConnectionWatch.self).departure
    }.get()
  }

  /// Closes a connection whose request was not read to its end, once the client had time to read why.
  private static func closeSoon(_ channel: any Channel) {
    channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
  }

  private static func path(of head: HTTPRequest) -> String {
    let path = head.path ?? "/"
    return String(path.prefix { $0 != "?" && $0 != "#" })
  }

  /// A method as log and counters show it: nobody may invent names there.
  private static func shown(_ method: HTTPRequest.Method) -> String {
    let known: [HTTPRequest.Method] = [.get, .head, .post, .options, .put, .delete, .patch]
    return known.contains(method) ? method.rawValue : "other"
  }
}

extension HTTPField.Name {
  static let referrerPolicy = Self("Referrer-Policy")!
}
