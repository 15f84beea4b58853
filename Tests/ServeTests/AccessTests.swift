import HTTPTypes
import Testing

@testable import JanusServe

@Suite struct AccessTests {
  private func head(_ host: String?, _ fields: HTTPFields = [:]) -> HTTPRequest {
    HTTPRequest(method: .post, scheme: "http", authority: host, path: "/", headerFields: fields)
  }

  private let local = AccessGuard(
    hosts: AccessGuard.loopbackHosts, origins: ["http://localhost:8000"])

  @Test(arguments: [
    "localhost", "localhost:3840", "127.0.0.1:3840", "[::1]:3840", "LOCALHOST:1", "[::1]",
  ])
  func `a loopback server answers under its names`(_ host: String) throws {
    try local.check(head(host))
  }

  @Test(arguments: [
    "evil.example", "evil.example:3840", "localhost.evil.example", "127.0.0.1.evil.example",
    "10.0.0.1", "[::2]", "", "127.0.0.1@evil", "[::1].evil",
  ])
  func `a loopback server answers under no other name`(_ host: String) {
    #expect(throws: APIError.self) { try local.check(head(host)) }
  }

  @Test func `pages of the server itself and of named origins come in`() throws {
    try local.check(head("localhost:3840", [.origin: "http://localhost:3840"]))
    try local.check(head("127.0.0.1:3840", [.origin: "http://localhost:8000"]))
    try local.check(head("127.0.0.1:3840", [.secFetchSite: "same-origin"]))
    try local.check(
      head("127.0.0.1:3840", [.secFetchSite: "cross-site", .secFetchMode: "navigate"]))
  }

  @Test(arguments: [
    "http://evil.example", "null", "http://localhost:3841", "http://localhost",
    "https://localhost:8000",
    "http://localhost:8000.evil.example", "file://",
  ])
  func `pages elsewhere stay out`(_ origin: String) {
    #expect(throws: APIError.self) { try local.check(head("localhost:3840", [.origin: origin])) }
  }

  @Test func `pictures and scripts of pages elsewhere stay out`() {
    #expect(throws: APIError.self) {
      try local.check(head("localhost", [.secFetchSite: "cross-site", .secFetchMode: "no-cors"]))
    }
  }

  @Test func `one of the keys opens`() throws {
    let guarded = AccessGuard(
      hosts: nil, keys: [Array("first-key".utf8), Array("second-key".utf8)])
    try guarded.checkKey("Bearer first-key")
    try guarded.checkKey("bearer  second-key ")
    for wrong in [
      nil, "", "Bearer", "Bearer ", "Basic first-key", "Bearer first-ke", "Bearer first-keyy",
    ] {
      #expect(throws: APIError.self, "\(wrong ?? "none")") { try guarded.checkKey(wrong) }
    }
    #expect(!AccessGuard.equal([], []))
    #expect(!AccessGuard.equal([0], [0, 0]))
  }

  @Test func `other addresses than loopback need a key or leave`() throws {
    var options = ServerOptions()
    try options.check()
    for host in ["0.0.0.0", "::", "192.168.1.2", "example.com", "127.0.0.1.example.com", "127.1"] {
      options.host = host
      #expect(throws: ServerOptions.Problem.self) { try options.check() }
    }
    options.keys = ["long-enough"]
    try options.check()
    options.keys = []
    options.allowsPublic = true
    try options.check()
    options.corsOrigins = ["http://localhost:8000", "https://example.com", "*"]
    try options.check()
    for origin in ["localhost", "http://a/b", "javascript:1", "", "ftp://a"] {
      options.corsOrigins = [origin]
      #expect(throws: ServerOptions.Problem.self) { try options.check() }
    }
    #expect(ServerOptions.keys(in: "# mine\n abc \r\n\n def\n") == ["abc", "def"])
  }

  @Test func `lines of the log hold nothing that steers a terminal`() {
    #expect(LineLogger.value("plain/text-1") == "plain/text-1")
    #expect(LineLogger.value("two words") == "\"two words\"")
    #expect(LineLogger.value("a\u{1B}[31m\n\"b\"\\") == #""a\u001b[31m\n\"b\"\\""#)
    #expect(LineLogger.value("\u{9B}31m\u{202E}x") == "\"\u{FFFD}31m\u{FFFD}x\"")
    #expect(LineLogger.value("") == "\"\"")
  }
}

@Suite struct MultipartTests {
  private func parse(_ text: String, _ boundary: String = "b") throws -> [MultipartPart] {
    try Multipart.parse(Array(text.utf8), boundary: Array(boundary.utf8))
  }

  @Test func `parts come with their names`() throws {
    let body =
      "preamble\r\n--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a b.png\"\r\n"
      + "Content-Type: image/png\r\n\r\n\0\r\n--\r\n--b\r\n"
      + "content-disposition: form-data; name=stream\r\n\r\ntrue\r\n--b--\r\n"
    #expect(
      try parse(body) == [
        MultipartPart(name: "image", fileName: "a b.png", bytes: Array("\0\r\n--".utf8)),
        MultipartPart(name: "stream", fileName: nil, bytes: Array("true".utf8)),
      ])
    #expect(Multipart.boundary(of: "multipart/form-data; boundary=\"x y\"") == Array("x y".utf8))
    #expect(Multipart.boundary(of: "multipart/form-data") == nil)
    #expect(Multipart.boundary(of: "multipart/form-data; boundary=") == nil)
  }

  @Test(arguments: [
    "", "--", "--b", "--b\r\n", "--b\r\nname: x\r\n\r\nbody", "--b\r\n\r\n--b--", "--bx\r\n",
    "--b\r\nContent-Disposition: form-data\r\n--b--",
  ])
  func `what does not end is refused`(_ body: String) {
    #expect(throws: APIError.self) { try parse(body) }
  }

  @Test func `too many parts are refused`() {
    let part = "--b\r\nContent-Disposition: form-data; name=x\r\n\r\n1\r\n"
    #expect(throws: APIError.self) { try parse(String(repeating: part, count: 1_000) + "--b--") }
  }
}
