import Foundation
import JanusImages
import JanusServe
import Testing

/// What a client gets for requests that are wrong, and for leaving.
@Suite struct HostileTests {
  private static let question: JSONValue = [
    "messages": [["role": "user", "content": "a b c d e f g h"]]
  ]

  @Test(arguments: [
    (#"{"messages": "#, "body"), ("", "body"), ("[]", "body"), ("{}", "messages"),
    (#"{"messages": {}}"#, "messages"), (#"{"messages": []}"#, "messages"),
    (#"{"messages": [1]}"#, "messages[0]"),
    (#"{"messages": [{"content": "x"}]}"#, "messages[0].role"),
    (#"{"messages": [{"role": "king", "content": "x"}]}"#, "messages[0].role"),
    (#"{"messages": [{"role": "user", "content": 7}]}"#, "messages[0].content"),
    (
      #"{"messages": [{"role": "user", "content": [{"type": "text"}]}]}"#,
      "messages[0].content[0].text"
    ),
    (
      #"{"messages": [{"role": "user", "content": [{"type": "video"}]}]}"#,
      "messages[0].content[0].type"
    ),
    (
      #"{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://a/b.png"}}]}]}"#,
      "messages[0].content[0].image_url.url"
    ),
    (
      #"{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "file:///etc/passwd"}]}]}"#,
      "messages[0].content[0].image_url"
    ),
    (
      #"{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "data:image/png;base64,!!"}]}]}"#,
      "messages[0].content[0].image_url"
    ),
    (
      #"{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "R0lGODlhAQABAAAA"}]}]}"#,
      "messages[0].content[0].image_url"
    ),
    (#"{"messages": [{"role": "assistant", "content": "x"}]}"#, "messages"),
    (#"{"messages": [{"role": "tool", "content": "x"}]}"#, "messages[0].role"),
    (#"{"messages": [{"role": "user", "content": "too long"}]}"#, "messages"),
    (#"{"messages": [{"role": "user", "content": "x"}], "tools": [{}]}"#, "tools"),
    (#"{"messages": [{"role": "user", "content": "x"}], "audio": {}}"#, "audio"),
    (#"{"messages": [{"role": "user", "content": "x"}], "temperature": "hot"}"#, "temperature"),
    (#"{"messages": [{"role": "user", "content": "x"}], "temperature": 3}"#, "temperature"),
    (#"{"messages": [{"role": "user", "content": "x"}], "max_tokens": 0}"#, "max_tokens"),
    (#"{"messages": [{"role": "user", "content": "x"}], "max_tokens": 1.5}"#, "max_tokens"),
    (#"{"messages": [{"role": "user", "content": "x"}], "n": 9}"#, "n"),
    (#"{"messages": [{"role": "user", "content": "x"}], "stop": [""]}"#, "stop[0]"),
    (#"{"messages": [{"role": "user", "content": "x"}], "stop": ["a","b","c","d","e"]}"#, "stop"),
    (#"{"messages": [{"role": "user", "content": "x"}], "stream": 1}"#, "stream"),
    (#"{"messages": [{"role": "user", "content": "x"}], "top_logprobs": 2}"#, "top_logprobs"),
    (
      #"{"messages": [{"role": "user", "content": "x"}], "response_format": {"type": "json_object"}}"#,
      "response_format"
    ),
  ])
  func `a wrong field is named`(_ body: String, _ param: String) async throws {
    try await TestServer.run { (server) async throws in
      let reply = try await server.post("/v1/chat/completions", bytes: Array(body.utf8))
      #expect(reply.status == 400, "\(body)")
      #expect(reply["error", "param"] == .string(param), "\(reply.body)")
      #expect(reply["error", "type"] == "invalid_request_error")
      #expect(reply.head.contains("x-should-retry: false"))
    }
  }

  @Test(arguments: [
    ("{}", "prompt"), (#"{"prompt": ""}"#, "prompt"), (#"{"prompt": " \n"}"#, "prompt"),
    (#"{"prompt": "x", "n": 0}"#, "n"), (#"{"prompt": "x", "n": 11}"#, "n"),
    (#"{"prompt": "x", "size": "big"}"#, "size"), (#"{"prompt": "x", "size": "99999x1"}"#, "size"),
    (#"{"prompt": "x", "size": "-5x5"}"#, "size"), (#"{"prompt": "x", "size": "١٦x١٦"}"#, "size"),
    (#"{"prompt": "x", "output_format": "webm"}"#, "output_format"),
    (#"{"prompt": "x", "background": "transparent"}"#, "background"),
    (#"{"prompt": "x", "cfg": 1e9}"#, "cfg"),
    (#"{"prompt": "x", "partial_images": 99}"#, "partial_images"),
  ])
  func `a wrong field of a painting is named`(_ body: String, _ param: String) async throws {
    try await TestServer.run { (server) async throws in
      let reply = try await server.post("/v1/images/generations", bytes: Array(body.utf8))
      #expect(reply.status == 400 && reply["error", "param"] == .string(param), "\(reply.body)")
    }
  }

  @Test func `fields that mean nothing here are ignored`() async throws {
    try await TestServer.run { (server) async throws in
      let body =
        #"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"x","name":"n"}],"user":"u","store":true,"tools":[],"tool_choice":"auto","metadata":{},"service_tier":"auto","frequency_penalty":0,"logit_bias":{},"parallel_tool_calls":true,"seed":-1,"stop":null,"response_format":{"type":"text"},"x":[1]}"#
      #expect(try await server.post("/v1/chat/completions", bytes: Array(body.utf8)).status == 200)
    }
  }

  @Test func `bodies too large, endless, cut short or slow get an answer`() async throws {
    try await TestServer.run { (server) async throws in
      let head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
      #expect(try await server.raw(head + "Content-Length: 4294967296\r\n\r\n").status == 413)
      #expect(
        try await server.raw(head + "Content-Length: 999999999999999999999\r\n\r\n").status == 400)
      #expect(try await server.raw(head + "Content-Length: -1\r\n\r\n").status == 400)
      let chunk = "100000\r\n" + String(repeating: "a", count: 0x100000) + "\r\n"
      let endless = head + "Transfer-Encoding: chunked\r\n\r\n" + String(repeating: chunk, count: 6)
      #expect(try await server.raw(endless).status == 413)
      #expect(
        try await server.raw(head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").status
          == 408)
      #expect(try await server.raw(head + "Content-Length: 50\r\n\r\n{").status == 408)
      let nested = [UInt8](repeating: UInt8(ascii: "["), count: 10_000)
      #expect(try await server.post("/v1/chat/completions", bytes: nested).status == 400)
      #expect(try await server.get("/health").status == 200)
    }
  }

  @Test func `floods of headers and garbage get an answer`() async throws {
    try await TestServer.run { (server) async throws in
      let many = (0..<3_000).map { "x\($0): y\r\n" }.joined()
      #expect(try await server.get("/health", many).status == 400)
      let long = "x: " + String(repeating: "y", count: 200_000) + "\r\n"
      #expect(try await server.get("/health", long).status == 400)
      #expect(try await server.raw("\0\u{1}\u{2}\r\n\r\n").status == 400)
      #expect(try await server.get("/health").status == 200)
    }
  }

  @Test func `picture bombs, blank pictures and other kinds are named`() async throws {
    try await TestServer.run { (server) async throws in
      // A header that promises 60,000 × 60,000 pixels.
      let small = try Picture(width: 2, height: 2, filledWith: [9, 9, 9]).encodePNG()
      var bomb = small
      for place in [18, 22] { bomb[place...place + 1] = [0xEA, 0x60] }
      let blank = try Picture(width: 1, height: 9, filledWith: [9, 9, 9]).encodePNG()
      let kinds: [(bytes: [UInt8], word: String)] = [
        (bomb, ""), (Array(small.prefix(40)), "PNG"), (blank, "blank"),
        (Array("%PDF-1.7\n".utf8), "PDF"), (Array("<svg></svg>".utf8), "SVG"), ([0, 1, 2, 3], ""),
      ]
      for (bytes, word) in kinds {
        let raw = try await server.post("/v1/formulas", bytes: bytes, "Content-Type: image/png\r\n")
        let parts: JSONValue = [
          ["type": "image_url", "image_url": ["url": .string(Base64.encode(bytes))]]
        ]
        let chat = try await server.post(
          "/v1/chat/completions", ["messages": [["role": "user", "content": parts]]])
        #expect(raw.status == 400 && raw["error", "param"] == "body", "\(word): \(raw.body)")
        #expect(
          chat.status == 400
            && chat["error", "param"] == "messages[0].content[0].image_url.url", "\(chat.body)")
        if case .string(let message)? = raw["error", "message"] {
          #expect(message.contains(word), "\(message)")
        }
      }
    }
  }

  @Test func `ten thousand messages are refused by number`() async throws {
    try await TestServer.run { (server) async throws in
      let message: JSONValue = ["role": "user", "content": "x"]
      let reply = try await server.post(
        "/v1/chat/completions", ["messages": .array(Array(repeating: message, count: 10_000))])
      #expect(reply.status == 400 && reply["error", "param"] == "messages")
    }
  }

  @Test func `unknown routes, other methods, HEAD and OPTIONS get what they should`() async throws {
    try await TestServer.run { (server) async throws in
      for path in [
        "/nothing", "/v1", "/v1/models/", "/page/", "/page/../openapi.json", "//", "/%00",
      ] {
        #expect(try await server.get(path).status == 404, "\(path)")
      }
      func send(_ method: String, _ path: String) async throws -> TestServer.Reply {
        try await server.raw(
          "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
      }
      let head = try await send("HEAD", "/openapi.json")
      #expect(head.status == 200 && head.body.isEmpty && !head.head.contains("Content-Length: 0"))
      #expect(try await send("OPTIONS", "/v1/models").status == 204)
      let wrong = try await send("DELETE", "/v1/models")
      #expect(wrong.status == 405 && wrong.head.contains("GET, HEAD, OPTIONS"))
      #expect(try await send("GET", "/v1/chat/completions").status == 405)
    }
  }

  @Test func `pages elsewhere get nothing, and named ones get their headers`() async throws {
    try await TestServer.run(options: .test { $0.corsOrigins = ["http://friend.example"] }) {
      (server) async throws in
      let foreign = try await server.post(
        "/v1/chat/completions", Self.question, "Origin: http://evil.example\r\n")
      #expect(foreign.status == 403 && !foreign.head.lowercased().contains("access-control"))
      let friend = try await server.post(
        "/v1/chat/completions", Self.question, "Origin: http://friend.example\r\n")
      #expect(friend.status == 200)
      #expect(
        friend.head.lowercased().contains("access-control-allow-origin: http://friend.example"))
      let rebound = try await server.raw(
        "GET /v1/models HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
      #expect(rebound.status == 403)
      #expect(server.engine.counts.started == 1)
    }
  }

  @Test func `an engine's failure tells nothing of the host`() async throws {
    try await TestServer.run { (server) async throws in
      for streams in [false, true] {
        let reply = try await server.post(
          "/v1/chat/completions",
          ["messages": [["role": "user", "content": "explode"]], "stream": .bool(streams)])
        #expect(reply.status == (streams ? 200 : 500))
        #expect(reply.body.contains("its log says why") && !reply.body.contains("passwd"))
      }
    }
  }

  @Test func `an unknown model is named`() async throws {
    try await TestServer.run { (server) async throws in
      let reply = try await server.post(
        "/v1/chat/completions",
        ["model": "gpt-4\u{1B}[31m", "messages": [["role": "user", "content": "x"]]])
      #expect(reply.status == 404 && reply["error", "code"] == "model_not_found")
    }
  }

  @Test(arguments: [false, true])
  func `a client that goes ends its request alone, running or waiting`(_ streams: Bool) async throws
  {
    try await TestServer.run(
      pace: .milliseconds(20), options: .test { ($0.parallel, $0.queue) = (1, 4) }
    ) { (server) async throws in
      let body = JSONValue.object([
        "messages": [["role": "user", "content": .string(String(repeating: "w ", count: 60))]],
        "stream": .bool(streams),
      ]).encoded
      let bytes =
        Array(
          "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\r\n"
            .utf8)
        + body
      let load = { @Sendable in server.server.service.load }
      var running: Connection? = try Connection(port: server.port)
      running?.send(bytes)
      #expect(try await server.eventually { load() == (1, 0) })
      var waiting: Connection? = try Connection(port: server.port)
      waiting?.send(bytes)
      #expect(try await server.eventually { load() == (1, 1) })
      waiting = nil
      #expect(try await server.eventually { load() == (1, 0) })
      #expect(server.engine.counts.cancelled == 0, "who runs goes on")
      running = nil
      #expect(try await server.eventually { load() == (0, 0) })
      #expect(try await server.eventually { server.engine.counts.cancelled == 1 })
      #expect(server.engine.counts.started == 1)
    }
  }

  @Test func `beyond the queue there is an answer that says how long`() async throws {
    try await TestServer.run(
      pace: .milliseconds(20), options: .test { ($0.parallel, $0.queue) = (1, 0) }
    ) { (server) async throws in
      async let first = server.post("/v1/chat/completions", Self.question)
      #expect(try await server.eventually { server.server.service.load.running == 1 })
      let second = try await server.post("/v1/chat/completions", Self.question)
      #expect(second.status == 429 && second["error", "code"] == "queue_full")
      #expect(second.head.lowercased().contains("retry-after: "))
      #expect(!second.head.contains("x-should-retry"))
      #expect(try await first.status == 200)
    }
  }

  @Test func `draining ends those who wait and lets those who run end`() async throws {
    try await TestServer.run(
      pace: .milliseconds(20), options: .test { ($0.parallel, $0.queue) = (1, 4) }
    ) { (server) async throws in
      async let first = server.post("/v1/chat/completions", Self.question)
      #expect(try await server.eventually { server.server.service.load.running == 1 })
      async let second = server.post("/v1/chat/completions", Self.question)
      #expect(try await server.eventually { server.server.service.load.waiting == 1 })
      server.server.service.drain()
      #expect(try await second.status == 503)
      #expect(try await first.status == 200)
      #expect(try await server.get("/health").status == 503)
    }
  }
}
