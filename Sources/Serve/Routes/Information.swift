import Foundation
import HTTPTypes
import Hummingbird

extension Service {
  /// `GET /health`
  func health() -> Response {
    let problem = problem
    let status =
      isReady ? "ok" : isDraining ? "stopping" : problem == nil ? "loading" : "no model"
    let load = admission.load
    var json: JSONObject = [
      "status": .string(status), "running": .integer(load.running),
      "waiting": .integer(load.waiting),
    ]
    json.append("problem", ifGiven: problem.map { .string($0) })
    return Response(status: isReady ? 200 : 503, json: .object(json))
  }

  /// `GET /v1/models`
  func models() throws -> Response {
    Response(json: ["object": "list", "data": [.object(try engine().card.json)]])
  }

  /// `GET /v1/models/{id}`
  func model(_ call: Call) throws -> Response {
    let engine = try engine()
    let name = String(call.path.dropFirst("/v1/models/".count))
    try check(model: name.removingPercentEncoding ?? name, of: engine)
    return Response(json: .object(engine.card.json))
  }

  /// `GET /metrics`
  func metricsText() throws -> Response {
    guard showsMetrics else {
      throw APIError(
        status: 404, "Metrics are off; start the server with --metrics.", code: "metrics_off")
    }
    let load = admission.load
    let text = metrics.text(
      running: load.running, waiting: load.waiting, memory: try? engine().memory)
    return Response(
      status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
      body: .init(byteBuffer: ByteBuffer(string: text)))
  }
}

extension ModelCard {
  var json: JSONObject {
    let outputs: JSONValue = paintedSize == nil ? ["text"] : ["text", "image"]
    let inputs: JSONValue = ["text", "image"]
    var object: JSONObject = [
      "id": .string(id), "object": "model", "created": .integer(created),
      "owned_by": "janus-lite", "context_length": .integer(contextLength),
      "input_modalities": inputs, "output_modalities": outputs,
      "architecture": ["input_modalities": inputs, "output_modalities": outputs],
      "summary": .string(summary),
    ]
    object.append(
      "painting",
      paintedSize.map { size in
        ["size": .string("\(size)x\(size)"), "lines": .integer(paintedLines)]
      } ?? .null)
    return object
  }
}
