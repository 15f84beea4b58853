import Dispatch

/// Work that computes for a while, away from the few threads that all tasks share.
enum Background {
  private static let queue = DispatchQueue(label: "janus-lite.serve.background")
  private static let shortQueue = DispatchQueue(label: "janus-lite.serve.background.short")

  /// Runs `body` behind what others have asked for: one at a time, so that pictures sent by many take
  /// the memory of one.
  static func run<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result(catching: body)) }
    }
  }

  /// Runs what takes some milliseconds at most, one at a time, without waiting for pictures.
  static func runShort<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      shortQueue.async { continuation.resume(returning: body()) }
    }
  }
}
