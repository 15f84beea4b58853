import Foundation
import JanusServe
import Logging

/// A server with a scripted engine, and a client that sends bytes as they are given.
struct TestServer {
  let engine: ScriptedEngine
  let server: Server
  let port: Int
  private let task: Task<Void, any Error>

  static func run<Value: Sendable>(
    pace: Duration = .zero, options: ServerOptions = .test(),
    _ body: @escaping @Sendable (TestServer) async throws -> Value
  ) async throws -> Value {
    signal(SIGPIPE, SIG_IGN)
    let engine = ScriptedEngine(pace: pace)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let server = try Server(options, logger: logger)
    let ports = AsyncStream.makeStream(of: Int.self)
    let task = Task {
      try await server.run(load: { engine }, onRunning: { ports.continuation.yield($0 ?? 0) })
    }
    var iterator = ports.stream.makeAsyncIterator()
    let port = await iterator.next()!
    let this = TestServer(engine: engine, server: server, port: port, task: task)
    while try await this.get("/health").status != 200 {
      try await Task.sleep(for: .milliseconds(5))
    }
    let result = await Task { try await body(this) }.result
    task.cancel()
    _ = await task.result
    return try result.get()
  }

  /// An answer as it came.
  struct Reply: Sendable {
    let status: Int
    let head: String
    let body: String

    var json: JSONValue? { try? JSONParser.parse(Array(body.utf8)) }

    subscript(path: String...) -> JSONValue? {
      path.reduce(json) { value, name in
        switch value {
        case .object(let object)?: object[name]
        case .array(let array)?: Int(name).flatMap { array.indices.contains($0) ? array[$0] : nil }
        default: nil
        }
      }
    }

    init(_ bytes: [UInt8]) {
      let text = String(decoding: bytes, as: UTF8.self)
      let parts = text.components(separatedBy: "\r\n\r\n")
      head = parts[0]
      status = Int(text.dropFirst(9).prefix(3)) ?? 0
      var body = parts.dropFirst().joined(separator: "\r\n\r\n")
      if head.lowercased().contains("transfer-encoding: chunked") {
        body = Self.joined(Array(body.utf8))
      }
      self.body = body
    }

    private static func joined(_ bytes: [UInt8]) -> String {
      var out: [UInt8] = []
      var rest = bytes[...]
      while let end = rest.firstIndex(of: 0x0D) {
        let count = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16) ?? 0
        guard count > 0 else { break }
        rest = rest[(end + 2)...]
        out += rest.prefix(count)
        rest = rest.dropFirst(count + 2)
      }
      return String(decoding: out, as: UTF8.self)
    }
  }

  func get(_ path: String, _ headers: String = "") async throws -> Reply {
    try await raw("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)Connection: close\r\n\r\n")
  }

  func post(
    _ path: String, _ body: JSONValue, _ headers: String = ""
  ) async throws -> Reply {
    try await post(path, bytes: body.encoded, headers)
  }

  func post(_ path: String, bytes: [UInt8], _ headers: String = "") async throws -> Reply {
    let head =
      "POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)Content-Length: \(bytes.count)\r\n"
      + "Connection: close\r\n\r\n"
    return try await raw(Array(head.utf8) + bytes)
  }

  func raw(_ text: String) async throws -> Reply { try await raw(Array(text.utf8)) }

  /// Sends bytes and reads until the server closes the connection.
  func raw(_ bytes: [UInt8]) async throws -> Reply {
    let connection = try Connection(port: port)
    return try await onThread {
      connection.send(bytes)
      return Reply(connection.readAll())
    }
  }

  func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
  }

  /// Waits until something is so, for two seconds at most.
  func eventually(_ condition: @Sendable () -> Bool) async throws -> Bool {
    for _ in 0..<400 {
      if condition() { return true }
      try await Task.sleep(for: .milliseconds(5))
    }
    return condition()
  }
}

extension ServerOptions {
  /// Any free port, and limits that tests reach quickly.
  static func test(_ change: (inout ServerOptions) -> Void = { _ in }) -> ServerOptions {
    var options = ServerOptions()
    options.port = 0
    options.limits.body = 4 << 20
    options.limits.sending = .milliseconds(500)
    options.showsMetrics = true
    change(&options)
    return options
  }
}

/// A TCP connection, by the system's calls.
final class Connection: Sendable {
  private let socket: Int32

  struct Failure: Error {}

  init(port: Int) throws {
    #if canImport(Glibc)
      let stream = Int32(SOCK_STREAM.rawValue)
    #else
      let stream = SOCK_STREAM
    #endif
    socket = Foundation.socket(AF_INET, stream, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw Failure() }
  }

  deinit { Foundation.close(socket) }

  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(socket, $0.baseAddress, $0.count) }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }

  func readSome() -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = buffer.withUnsafeMutableBytes { read(socket, $0.baseAddress, $0.count) }
    return Array(buffer.prefix(max(0, count)))
  }

  func readAll() -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let more = readSome()
      if more.isEmpty { return bytes }
      bytes += more
    }
  }
}
