import JanusImages
import JanusSystem

// Async forms of calls that take seconds. Each call computes on a thread of its own and blocks none
// of the threads that run tasks. Cancelling the task stops the work and throws CancellationError.

extension Janus {
  /// Opens a model file without holding the caller's thread.
  public static func open(path: String, options: Options = Options()) async throws -> Janus {
    try await OwnThread.run { try Janus(path: path, options: options) }
  }
}

extension Conversation {
  /// `send`, for tasks.
  public func send(
    _ prompt: String, pictures: [Picture] = [],
    settings: GenerationSettings = GenerationSettings(),
    onText: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> Answer {
    try await stoppable { stop in
      try self.send(prompt, pictures: pictures, settings: settings, stop: stop, onText: onText)
    }
  }
}

extension FormulaReader {
  /// `read`, for tasks.
  public func read(
    _ picture: Picture, settings: GenerationSettings = GenerationSettings(), alternatives: Int = 0,
    onText: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> FormulaReading {
    try await stoppable { stop in
      try self.read(
        picture, settings: settings, alternatives: alternatives, stop: stop, onText: onText)
    }
  }
}

extension Painter {
  /// `paint`, for tasks.
  public func paint(
    _ prompt: String, seeds: [UInt64], settings: Settings = Settings(),
    onStep: @escaping @Sendable (_ done: Int) -> Void = { _ in }
  ) async throws -> [Picture] {
    let pictures = try await stoppable { stop in
      try self.paint(prompt, seeds: seeds, settings: settings, stop: stop, onStep: onStep)
    }
    guard let pictures else { throw CancellationError() }
    return pictures
  }
}

/// Runs `body` on a thread of its own and stops it when the task is cancelled.
private func stoppable<Value>(
  _ body: @escaping (StopToken) throws -> Value
) async throws -> Value {
  let stop = StopToken()
  nonisolated(unsafe) let body = body
  let value = try await withTaskCancellationHandler {
    try Task.checkCancellation()
    return try await OwnThread.run { try body(stop) }
  } onCancel: {
    stop.stop()
  }
  try Task.checkCancellation()
  return value
}
