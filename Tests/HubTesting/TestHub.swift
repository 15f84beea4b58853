import Foundation

/// A hub on this machine (`hub.py`), with a folder for its repositories and one for a cache; both go
/// with the object.
package final class TestHub {
  package let folder: URL
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private let addresses: [String: String]
  package let authority: URL?

  /// The name of its one repository.
  package static let repository = "deepseek-ai/Janus-Pro-1B"

  /// - Parameter isEncrypted: whether it speaks HTTPS, with a certificate of an authority of its own.
  package init(isEncrypted: Bool = false) throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("download-\(UUID().uuidString)")
    let root = folder.appendingPathComponent("root")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("hub.py")
    var arguments = ["python3", script.path, root.path]
    if isEncrypted {
      authority = try Self.makeCertificates(in: folder)
      arguments += ["--tls", "\(folder.path)/server.pem", "\(folder.path)/server.key"]
    } else {
      authority = nil
    }
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    let line = Self.readLine(output.fileHandleForReading)
    addresses = try JSONDecoder().decode([String: String].self, from: line)
  }

  deinit {
    // It ends with its input. Signals may be blocked where a test runs, and so in what it starts.
    try? input.fileHandleForWriting.close()
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  package var hub: String { addresses["hub"]! }
  package var store: String { addresses["store"]! }
  package var proxy: String { addresses["proxy"]! }
  package var cache: String { "\(folder.path)/cache" }

  /// An authority and a certificate of it for both hosts, made by openssl.
  private static func makeCertificates(in folder: URL) throws -> URL {
    let script = """
      set -e
      openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Test authority" \
        -keyout ca.key -out ca.pem 2> log
      openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout server.key -out server.csr 2>> log
      printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > names
      openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
        -extfile names -out server.pem 2>> log
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", script]
    process.currentDirectoryURL = folder
    try process.run()
    process.waitUntilExit()
    precondition(process.terminationStatus == 0, "openssl made no certificates")
    return folder.appendingPathComponent("ca.pem")
  }

  private static func readLine(_ handle: FileHandle) -> Data {
    var line = Data()
    while let byte = try? handle.read(upToCount: 1), let first = byte.first {
      if first == UInt8(ascii: "\n") { break }
      line.append(first)
    }
    return line
  }

  /// Puts a file into the repository.
  package func add(_ name: String, _ bytes: [UInt8]) throws {
    let place = folder.appendingPathComponent("root/\(Self.repository)/\(name)")
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: place)
  }

  /// Takes a file out of the repository.
  package func remove(_ name: String) throws {
    try FileManager.default.removeItem(
      at: folder.appendingPathComponent("root/\(Self.repository)/\(name)"))
  }

  /// Two small files and one of the store's, of `count` bytes.
  package func addCheckpoint(_ count: Int = 1_000_003) throws {
    try add("config.json", Array(#"{"model_type": "janus"}"#.utf8))
    try add("sub folder/ünï#?.json", Array("{}".utf8))
    try add("model.safetensors", Self.bytes(count))
  }

  /// Bytes without a period.
  package static func bytes(_ count: Int) -> [UInt8] {
    var state: UInt64 = 88_172_645_463_325_252
    return (0..<count).map { _ in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return UInt8(truncatingIfNeeded: state >> 32)
    }
  }

  private func ask(_ command: [String: Any]) throws -> Data {
    let line = try JSONSerialization.data(withJSONObject: command) + Data("\n".utf8)
    try input.fileHandleForWriting.write(contentsOf: line)
    return Self.readLine(output.fileHandleForReading)
  }

  /// What it does from now on.
  package func rules(_ rules: [String: Any]...) throws { _ = try ask(["rules": rules]) }

  package struct Request: Decodable {
    package let path: String
    package let host: String
    package let range: String?
    package let token: String?
    package let ifRange: String?
    package let sent: Int?
  }

  /// The requests since the last time.
  package func log() throws -> [Request] {
    try JSONDecoder().decode([Request].self, from: ask(["log": true]))
  }

  /// Whether a folder has the repository's files.
  package func isWhole(_ folder: String) throws -> Bool {
    let root = self.folder.appendingPathComponent("root/\(Self.repository)").path
    let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
    return names.allSatisfy { name in
      var isFolder: ObjCBool = false
      FileManager.default.fileExists(atPath: "\(root)/\(name)", isDirectory: &isFolder)
      return isFolder.boolValue
        || FileManager.default.contents(atPath: "\(root)/\(name)")
          == FileManager.default.contents(atPath: "\(folder)/\(name)")
    }
  }

  /// Every name below the cache.
  package var cached: [String] {
    (FileManager.default.enumerator(atPath: cache)?.compactMap { $0 as? String } ?? []).sorted()
  }
}
