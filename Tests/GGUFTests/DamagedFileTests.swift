import Foundation
import GGUF
import JanusSystem
import Testing

/// A file that opens can be read completely: every value and every byte.
private func readEverything(_ container: Container) {
  let metadata = container.metadata
  for key in metadata.keys {
    _ = try? metadata.integer(key)
    _ = try? metadata.double(key)
    _ = try? metadata.bool(key)
    _ = try? metadata.string(key)
    _ = try? metadata.strings(key).strings()
    _ = try? metadata.integers(key)
    _ = try? metadata.floats(key)
  }
  var sum = 0
  for tensor in container.tensors {
    for byte in container.bytes(of: tensor) { sum &+= Int(byte) }
  }
  #expect(sum >= 0)
}

@Suite struct DamagedFileTests {
  let folder: TemporaryFolder
  let path: String
  let original: [UInt8]

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("sample.gguf")
    try Sample.write(path)
    original = Array(try Data(contentsOf: URL(filePath: path)))
  }

  @Test func truncationAtEveryByteIsAnError() throws {
    let handle = try FileHandle(forUpdating: URL(filePath: path))
    for count in (0..<original.count).reversed() {
      try handle.truncate(atOffset: UInt64(count))
      let error = #expect(throws: ContainerError.self) { try Container(path: path) }
      guard case .truncated = error?.problem else {
        Issue.record("\(count) bytes: expected 'truncated', found \(String(describing: error))")
        return
      }
    }
  }

  @Test(arguments: 0..<4)
  func damagedHeadersAreRefusedOrHarmless(seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let header = try Container(path: path).tensors[0].range.lowerBound
    let handle = try FileHandle(forUpdating: URL(filePath: path))
    var refused = 0
    for _ in 0..<1000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let position = Int.random(in: 0..<header, using: &random)
        // Single bits, and the values at the borders of comparisons.
        bytes[position] =
          switch Int.random(in: 0..<3, using: &random) {
          case 0: bytes[position] ^ 1 << UInt8.random(in: 0..<8, using: &random)
          case 1: [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0
          default: UInt8.random(in: 0...255, using: &random)
          }
      }
      try handle.seek(toOffset: 0)
      try handle.write(contentsOf: bytes)
      do throws(ContainerError) {
        readEverything(try Container(path: path))
      } catch {
        refused += 1
        #expect(!"\(error)".contains("\n"))
      }
    }
    // A change of names and values may go unnoticed; a change of lengths, types and offsets may
    // not.
    #expect(refused > 300)
  }
}
