import Hummingbird
import JanusSystem
import NIOCore

/// Bytes of all bodies that are in memory at once: many clients may send, but not without end.
final class BodyBudget: Sendable {
  private let most: Int
  private let taken = Locked(0)

  init(most: Int) { self.most = most }

  fileprivate func take(_ count: Int) -> Bool {
    taken.withLock { taken in
      guard taken + count <= most else { return false }
      taken += count
      return true
    }
  }

  /// Gives back what a body took, once it has been turned into a request.
  func give(_ count: Int) { taken.withLock { $0 -= count } }
}

/// Reads a request's body within its limits of size and time.
struct BodyReader {
  let limits: RequestLimits
  let budget: BodyBudget

  func read(_ request: Request) async throws -> [UInt8] {
    if Self.exceeds(request.headers[.contentLength], limits.body) { throw tooLarge }
    let body = request.body
    let (most, time) = (limits.body, limits.sending)
    return try await withThrowingTaskGroup(of: [UInt8].self) { group in
      group.addTask {
        var bytes: [UInt8] = []
        do {
          for try await buffer in body {
            guard bytes.count + buffer.readableBytes <= most else { throw tooLarge }
            guard budget.take(buffer.readableBytes) else { throw tooMany }
            bytes += buffer.readableBytesView
          }
          // A sequence whose task is cancelled just ends.
          try Task.checkCancellation()
          return bytes
        } catch {
          budget.give(bytes.count)
          throw error
        }
      }
      group.addTask {
        try await Task.sleep(for: time)
        throw APIError(
          status: 408,
          "The body did not come to its end within \(Int(time / .seconds(1))) seconds.",
          code: "timeout", closes: true)
      }
      defer { group.cancelAll() }
      return try await group.next()!
    }
  }

  /// Whether a stated length is more than `most`; numbers that no integer holds are, too.
  static func exceeds(_ length: String?, _ most: Int) -> Bool {
    guard let length else { return false }
    return (Int(length) ?? .max) > most
  }

  private var tooMany: APIError {
    APIError(
      status: 429, "The server is busy with other large requests; try again in about 2 s.",
      type: "rate_limit_error", code: "bodies_full", retryAfter: 2, closes: true)
  }

  private var tooLarge: APIError {
    APIError(
      status: 413, "The body is larger than the \(limits.body) bytes that this server takes.",
      param: "body", code: "body_too_large", closes: true)
  }
}
