extension AsyncThrowingStream where Element: Sendable, Failure == any Error {
  /// The events that a task tells until it ends. It is cancelled when nobody listens any more; its errors are the engine's.
  static func telling(
    _ work: @escaping @Sendable (_ tell: @escaping @Sendable (Element) -> Void) async throws -> Void
  ) -> AsyncThrowingStream {
    AsyncThrowingStream { continuation in
      let task = Task {
        do {
          try await work { continuation.yield($0) }
          continuation.finish()
        } catch is CancellationError {
          continuation.finish(throwing: CancellationError())
        } catch {
          continuation.finish(throwing: ModelEngine.engineError(error))
        }
      }
      continuation.onTermination = { if case .cancelled = $0 { task.cancel() } }
    }
  }
}
