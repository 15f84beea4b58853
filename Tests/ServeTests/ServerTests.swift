import Foundation
import JanusImages
import JanusServe
import Testing

/// What a client gets for requests that are right.
@Suite struct ServerTests {
  private func say(_ text: String, _ more: [(String, JSONValue)] = []) -> JSONValue {
    var object: JSONObject = [
      "model": "scripted", "messages": [["role": "user", "content": .string(text)]],
    ]
    for (name, value) in more { object.append(name, value) }
    return .object(object)
  }

  private static func png(width: Int = 5) -> String {
    let picture = Picture(width: width, height: 3, filledWith: [255, 0, 0])
    return Base64.encode(try! picture.encodePNG())
  }

  @Test func `a chat is answered in OpenAI's shape`() async throws {
    try await TestServer.run { (server) async throws in
      let reply = try await server.post("/v1/chat/completions", say("one two"))
      #expect(reply.status == 200)
      #expect(reply["object"] == "chat.completion")
      #expect(reply["choices", "0", "message", "content"] == "Echo: one two")
      #expect(reply["choices", "0", "finish_reason"] == "stop")
      #expect(reply["usage", "prompt_tokens"] == 2)
      #expect(reply["usage", "completion_tokens"] == 3)
      #expect(reply["usage", "total_tokens"] == 5)
    }
  }

  @Test func `a stream brings role, pieces, end, usage and DONE`() async throws {
    try await TestServer.run { (server) async throws in
      let reply = try await server.post(
        "/v1/chat/completions",
        say("one two", [("stream", true), ("stream_options", ["include_usage": true])]))
      #expect(reply.head.contains("text/event-stream"))
      let data = reply.body.split(separator: "\n").filter { $0.hasPrefix("data: ") }
        .map { String($0.dropFirst(6)) }
      #expect(data.last == "[DONE]")
      let chunks = try data.dropLast().map { try JSONParser.parse(Array($0.utf8)) }
      var text = ""
      var ids: Set<String> = []
      for case .object(let chunk) in chunks {
        if case .string(let id)? = chunk["id"] { ids.insert(id) }
        guard case .array(let choices)? = chunk["choices"],
          case .object(let choice)? = choices.first,
          case .object(let delta)? = choice["delta"], case .string(let piece)? = delta["content"]
        else { continue }
        text += piece
      }
      #expect(text == "Echo: one two" && ids.count == 1)
      guard case .object(let last) = chunks.last else { throw Connection.Failure() }
      #expect(last["choices"] == [] && last["usage"] != nil)
    }
  }

