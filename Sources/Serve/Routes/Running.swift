import Hummingbird
import Logging

/// A request from its place in the queue to its last event.
struct Running<Event: Sendable>: Sendable {
  let prepared: PreparedRequest<Event>
  let place: Admission.Place

  enum Step {
    /// So many go before it.
    case waiting(Int)
    case event(Event)
  }

  /// Waits for its turn, runs, and tells of both.
  func forEach(_ record: CallRecord, _ body: (Step) throws -> Void) async throws {
    defer { place.leave() }
    for await position in place.positions { try body(.waiting(position)) }
    try Task.checkCancellation()
    guard place.isAdmitted else { throw APIError.stopped }
    record.noteStart()
    for try await event in prepared.events() {
      try Task.checkCancellation()
      try body(.event(event))
    }
    try Task.checkCancellation()
  }
}

extension Service {
  /// Takes a place in the queue for a request that is right.
  func enter<Event>(_ prepared: PreparedRequest<Event>) throws(APIError) -> Running<Event> {
    do throws(Admission.Full) {
      return Running(
        prepared: prepared,
        place: try admission.enter(rows: prepared.rows, reserve: prepared.reserve))
    } catch {
      throw APIError(
        status: 429,
        "The server is busy and \(error.waiting) \(error.waiting == 1 ? "request waits" : "requests wait") already; try again in about "
          + "\(error.seconds) s.",
        type: "rate_limit_error", code: "queue_full", retryAfter: error.seconds)
    }
  }

  /// An engine's refusal as an answer. What failed inside is told to the log alone.
  func answer(to error: any Error, id: String) -> APIError {
    switch error {
    case let error as APIError: return error
    case let error as EngineError:
      switch error.kind {
      case .request:
        return APIError(status: 400, error.message, param: error.param, code: "invalid_value")
      case .context:
        return APIError(
          status: 400, error.message, param: error.param ?? "messages",
          code: "context_length_exceeded")
      case .unsupported:
        return APIError(
          status: 400, error.message, param: error.param, code: "unsupported_model")
      case .memory:
        return APIError(
          status: 503, error.message, type: "server_error", code: "insufficient_memory",
          retryAfter: 5)
      case .stopping: return .stopped
      case .failure:
        logger.error("engine failed", metadata: ["id": "\(id)", "error": "\(error.message)"])
        return .failed
      }
    case is CancellationError: return .stopped
    default:
      logger.error("request failed", metadata: ["id": "\(id)", "error": "\(error)"])
      return .failed
    }
  }

  /// Runs the part of a route that may meet an engine's refusal.
  func refusing<Value: Sendable>(
    _ call: Call, _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw answer(to: error, id: call.id)
    }
  }

  /// Checks that a request means the model that is there. Clients that name none mean it.
  func check(model name: String?, of engine: any InferenceEngine) throws(APIError) {
    guard let name, !name.isEmpty, name != "default" else { return }
    guard name.lowercased() == engine.card.id.lowercased() else {
      throw APIError(
        status: 404,
        "There is no model \(quoted(name)) here; this server has '\(engine.card.id)'.",
        param: "model", code: "model_not_found")
    }
  }
}
