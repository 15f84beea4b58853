import HTTPTypes
import HummingbirdCore
import JanusSystem
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// HTTP/1 on connections that may be accepted while the server stops.
///
/// A connection that is accepted as the listening channel closes is dropped by SwiftNIO before anybody handles it, and
/// an asynchronous channel that nobody handled ends the process when it is released. So each travels in a value that
/// closes what was not handled.
struct HTTP1Connections: ServerChildChannel {
  private let http: HTTP1Channel

  init(_ http: HTTP1Channel) { self.http = http }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<ChildConnection> {
    http.setup(channel: channel, logger: logger).flatMapThrowing { connection in
      let pipeline = channel.pipeline.syncOperations
      let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
      try pipeline.addHandler(OldClients(), position: .after(decoder))
      return ChildConnection(connection)
    }
  }

  func handle(value: ChildConnection, logger: Logger) async {
    guard let connection = value.take() else { return }
    await http.handle(value: connection, logger: logger)
  }
}

/// A connection until it is handled.
final class ChildConnection: ServerChildChannelValue {
  typealias Connection = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

  let channel: any Channel
  private let connection: Locked<Connection?>

  init(_ connection: Connection) {
    channel = connection.channel
    self.connection = Locked(connection)
  }

  /// The connection, once. Who takes it closes it.
  func take() -> Connection? {
    connection.withLock { connection in
      defer { connection = nil }
      return connection
    }
  }

  deinit {
    guard let connection = take() else { return }
    Task { try? await connection.executeThenClose { _, _ in } }
  }
}
