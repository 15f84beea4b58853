import Foundation
import Testing

@testable import JanusDownload

/// A hub on this machine (`hub.py`), with a folder for its repositories and one for a cache; both go
/// with the object.
final class TestHub {
  let folder: URL
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private let addresses: [String: String]
  private let authority: URL?

  static let repository = RepositoryName("deepseek-ai/Janus-Pro-1B")!

  /// - Parameter isEncrypted: whether it speaks HTTPS, with a certificate of an authority of its own.
  init(isEncrypted: Bool = false) throws {
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

  var hub: String { addresses["hub"]! }
  var store: String { addresses["store"]! }
  var proxy: String { addresses["proxy"]! }
  var cache: String { "\(folder.path)/cache" }

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
    #expect(process.terminationStatus == 0)
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
  func add(_ name: String, _ bytes: [UInt8]) throws {
    let place = folder.appendingPathComponent("root/\(Self.repository)/\(name)")
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: place)
  }

  /// Two small files and one of the store's, of `count` bytes.
  func addCheckpoint(_ count: Int = 1_000_003) throws {
    try add("config.json", Array(#"{"model_type": "janus"}"#.utf8))
    try add("sub folder/ünï#?.json", Array("{}".utf8))
    try add("model.safetensors", Self.bytes(count))
  }

  /// Bytes without a period.
  static func bytes(_ count: Int) -> [UInt8] {
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
  func rules(_ rules: [String: Any]...) throws { _ = try ask(["rules": rules]) }

  struct Request: Decodable {
    let path: String
    let host: String
    let range: String?
    let token: String?
    let ifRange: String?
    let sent: Int?
  }

  /// The requests since the last time.
  func log() throws -> [Request] {
    try JSONDecoder().decode([Request].self, from: ask(["log": true]))
  }

  /// Settings for it, quick to retry.
  func settings(
    _ kind: HubSettings.Kind = .huggingface, _ environment: [String: String] = [:]
  ) throws -> HubSettings {
    var variables = [
      "HOME": folder.path, "HF_ENDPOINT": hub, "HF_HUB_CACHE": cache, "MODELSCOPE_DOMAIN": hub,
      "XDG_CACHE_HOME": "\(folder.path)/caches",
    ]
    if let authority { variables["SSL_CERT_FILE"] = authority.path }
    variables.merge(environment) { _, new in new }
    var settings = try HubSettings(kind, environment: variables)
    settings.pause = 0.02
    settings.attempts = 4
    settings.rangeBytes = 200_000
    return settings
  }

  func plan(_ settings: HubSettings, revision: String? = nil) throws -> Downloader.Plan {
    try Downloader(settings: settings).plan(Self.repository, revision: revision) { paths in paths }
  }

  /// Downloads everything; returns the folder.
  @discardableResult
  func pull(
    _ settings: HubSettings, progress: @escaping (Downloader.Progress) -> Bool = { _ in true }
  ) throws -> String {
    try Downloader(settings: settings).fetch(plan(settings), progress: progress)
  }

  /// Whether a folder has the repository's files.
  func isWhole(_ folder: String) throws -> Bool {
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
  var cached: [String] {
    (FileManager.default.enumerator(atPath: cache)?.compactMap { $0 as? String } ?? []).sorted()
  }
}
