import Foundation
import JanusConvert
import JanusImages
import Testing

@testable import JanusEngine
@testable import JanusLite
@testable import JanusModelFile
@testable import JanusSystem
@testable import JanusWords

/// A checkpoint with what transformers answers for it, converted on demand, once for each format.
///
/// The small ones are committed. `JANUS_LITE_REFERENCE` adds folders of larger ones, separated by
/// colons, as `./test --reference` makes them.
struct Fixture: Sendable, CustomTestStringConvertible {
  let folder: URL

  var name: String { folder.lastPathComponent }
  var testDescription: String { name }

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures")

  static let small = ["tiny", "gqa224"].map { Fixture(folder: root.appendingPathComponent($0)) }

  static let all: [Fixture] =
    small
    + (ProcessInfo.processInfo.environment["JANUS_LITE_REFERENCE"] ?? "")
    .split(separator: ":").map { Fixture(folder: URL(fileURLWithPath: String($0))) }

  func expected() throws -> Expected {
    try Expected(contentsOf: folder.appendingPathComponent("expected.json"))
  }

  static func picture(_ name: String) throws -> Picture {
    let file = root.appendingPathComponent("pictures/\(name).png")
    return try Picture(decoding: [UInt8](Data(contentsOf: file)))
  }

  func model(_ quantization: Quantization, _ options: Janus.Options = .init()) throws -> Janus {
    try Janus(path: converted(quantization).path, options: options)
  }

  /// The checkpoint as a model file in a temporary folder that goes with the process.
  private func converted(_ quantization: Quantization) throws -> URL {
    let file = Self.scratch.folder.appendingPathComponent("\(name)-\(quantization.rawValue).gguf")
    try Self.conversions.withLock { done in
      if done.contains(file) { return }
      let conversion = try Conversion(source: folder.path, quantization: quantization)
      _ = try conversion.write(to: file.path) { _ in true }
      done.insert(file)
    }
    return file
  }

  private static let conversions = Locked<Set<URL>>([])
  private static let scratch = ScratchFolder()
}

/// A folder that lasts as long as the process.
final class ScratchFolder: Sendable {
  let folder: URL

  init() {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("janus-lite-tests-\(UUID().uuidString)")
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    Self.paths.withLock { $0.append(folder.path) }
    Self.removal
  }

  // Statics are never torn down, so the folders are removed as the process leaves.
  private static let paths = Locked<[String]>([])
  private static let removal: Void = {
    atexit {
      for path in ScratchFolder.paths.withLock({ $0 }) {
        try? FileManager.default.removeItem(atPath: path)
      }
    }
  }()
}
