import Foundation
import HTTPTypes
import Hummingbird
import JanusSystem
import Logging

/// One request, its body read, on its way through a route.
struct Call: Sendable {
  let head: HTTPRequest
  let path: String
  let body: RequestBody
  let departure: Departure
  let record: CallRecord

  var id: String { record.id }
}

/// What is remembered of a request until it ends: its line in the log and its numbers.
final class CallRecord: Sendable {
  private struct State {
    var status = 0
    var usage = Usage()
    var firstToken: Double?
    var waited: Double?
    var isFinished = false
  }

  let id: String
  let method: String
  let route: String
  let begin = ContinuousClock.now
  private let service: Service
  private let state = Locked(State())

  init(_ service: Service, method: String, route: String) {
    self.service = service
    self.method = method
    self.route = route
    id = Self.newID()
  }

  /// 22 letters that nobody guesses.
  static func newID() -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    return String((0..<22).map { _ in letters.randomElement()! })
  }

  var seconds: Double { (ContinuousClock.now - begin) / .seconds(1) }

  func set(status: Int) { state.withLock { $0.status = status } }

  func set(_ usage: Usage) { state.withLock { $0.usage = usage } }

  func noteStart() {
    let seconds = seconds
    state.withLock { $0.waited = $0.waited ?? seconds }
  }

  func noteToken() {
    if state.withLock({ $0.firstToken != nil }) { return }
    let seconds = seconds
    state.withLock { $0.firstToken = $0.firstToken ?? seconds }
  }

  func finish(cancelled: Bool) {
    let state = self.state.withLock { state -> State? in
      if state.isFinished { return nil }
      state.isFinished = true
      return state
    }
    guard let state else { return }
    service.metrics.add(state.usage)
    service.metrics.finished(
      route: route, method: method, status: state.status, seconds: seconds,
      firstToken: state.firstToken, waited: state.waited, cancelled: cancelled)
    var metadata: Logger.Metadata = [
      "id": "\(id)", "method": "\(method)", "route": "\(route)", "status": "\(state.status)",
      "seconds": "\(Self.fixed(seconds))",
    ]
    if let waited = state.waited { metadata["queued"] = "\(Self.fixed(waited))" }
    if let first = state.firstToken { metadata["first_token"] = "\(Self.fixed(first))" }
    if state.usage.prompt > 0 {
      metadata["prompt_tokens"] = "\(state.usage.prompt)"
      metadata["cached_tokens"] = "\(state.usage.cached)"
      metadata["completion_tokens"] = "\(state.usage.completion)"
    }
    if cancelled { metadata["cancelled"] = "true" }
    service.logger.info("request", metadata: metadata)
  }

  private static func fixed(_ seconds: Double) -> String {
    let thousandths = Int((seconds * 1_000).rounded())
    let rest = "\(thousandths % 1_000)"
    return "\(thousandths / 1_000)." + String(repeating: "0", count: 3 - rest.count) + rest
  }
}

extension Response {
  init(status: Int = 200, json: JSONValue, headers: HTTPFields = [:]) {
    var headers = headers
    headers[.contentType] = "application/json; charset=utf-8"
    self.init(
      status: .init(code: status), headers: headers,
      body: .init(byteBuffer: ByteBuffer(bytes: json.encoded)))
  }

  init(_ error: APIError) {
    var headers: HTTPFields = [:]
    if let seconds = error.retryAfter { headers[.retryAfter] = "\(seconds)" }
    // OpenAI's client sends a failed request twice more by itself. Here that would be the same work
    // again: only who was not let in is to come back.
    if error.status != 429 { headers[.shouldRetry] = "false" }
    if error.status == 401 { headers[.wwwAuthenticate] = "Bearer" }
    if let methods = error.allow { headers[.allow] = methods }
    if error.closes { headers[.connection] = "close" }
    self.init(status: error.status, json: error.json, headers: headers)
  }
}
