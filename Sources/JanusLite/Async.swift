import JanusImages
import JanusSystem

// Async forms of calls that take seconds. Each call computes on a thread of its own and blocks none
// of the threads that run tasks. Cancelling the task stops the work and throws CancellationError.
//
// They begin and end where their caller runs, so that an actor may keep what they are called on. Meanwhile
// `ExclusiveUse` refuses every other call of it.

extension Janus {
  /// Opens a model file without holding the caller's thread.
  ///
  /// - Throws: `JanusError`, as `init(path:options:)` does.
  public static func open(path: String, options: Options = Options()) async throws -> Janus {
    try await OwnThread.run { try Janus(path: path, options: options) }
  }
}

extension Conversation {
  /// `send`, for tasks.
  ///
  /// - Parameters:
  ///   - prompt: what the user says.
  ///   - pictures: what it is about, in order.
  ///   - settings: how the answer is chosen, and its length at most.
  ///   - stop: ends the work early, as in the other form: the answer stays as far as it came.
  ///   - onText: called with each piece of the answer as it comes, by a thread of the library.
  /// - Throws: `JanusError`, and `CancellationError` where the task was cancelled. A turn that throws has not
  ///   happened.
  public nonisolated(nonsending) func send(
    _ prompt: String, pictures: [Picture] = [],
    settings: GenerationSettings = GenerationSettings(), stop: StopToken? = nil,
    onText: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> Answer {
    try await stoppable(stop) { stop, cancelled in
      try self.send(
        prompt, pictures: pictures, settings: settings, stop: stop, unless: cancelled,
        onText: onText)
    }
  }
}

extension FormulaReader {
  /// `read`, for tasks.
  ///
  /// - Parameters:
  ///   - picture: a picture of one formula, or of several below each other.
  ///   - settings: how the answer is chosen, and its length at most.
  ///   - alternatives: how many other readings to look for, by beam search: 0 to 64.
  ///   - stop: ends the work early, with the finish reason `cancelled`.
  ///   - onText: called with each piece of the raw answer as it comes, by a thread of the library. Where the model looks
  ///     again, of the first look alone.
  /// - Throws: `JanusError`, and `CancellationError` where the task was cancelled.
  public nonisolated(nonsending) func read(
    _ picture: Picture, settings: GenerationSettings = GenerationSettings(), alternatives: Int = 0,
    stop: StopToken? = nil, onText: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> FormulaReading {
    try await stoppable(stop) { stop, cancelled in
      let reading = try self.read(
        picture, settings: settings, alternatives: alternatives, stop: stop, onText: onText)
      if cancelled.isStopped { throw CancellationError() }
      return reading
    }
  }
}

extension Painter {
  /// `paint`, for tasks.
  ///
  /// - Parameters:
  ///   - prompt: what is to be painted.
  ///   - seeds: 1 to 1,024 of them.
  ///   - settings: how codes are chosen.
  ///   - stop: ends the work early.
  ///   - onStep: called with the codes chosen so far, of each picture, by a thread of the library.
  /// - Returns: the pictures in the order of their seeds.
  /// - Throws: `JanusError`, and `CancellationError` where the task was cancelled or `stop` was stopped.
  public nonisolated(nonsending) func paint(
    _ prompt: String, seeds: [UInt64], settings: Settings = Settings(), stop: StopToken? = nil,
    onStep: @escaping @Sendable (_ done: Int) -> Void = { _ in }
  ) async throws -> [Picture] {
    try await stoppable(stop) { stop, cancelled in
      let pictures = try self.paint(
        prompt, seeds: seeds, settings: settings, stop: stop, onStep: onStep)
      guard let pictures, !cancelled.isStopped else { throw CancellationError() }
      return pictures
    }
  }
}

/// Runs `body` on a thread of its own.
///
/// - Parameters:
///   - stop: the caller's reason to end the work, beside the task's cancellation.
///   - body: is given what stops its work for either reason, and what the task's cancellation stops.
private nonisolated(nonsending) func stoppable<Value>(
  _ stop: StopToken?, _ body: @escaping (_ stop: StopToken, _ cancelled: StopToken) throws -> Value
) async throws -> Value {
  let cancelled = StopToken()
  let either = StopToken { cancelled.isStopped || stop?.isStopped == true }
  return try await withTaskCancellationHandler {
    try Task.checkCancellation()
    return try await OwnThread.run { try body(either, cancelled) }
  } onCancel: {
    cancelled.stop()
  }
}
