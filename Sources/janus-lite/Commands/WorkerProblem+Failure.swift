import JanusLite
import JanusRequests

extension WorkerProblem {
  /// What a line's request failed of, in the words of lines: their keys, and options of the worker.
  init(_ error: any Error) {
    let failure = Failure(error)
    switch error {
    case JanusError.request(let what, let expected, let found):
      self.init(
        type: "invalid_request",
        message: "\(Self.key(what)): expected \(expected), found \(found)")
    case JanusError.context, JanusError.paintingContext:
      self.init(type: "invalid_request", message: "\(error): shorten the prompt")
    case JanusError.prompt: self.init(type: "invalid_request", message: "prompt: \(error)")
    case JanusError.memory:
      self.init(
        type: "memory",
        message: "\(error): ask for less (max_tokens, n), or start the worker with --kv int8 "
          + "or a smaller --context")
    case JanusError.blankPicture: self.init(type: "picture", message: failure.message)
    case JanusError.noPaintingParts:
      self.init(type: "invalid_request", message: "task: \(failure.message)")
    // Of the model, whatever the request was.
    case is JanusError: self.init(type: "internal", message: failure.message)
    default: self.init(type: Self.type(failure), message: failure.message)
    }
  }

  private static func key(_ name: String) -> String {
    switch name {
    case "guidance": "cfg"
    case "top-p": "top_p"
    case "top-k": "top_k"
    default: name
    }
  }

  private static func type(_ failure: Failure) -> String {
    switch failure.code {
    case .usage: "invalid_request"
    case .data, .missingFile, .inputOutput: "picture"
    default: "internal"
    }
  }
}
