#if os(Linux)
  import Foundation
  import Testing

  /// The server as a service runs it.
  @Suite struct ServiceTests {
    /// What a server answers to `GET path`.
    private func get(_ path: String, port: UInt16) throws -> String {
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(descriptor) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      let connected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard connected == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
      let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n"
      _ = request.withCString { send(descriptor, $0, strlen($0), 0) }
      var answer: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
        answer += buffer[..<count]
      }
      return String(decoding: answer, as: UTF8.self)
    }

    private func waits(_ condition: () throws -> Bool) rethrows -> Bool {
      let deadline = Date.now + 60
      while Date.now < deadline {
        if try condition() { return true }
        usleep(50_000)
      }
      return false
    }

    @Test func aServerWithoutItsModelStartsAndSaysWhatIsMissing() throws {
      let scratch = try Scratch()
      let model = scratch.file("later.gguf")
      let (output, errors) = (try scratch.write("out", Data()), try scratch.write("err", Data()))
      let process = CommandLineRun.process(
        ["serve", "--port", "0"], environment: ["JANUS_LITE_MODEL": model])
      process.standardOutput = FileHandle(forWritingAtPath: output)
      process.standardError = FileHandle(forWritingAtPath: errors)
      try process.run()
      defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
      func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
      }
      #expect(try waits { try text(output).hasSuffix("/\n") })
      let port = try #require(
        UInt16(try text(output).split(separator: ":").last?.dropLast(2) ?? ""))
      let health = try get("/health", port: port)
      #expect(health.hasPrefix("HTTP/1.1 503") && health.contains("\"status\":\"no model\""))
      #expect(health.contains("no file or model named 'later.gguf'"), "\(health)")
      // Its place is nobody's business.
      #expect(!health.contains(scratch.path))
      #expect(try get("/v1/models", port: port).contains("\"code\":\"no_model\""))
      let said = try text(errors)
      #expect(said.components(separatedBy: model).count == 2, "\(said)")
      // When it has come, it is taken.
      try FileManager.default.copyItem(atPath: Fixture.modelPath, toPath: model + ".part")
      try FileManager.default.moveItem(atPath: model + ".part", toPath: model)
      #expect(try waits { try get("/health", port: port).hasPrefix("HTTP/1.1 200") })
      process.terminate()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }

    @Test func oneThatStillWaitsEndsAtOnce() throws {
      let scratch = try Scratch()
      let output = try scratch.write("out", Data())
      let process = CommandLineRun.process(
        ["serve", "--port", "0", "-m", scratch.file("absent.gguf")])
      process.standardOutput = FileHandle(forWritingAtPath: output)
      let errors = try scratch.write("err", Data())
      process.standardError = FileHandle(forWritingAtPath: errors)
      try process.run()
      #expect(try waits { try !String(contentsOfFile: output, encoding: .utf8).isEmpty })
      let begin = Date.now
      process.terminate()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && Date.now.timeIntervalSince(begin) < 15)
      // The first line says what is missing.
      let said = try String(contentsOfFile: errors, encoding: .utf8).split(separator: "\n")
      #expect(said.count == 2 && said[1].contains("level=notice"), "\(said)")
    }

    @Test func aModelThatIsNoneEndsTheServer() throws {
      let scratch = try Scratch()
      let model = try scratch.write("m.gguf", Data("text".utf8))
      let run = try CommandLineRun(["serve", "--port", "0", "-m", model])
      #expect(run.status == 65 && run.output.isEmpty && run.errors.contains(model))
    }
  }
#endif
