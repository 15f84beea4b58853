import Hummingbird
import NIOCore

/// Reads a request's body within its limits of size and time.
struct BodyReader {
  let limits: RequestLimits

  func read(_ request: Request) async throws -> [UInt8] {
    if let text = request.headers[.contentLength], let length = Int(text), length > limits.body {
      throw tooLarge
    }
    let body = request.body
    let (most, time) = (limits.body, limits.sending)
    return try await withThrowingTaskGroup(of: [UInt8].self) { group in
      group.addTask {
        var bytes: [UInt8] = []
        for try await buffer in body {
          guard bytes.count + buffer.readableBytes <= most else { throw tooLarge }
          bytes += buffer.readableBytesView
        }
        return bytes
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

  private var tooLarge: APIError {
    APIError(
      status: 413, "The body is larger than the \(limits.body) bytes that this server takes.",
      param: "body", code: "body_too_large", closes: true)
  }
}