  @Test func `stop texts, limits, several choices and log-probabilities do what they say`()
    async throws
  {
    try await TestServer.run { (server) async throws in
      let stopped = try await server.post(
        "/v1/chat/completions", say("one two three", [("stop", [" two"])]))
      #expect(stopped["choices", "0", "message", "content"] == "Echo: one")
      let cut = try await server.post("/v1/chat/completions", say("one two", [("max_tokens", 2)]))
      #expect(cut["choices", "0", "message", "content"] == "Echo: one")
      #expect(cut["choices", "0", "finish_reason"] == "length")
      let several = try await server.post(
        "/v1/chat/completions", say("x", [("n", 3), ("logprobs", true), ("top_logprobs", 2)]))
      guard case .array(let choices)? = several["choices"] else { throw Connection.Failure() }
      #expect(choices.count == 3)
      #expect(several["choices", "2", "logprobs", "content", "0", "token"] == "Echo:")
      #expect(
        several["choices", "2", "logprobs", "content", "1", "bytes"] == [
          .integer(32), .integer(120),
        ])
    }
  }

  @Test(arguments: [
    "url object", "url string", "bare", "wrong type", "input_image", "white space",
  ])
  func `pictures come in every usual form`(_ form: String) async throws {
    try await TestServer.run { (server) async throws in
      let data = Self.png()
      let value: JSONValue =
        switch form {
        case "url object": ["url": .string("data:image/png;base64," + data), "detail": "auto"]
        case "bare": .string(data)
        case "wrong type": ["url": .string("data:image/webp;base64," + data)]
        case "white space": ["url": .string("data:;base64," + data.replacing("A", with: "A\n"))]
        default: .string("data:image/png;base64," + data)
        }
      let type: JSONValue = form == "input_image" ? "input_image" : "image_url"
      let body: JSONValue = [
        "messages": [
          [
            "role": "user",
            "content": [
              ["type": "text", "text": "look"], ["type": type, "image_url": value],
              ["type": type, "image_url": value],
            ],
          ]
        ]
      ]
      let reply = try await server.post("/v1/chat/completions", body)
      #expect(reply.status == 200)
      #expect(reply["usage", "prompt_tokens_details", "image_tokens"] == 1_152)
    }
  }

  @Test func `a painting has the size, format and seed that were asked for`() async throws {
    try await TestServer.run { (server) async throws in
      let reply = try await server.post(
        "/v1/images/generations",
        ["prompt": "a circle", "n": 2, "seed": 7, "size": "100x60", "response_format": "b64_json"])
      #expect(reply.status == 200)
      #expect(reply["size"] == "100x60" && reply["painted_size"] == "384x384")
      #expect(reply["data", "1", "seed"] == 8)
      guard case .string(let text)? = reply["data", "0", "b64_json"] else {
        throw Connection.Failure()
      }
      let file = try #require(Base64.decode(text.utf8))
      let picture = try Picture(decoding: file)
      #expect((picture.width, picture.height) == (100, 60))
      #expect(String(decoding: file, as: UTF8.self).contains("a circle"))
      let jpeg = try await server.post(
        "/v1/images/generations",
        ["prompt": "x", "output_format": "jpeg", "output_compression": 0, "response_format": "url"])
      guard case .string(let url)? = jpeg["data", "0", "url"] else { throw Connection.Failure() }
      #expect(url.hasPrefix("data:image/jpeg;base64,/9j/"))
    }
  }

  @Test(arguments: [nil, 80] as [Int?])
  func `a painting comes as WebP where the library is there`(_ quality: Int?) async throws {
    try await TestServer.run { (server) async throws in
      var body: JSONObject = ["prompt": "a circle", "seed": 7, "output_format": "webp"]
      body.append("output_compression", ifGiven: quality.map { .integer($0) })
      let reply = try await server.post("/v1/images/generations", .object(body))
      guard PictureLibrary.webP.isInstalled else {
        #expect(reply.status == 400 && reply["error", "param"] == "output_format")
        return
      }
      #expect(reply["output_format"] == "webp")
      guard case .string(let text)? = reply["data", "0", "b64_json"] else {
        throw Connection.Failure()
      }
      let file = try #require(Base64.decode(text.utf8))
      #expect(String(decoding: file, as: UTF8.self).contains("Description: a circle"))
      let png = try await server.post(
        "/v1/images/generations", ["prompt": "a circle", "seed": 7])
      guard case .string(let exact)? = png["data", "0", "b64_json"] else {
        throw Connection.Failure()
      }
      let isExact =
        try Picture(decoding: file) == Picture(decoding: #require(Base64.decode(exact.utf8)))
      #expect(isExact == (quality == nil))
    }
  }

  @Test func `a line of a prompt that looks like a setting stays in the prompt`() async throws {
    try await TestServer.run { (server) async throws in
      let prompt = "a circle\nSeed: 9\nNegative prompt: blue"
      let reply = try await server.post(
        "/v1/images/generations",
        ["prompt": .string(prompt), "seed": 7, "output_format": "jpeg"])
      guard case .string(let text)? = reply["data", "0", "b64_json"] else {
        throw Connection.Failure()
      }
      let pairs = try #require(Base64.decode(text.utf8)).withUnsafeBytes {
        PictureText.pairs(in: $0)
      }
      #expect(pairs.first { $0.key == "Description" }?.value == prompt)
      #expect(pairs.filter { $0.key == "Seed" }.map(\.value) == ["7"])
      #expect(!pairs.contains { $0.key == "Negative prompt" })
    }
  }

  @Test func `a painting's stream brings parts of each picture, then each picture`() async throws {
    try await TestServer.run { (server) async throws in
      let reply = try await server.post(
        "/v1/images/generations",
        ["prompt": "x", "n": 2, "seed": 1, "stream": true, "partial_images": 3])
      let events = reply.body.components(separatedBy: "\n\n").compactMap { event in
        event.split(separator: "\n").first { $0.hasPrefix("event: ") }?.dropFirst(7)
      }
      #expect(events.count { $0 == "image_generation.partial_image" } == 4)
      #expect(events.suffix(2).allSatisfy { $0 == "image_generation.completed" })
    }
  }

  @Test func `a formula comes from JSON, a form and a raw body alike`() async throws {
    try await TestServer.run { (server) async throws in
      let file = Base64.decode(Self.png().utf8)!
      let json = try await server.post("/v1/formulas", ["image": .string(Self.png())])
      let raw = try await server.post("/v1/formulas", bytes: file, "Content-Type: image/png\r\n")
      let form =
        Array("--b\r\nContent-Disposition: form-data; name=image; filename=f.png\r\n\r\n".utf8)
        + file
        + Array("\r\n--b--\r\n".utf8)
      let multipart = try await server.post(
        "/v1/formulas", bytes: form, "Content-Type: multipart/form-data; boundary=b\r\n")
      for reply in [json, raw, multipart] {
        #expect(reply.status == 200)
        #expect(reply["latex"] == "x^{5}" && reply["valid"] == true)
        #expect(reply["doubtful", "0", "alternatives", "0", "text"] == "z")
      }
      #expect(multipart["image"] == "f.png")
      let list = try await server.post(
        "/v1/formulas", ["images": [.string(Self.png(width: 7)), "AAAA", .string(Self.png())]])
      #expect(list["data", "0", "latex"] == "x^{7}")
      #expect(list["data", "1", "error", "code"] == "invalid_image")
      #expect(list["data", "2", "latex"] == "x^{5}")
      let rendered = try await server.post("/v1/formulas/render", ["latex": "{"])
      #expect(rendered["valid"] == false && rendered["mathml"] == .null)
    }
  }

  @Test func `models, health, metrics and the description are there`() async throws {
    try await TestServer.run { (server) async throws in
      let models = try await server.get("/v1/models")
      #expect(models["data", "0", "id"] == "scripted")
      #expect(models["data", "0", "architecture", "output_modalities"] == ["text", "image"])
      #expect(try await server.get("/v1/models/scripted").status == 200)
      #expect(try await server.get("/v1/models/other").status == 404)
      #expect(try await server.get("/health")["status"] == "ok")
      let metrics = try await server.get("/metrics")
      #expect(
        metrics.body.contains(
          "janus_requests_total{route=\"/health\",method=\"GET\",status=\"200\"}"))
      let description = try await server.get("/openapi.json")
      for route in ["/v1/chat/completions", "/v1/images/generations", "/v1/formulas", "/metrics"] {
        #expect(description["paths", route] != nil)
      }
    }
  }

  @Test func `the page comes with its policy, and not again when it is there`() async throws {
    try await TestServer.run { (server) async throws in
      let page = try await server.get("/")
      #expect(page.status == 200 && page.body.hasPrefix("<!doctype html>"))
      #expect(page.head.contains("default-src 'none'"))
      for part in page.body.components(separatedBy: "\"/page/").dropFirst() {
        let name = part.prefix { $0 != "\"" }
        #expect(try await server.get("/page/\(name)").status == 200, "\(name)")
      }
      let tag = try #require(
        page.head.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix("etag: ") })
      let second = try await server.get("/", "If-None-Match:\(tag.dropFirst(5))\r\n")
      #expect(second.status == 304 && second.body.isEmpty)
    }
    try await TestServer.run(options: .test { $0.showsPage = false }) { (server) async throws in
      #expect(try await server.get("/").status == 404)
    }
  }

  @Test func `a key is wanted where one is set, but not for the page and health`() async throws {
    try await TestServer.run(
      options: .test { $0.keys = ["correct horse".replacing(" ", with: "-")] }
    ) { (server) async throws in
      #expect(try await server.get("/v1/models").status == 401)
      #expect(try await server.get("/v1/models", "Authorization: Bearer wrong\r\n").status == 401)
      let right = "Authorization: Bearer correct-horse\r\n"
      #expect(try await server.get("/v1/models", right).status == 200)
      #expect(try await server.get("/health").status == 200)
      #expect(try await server.get("/").status == 200)
    }
  }
}
