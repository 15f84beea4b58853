import Foundation
import GGUF
import JanusSystem
import Quant
import Testing

@Suite struct RoundTripTests {
  let folder: TemporaryFolder
  let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("sample.gguf")
  }

  @Test(arguments: [MappedFile.Access.mapped, .copied])
  func tensorsComeBackByteForByteAndAligned(access: MappedFile.Access) throws {
    try Sample.write(path)
    let container = try Container(path: path, access: access)
    #expect(container.tensors.map(\.name) == Sample.tensors.map(\.name))
    for (index, expected) in Sample.tensors.enumerated() {
      let tensor = try container.tensor(expected.name)
      #expect(tensor.format == expected.format)
      #expect(tensor.shape == expected.shape)
      let bytes = container.bytes(of: tensor)
      #expect(Array(bytes) == Sample.bytes(of: index, count: tensor.layout.byteCount))
      #expect(Int(bitPattern: bytes.baseAddress) % 64 == 0)
      try container.verify(tensor)
    }
  }

  @Test func metadataComesBackWithItsTypes() throws {
    try Sample.write(path)
    let metadata = try Container(path: path).metadata
    #expect(try metadata.string("general.architecture") == "janus")
    #expect(try metadata.string("general.name") == "sämple")
    #expect(try metadata.integer("janus.block_count") == 2)
    #expect(try metadata.integer("test.negative", in: -10...10) == -7)
    #expect(try metadata.float("test.epsilon") == 1e-6)
    #expect(try metadata.double("test.factor") == 1.0 / 255)
    #expect(try metadata.bool("test.yes"))
    #expect(try metadata.integers("janus.quant.levels") == [-127, 0, 127])
    #expect(try metadata.integers("test.counts") == [1, 2, 4_294_967_295])
    #expect(try metadata.integers("test.types") == [-1, 1])
    #expect(try metadata.floats("test.mean") == [0.5, 0.25])
    let tokens = try metadata.strings("tokenizer.ggml.tokens")
    #expect(try tokens.strings() == ["a", "", "é", "<｜end▁of▁sentence｜>"])
    #expect(Array(tokens.bytes(2)) == Array("é".utf8))
    #expect(metadata.keys.contains("test.mean") && !metadata.contains("test.median"))
    #expect(metadata.typeDescription("test.mean") == "array of 2 float32")
  }

  @Test func accessorsNameKeyExpectedAndFound() throws {
    try Sample.write(path)
    let container = try Container(path: path)
    let metadata = container.metadata
    func message(_ body: () throws -> Void) -> String {
      do {
        try body()
        return "no error"
      } catch { return "\(error)" }
    }
    #expect(
      message { _ = try metadata.integer("general.name") }
        == "'\(path)': metadata key 'general.name': expected an integer, found string")
    #expect(
      message { _ = try metadata.integer("janus.block_count", in: 3...9) }
        == "'\(path)': metadata key 'janus.block_count': expected 3 to 9, found 2")
    #expect(
      message { _ = try metadata.integer("test.negative") }
        == "'\(path)': metadata key 'test.negative': expected 0 to 4294967295, found -7")
    #expect(
      message { _ = try metadata.strings("test.mean") }
        == "'\(path)': metadata key 'test.mean': expected an array of strings, "
        + "found array of 2 float32")
    #expect(
      message { _ = try metadata.bool("absent") } == "'\(path)': metadata key 'absent' is missing")
    #expect(
      message { _ = try container.tensor("absent") } == "'\(path)': tensor 'absent' is missing")
  }

  @Test func piecesFromSeveralThreadsGiveTheSameFile() async throws {
    try Sample.write(path)
    let other = folder.file("other.gguf")
    let writer = try Sample.writer(other)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, tensor) in Sample.tensors.enumerated() {
        group.addTask {
          let layout = try TensorLayout(format: tensor.format, shape: tensor.shape)
          let bytes = Sample.bytes(of: index, count: layout.byteCount)
          try bytes.withUnsafeBytes { bytes in
            for begin in stride(from: 0, to: bytes.count, by: 7) {
              let piece = bytes[begin..<min(begin + 7, bytes.count)]
              try writer.append(UnsafeRawBufferPointer(rebasing: piece), to: index)
            }
          }
        }
      }
      try await group.waitForAll()
    }
    try writer.finish()
    #expect(
      FileManager.default.contents(atPath: path) == FileManager.default.contents(atPath: other))
  }

  @Test func damagedBytesFailTheChecksum() throws {
    try Sample.write(path)
    let begin = try Container(path: path).tensors[1].range.lowerBound
    let handle = try FileHandle(forUpdating: URL(filePath: path))
    try handle.seek(toOffset: UInt64(begin))
    try handle.write(contentsOf: [0xff])
    try handle.close()
    let container = try Container(path: path)
    try container.verify(container.tensors[0])
    #expect(throws: ContainerError.self) {
      try container.verify(container.tensors[1])
    }
  }

  @Test func adviceTakesAnyRangeAndChangesNoByte() throws {
    try Sample.write(path)
    for access in [MappedFile.Access.mapped, .copied] {
      let file = try MappedFile(path: path, access: access)
      let before = Array(file.bytes)
      file.advise(.random, 1..<file.count)
      file.advise(.dontNeed, 5..<file.count)
      file.advise(.dontNeed, file.count..<file.count)
      #expect(Array(file.bytes) == before)
    }
  }
}
