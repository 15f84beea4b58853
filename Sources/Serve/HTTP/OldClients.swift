import NIOCore
import NIOHTTP1

/// Answers clients of HTTP/1.0, such as old proxies and load tools, as they understand it: a body
/// without chunks, whose end is the connection's.
final class OldClients: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private var isOld = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .head(var head) = unwrapInboundIn(data),
      head.version.major < 1 || head.version == .http1_0
    {
      isOld = true
      // Whatever it asked for. Those behind this handler know one version only, and obey this.
      head.headers.replaceOrAdd(name: "Connection", value: "close")
      context.fireChannelRead(wrapInboundOut(.head(head)))
    } else {
      context.fireChannelRead(data)
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if isOld, case .head(var head) = unwrapOutboundIn(data) {
      head.version = .http1_0
      head.headers.remove(name: "Transfer-Encoding")
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    } else {
      context.write(data, promise: promise)
    }
  }
}
