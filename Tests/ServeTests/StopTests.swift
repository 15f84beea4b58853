import Foundation
import JanusServe
import Synchronization
import Testing

/// How a server ends.
@Suite struct StopTests {
  /// A connection that arrives while the listening channel closes is handled by nobody. It must not end the process.
  @Test func `a server stops while clients go on connecting`() async throws {
    for _ in 0..<8 {
      let clients = 6
      let connected = Mutex(0)
      let ended = AsyncStream.makeStream(of: Void.self)
      try await TestServer.run { (server) async throws in
        for _ in 0..<clients {
          Thread.detachNewThread { [port = server.port] in
            // Until nobody listens any more.
            while let connection = try? Connection(port: port) {
              connection.send(Array("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
              connected.withLock { $0 += 1 }
            }
            ended.continuation.yield()
          }
        }
        #expect(try await server.eventually { connected.withLock { $0 > 4 * clients } })
      }
      var iterator = ended.stream.makeAsyncIterator()
      for _ in 0..<clients { _ = await iterator.next() }
    }
  }
}
