import Foundation
import JanusServe
import Testing

/// What clients send that is nearly right.
@Suite struct StrangeRequestTests {
  private static let chat: JSONValue = ["messages": [["role": "user", "content": "hello"]]]

  @Test func `a body that is packed is refused by the name of its encoding`() async throws {
    try await TestServer.run { server in
      for header in ["Content-Encoding: gzip", "Content-Encoding: br"] {
        let reply = try await server.post("/v1/chat/completions", Self.chat, header + "\r\n")
        #expect(reply.status == 415 && reply.body.contains("encoded as"), "\(reply.body)")
      }
      let plain = try await server.post(
        "/v1/chat/completions", Self.chat, "Content-Encoding: identity\r\n")
      #expect(plain.status == 200)
      let transfer = try await server.raw(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n"
          + "Connection: close\r\n\r\n0\r\n\r\n")
      #expect(transfer.status == 415 || transfer.status == 400, "\(transfer.status)")
    }
  }

  @Test func `a client of HTTP/1.0 gets a body that ends with its connection`() async throws {
    try await TestServer.run { server in
      let health = try await server.raw("GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n")
      #expect(health.status == 200 && health.head.hasPrefix("HTTP/1.0 "), "\(health.head)")
      let body = #"{"messages": [{"role": "user", "content": "hello"}], "stream": true}"#
      let stream = try await server.raw(
        "POST /v1/chat/completions HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n"
          + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body)
      #expect(stream.status == 200 && !stream.head.lowercased().contains("chunked"))
      #expect(stream.body.hasPrefix("data: {") && stream.body.hasSuffix("data: [DONE]\n\n"))
    }
  }

  @Test func `pictures where another server takes them are not passed over`() async throws {
    try await TestServer.run { server in
      let reply = try await server.post(
        "/v1/chat/completions",
        ["messages": [["role": "user", "content": "what is this?", "images": ["aGVsbG8="]]]])
      #expect(reply.status == 400 && reply.body.contains("messages[0].images"), "\(reply.body)")
    }
  }

  @Test func `a body of somebody without a key is not waited for`() async throws {
    try await TestServer.run(options: .test { $0.keys = ["a-key-of-8-or-more"] }) { server in
      // Announced, and never sent.
      let reply = try await server.raw(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n{")
      #expect(reply.status == 401 && reply.head.lowercased().contains("connection: close"))
    }
  }

  @Test func `keys are read from files of any editor, and only those that browsers can send`()
    throws
  {
    #expect(
      ServerOptions.keys(in: "\u{feff}abcdefgh\r\n# a remark\n\n ijklmnop \n") == [
        "abcdefgh", "ijklmnop",
      ])
    for key in ["пароль-сервера", "密钥密钥密钥密钥", "with blank", "short"] {
      let options = ServerOptions.test { $0.keys = [key] }
      #expect(throws: ServerOptions.Problem.self) { try options.check() }
    }
  }

  @Test func `a browser may send the headers that a named page's client has`() async throws {
    try await TestServer.run(options: .test { $0.corsOrigins = ["http://localhost:8000"] }) {
      server in
      func asked(_ names: String) async throws -> String {
        try await server.raw(
          "OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:8000\r\n"
            + "Access-Control-Request-Headers: \(names)\r\nConnection: close\r\n\r\n"
        ).head.lowercased()
      }
      let own = try await asked("x-stainless-helper-method, authorization")
      #expect(own.contains("x-stainless-helper-method"))
      let strange = try await asked("x; injected=1")
      #expect(!strange.contains("injected"))
    }
  }

  @Test func `chunks before the usage say that they have none`() async throws {
    try await TestServer.run { server in
      let reply = try await server.post(
        "/v1/chat/completions",
        [
          "messages": [["role": "user", "content": "hello"]], "stream": true,
          "stream_options": ["include_usage": true],
        ])
      let chunks = reply.body.components(separatedBy: "\n\n").filter { $0.hasPrefix("data: {") }
      #expect(
        chunks.count > 2 && chunks.dropLast().allSatisfy { $0.contains("\"usage\":null") },
        "\(chunks)")
      #expect(chunks.last?.contains("\"total_tokens\"") == true)
    }
  }

  @Test func `boundaries that repeat themselves are found, and names keep their semicolons`() throws
  {
    let boundary = Array((String(repeating: "-", count: 60) + "x").utf8)
    let body =
      Array("--".utf8) + boundary
      + Array(
        "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;b.png\"\r\n\r\n".utf8)
      + Array(repeating: UInt8(ascii: "-"), count: 200_000) + Array("\r\n--".utf8) + boundary
      + Array("--\r\n".utf8)
    let parts = try Multipart.parse(body, boundary: boundary)
    #expect(parts.map(\.fileName) == ["a;b.png"] && parts[0].bytes.count == 200_000)
  }
}
