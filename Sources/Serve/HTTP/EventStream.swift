import HTTPTypes
import Hummingbird
import JanusSystem
import NIOCore

/// Server-sent events on their way to a client.
final class EventSink: Sendable {
  private let continuation: AsyncStream<[UInt8]>.Continuation
  private let waiting = Locked(0)
  private let whole = Locked(false)

  /// Whether the last event is on its way.
  fileprivate var isWhole: Bool {
    get { whole.withLock { $0 } }
    set { whole.withLock { $0 = newValue } }
  }

  fileprivate init(_ continuation: AsyncStream<[UInt8]>.Continuation) {
    self.continuation = continuation
  }

  /// Bytes that the client has not taken yet: who makes large events leaves some out.
  var backlog: Int { waiting.withLock { $0 } }

  func send(_ data: JSONValue, event: String? = nil) {
    var bytes: [UInt8] = []
    if let event { bytes += "event: \(event)\n".utf8 }
    bytes += "data: ".utf8
    bytes += data.encoded
    bytes += "\n\n".utf8
    send(bytes)
  }

  func sendDone() { send(Array("data: [DONE]\n\n".utf8)) }

  /// A line that clients skip; it keeps the connection awake and tells who looks how far things are.
  func comment(_ text: String) { send(Array(": \(text)\n\n".utf8)) }

  private func send(_ bytes: [UInt8]) {
    waiting.withLock { $0 += bytes.count }
    continuation.yield(bytes)
  }

  fileprivate func taken(_ count: Int) { waiting.withLock { $0 -= count } }
}

enum EventStream {
  /// Comments come at least so often.
  static let pause = Duration.seconds(15)

  /// A response whose head goes out at once and whose events `produce` sends, until it returns or the
  /// client goes, upon which its task is cancelled.
  ///
  /// - Parameter ending: cancels the task, too, but lets it say why.
  static func response(
    _ departure: Departure, until ending: Departure,
    produce: @escaping @Sendable (EventSink) async -> Void
  ) -> Response {
    let headers: HTTPFields = [
      .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache",
      .init("X-Accel-Buffering")!: "no",
    ]
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { writer in
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        let sink = EventSink(continuation)
        let producer = Task {
          await produce(sink)
          if !Task.isCancelled { sink.isWhole = true }
          continuation.finish()
        }
        let clock = Task {
          while true {
            try await Task.sleep(for: pause)
            sink.comment("")
          }
        }
        let id = departure.register {
          producer.cancel()
          continuation.finish()
        }
        let endingID = ending.register { producer.cancel() }
        defer {
          departure.unregister(id)
          ending.unregister(endingID)
          clock.cancel()
          producer.cancel()
        }
        for await bytes in stream {
          try await writer.write(ByteBuffer(bytes: bytes))
          sink.taken(bytes.count)
        }
        // A client may leave as soon as it has seen the last event: that is no answer cut short.
        if sink.isWhole {
          try? await writer.finish(nil)
        } else if departure.hasGone {
          throw CancellationError()
        } else {
          try await writer.finish(nil)
        }
      })
  }
}
