import HTTPTypes
import JanusSystem
import NIOCore
import NIOHTTPTypes

/// Says when a client has gone: its end of the connection is closed.
package final class Departure: Sendable {
  private struct State {
    var hasGone = false
    var next = 0
    var handlers: [Int: @Sendable () -> Void] = [:]
  }

  private let state = Locked(State())

  package init() {}

  package var hasGone: Bool { state.withLock(\.hasGone) }

  /// Calls `handler` once when the client goes, at once if it has gone.
  func register(_ handler: @escaping @Sendable () -> Void) -> Int {
    let (id, hasGone) = state.withLock { state in
      if state.hasGone { return (-1, true) }
      state.next += 1
      state.handlers[state.next] = handler
      return (state.next, false)
    }
    if hasGone { handler() }
    return id
  }

  func unregister(_ id: Int) { state.withLock { _ = $0.handlers.removeValue(forKey: id) } }

  package func signal() {
    let handlers = state.withLock { state in
      state.hasGone = true
      defer { state.handlers = [:] }
      return Array(state.handlers.values)
    }
    for handler in handlers { handler() }
  }

  /// Runs `body` in a task of its own, which is cancelled when the client goes.
  func whilePresent<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let task = Task(operation: body)
    let id = register { task.cancel() }
    defer { unregister(id) }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }
}

/// Watches a connection for its end, and tells a client that asks before it sends that it may.
///
/// A client that shuts down its sending side counts as gone, as with most servers: one that still
/// wants the answer keeps it open.
final class ConnectionWatch: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  let departure = Departure()
  private let mostBytes: Int

  init(mostBytes: Int) { self.mostBytes = mostBytes }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .head(let head) = unwrapInboundIn(data),
      head.headerFields[.expect]?.lowercased() == "100-continue",
      // A larger body is refused by its head: better before than after it was sent.
      !BodyReader.exceeds(head.headerFields[.contentLength], mostBytes)
    {
      context.writeAndFlush(wrapOutboundOut(.head(.init(status: .continue))), promise: nil)
    }
    context.fireChannelRead(data)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { departure.signal() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    departure.signal()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    departure.signal()
    context.fireErrorCaught(error)
  }
}
