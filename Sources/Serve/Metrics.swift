import JanusSystem

/// Counters since the start, as Prometheus reads them.
package final class Metrics: Sendable {
  private struct Histogram {
    static let bounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]
    var counts = [Int](repeating: 0, count: bounds.count)
    var count = 0
    var sum = 0.0

    mutating func add(_ value: Double) {
      for (index, bound) in Self.bounds.enumerated() where value <= bound { counts[index] += 1 }
      count += 1
      sum += value
    }
  }

  private struct State {
    var requests: [String: Int] = [:]
    var promptTokens = 0
    var cachedTokens = 0
    var completionTokens = 0
    var paintings = 0
    var formulas = 0
    var cancelled = 0
    var duration = Histogram()
    var firstToken = Histogram()
    var waiting = Histogram()
  }

  private let state = Locked(State())

  func add(_ usage: Usage) {
    state.withLock {
      $0.promptTokens += usage.prompt
      $0.cachedTokens += usage.cached
      $0.completionTokens += usage.completion
      $0.paintings += usage.paintings
      $0.formulas += usage.formulas
    }
  }

  func finished(
    route: String, method: String, status: Int, seconds: Double, firstToken: Double?,
    waited: Double?, cancelled: Bool
  ) {
    state.withLock {
      $0.requests["route=\"\(route)\",method=\"\(method)\",status=\"\(status)\"", default: 0] += 1
      $0.duration.add(seconds)
      if let firstToken { $0.firstToken.add(firstToken) }
      if let waited { $0.waiting.add(waited) }
      if cancelled { $0.cancelled += 1 }
    }
  }

  /// The text format of Prometheus, version 0.0.4.
  func text(
    running: Int, waiting: Int, memory: (resident: Int, available: Int?)?
  ) -> String {
    let state = state.withLock(\.self)
    var text = ""
    func head(_ name: String, _ type: String, _ help: String) {
      text += "# HELP janus_\(name) \(help)\n# TYPE janus_\(name) \(type)\n"
    }
    func value(_ name: String, _ type: String, _ value: Int, _ help: String) {
      head(name, type, help)
      text += "janus_\(name) \(value)\n"
    }
    func histogram(_ name: String, _ histogram: Histogram, _ help: String) {
      head(name, "histogram", help)
      for (bound, count) in zip(Histogram.bounds, histogram.counts) {
        text += "janus_\(name)_bucket{le=\"\(bound)\"} \(count)\n"
      }
      text += "janus_\(name)_bucket{le=\"+Inf\"} \(histogram.count)\n"
      text += "janus_\(name)_sum \(histogram.sum)\njanus_\(name)_count \(histogram.count)\n"
    }
    head("requests_total", "counter", "Requests by route, method and status.")
    for (labels, count) in state.requests.sorted(by: { $0.key < $1.key }) {
      text += "janus_requests_total{\(labels)} \(count)\n"
    }
    value("requests_running", "gauge", running, "Requests that compute.")
    value("requests_waiting", "gauge", waiting, "Requests in the queue.")
    value(
      "requests_cancelled_total", "counter", state.cancelled, "Requests whose client went away.")
    value("prompt_tokens_total", "counter", state.promptTokens, "Positions of prompts.")
    value(
      "cached_tokens_total", "counter", state.cachedTokens,
      "Positions of prompts that were there before.")
    value(
      "completion_tokens_total", "counter", state.completionTokens,
      "Tokens of answers and codes of paintings.")
    value("paintings_total", "counter", state.paintings, "Pictures painted.")
    value("formulas_total", "counter", state.formulas, "Formulas read.")
    histogram("request_seconds", state.duration, "Seconds from a request to the end of its answer.")
    histogram("first_token_seconds", state.firstToken, "Seconds from a request to its first token.")
    histogram("queue_seconds", state.waiting, "Seconds that a request waited in the queue.")
    if let memory {
      value("resident_memory_bytes", "gauge", memory.resident, "Memory of the process.")
      if let available = memory.available {
        value("available_memory_bytes", "gauge", available, "Memory that is left.")
      }
    }
    return text
  }
}

/// What a request took.
struct Usage: Sendable, Equatable {
  var prompt = 0
  var image = 0
  var cached = 0
  var completion = 0
  var paintings = 0
  var formulas = 0

  /// As chat completions state it.
  var json: JSONValue {
    [
      "prompt_tokens": .integer(prompt), "completion_tokens": .integer(completion),
      "total_tokens": .integer(prompt + completion),
      "prompt_tokens_details": [
        "cached_tokens": .integer(cached), "image_tokens": .integer(image),
        "text_tokens": .integer(prompt - image), "audio_tokens": 0,
      ],
      "completion_tokens_details": [
        "reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
      ],
    ]
  }
}
