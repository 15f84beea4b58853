import Foundation
import JanusServe
import JanusSystem
import Testing

/// How a server ends.
@Suite struct StopTests {
  /// A connection that arrives while the listening channel closes is handled by nobody. It must not end the process.
  @Test func `a server stops while clients go on connecting`() async throws {
    for _ in 0..<8 {
      let clients = 6
      let connected = Locked(0)
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

  /// A client that waits for more is told that there will be no more.
  @Test func `a stream that the time of grace ends says so`() async throws {
    let question = Array(repeating: "word", count: 400).joined(separator: " ")
    for (path, body) in [
      (
        "/v1/chat/completions",
        ["messages": [["role": "user", "content": .string(question)]], "stream": true]
      ),
      ("/v1/images/generations", ["prompt": "red", "stream": true, "partial_images": 3]),
    ] as [(String, JSONValue)] {
      try await TestServer.run(pace: .milliseconds(400)) { server in
        async let reply = server.post(path, body)
        #expect(try await server.eventually { server.engine.counts.started == 1 })
        server.server.service.drain()
        server.server.service.ending.signal()
        let answer = try await reply
        #expect(answer.status == 200 && answer.body.contains("stopping"), "\(answer.body)")
        #expect(answer.body.hasSuffix("\n\n"))
      }
    }
  }
}
