import Foundation
import GGUF
import JanusSystem
import Testing

@Suite struct WriterTests {
  let folder: TemporaryFolder
  let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("sample.gguf")
  }

  @Test func nothingHasTheFinalNameBeforeTheEnd() throws {
    let writer = try Sample.writer(path)
    #expect(try folder.names.count == 1)
    #expect(try !folder.names.contains("sample.gguf"))
    writer.cancel()
    #expect(try folder.names.isEmpty)
  }

  @Test func aWriterThatIsLetGoLeavesNothing() throws {
    do {
      let writer = try Sample.writer(path)
      try [UInt8](repeating: 1, count: 9).withUnsafeBytes { try writer.append($0, to: 0) }
    }
    #expect(try folder.names.isEmpty)
  }

  @Test func anOlderFileStaysUntilTheNewOneIsWhole() throws {
    try Data("old".utf8).write(to: URL(filePath: path))
    do { _ = try Sample.writer(path) }
    #expect(FileManager.default.contents(atPath: path) == Data("old".utf8))
    try Sample.write(path)
    #expect(try folder.names == ["sample.gguf"])
    #expect(try Container(path: path).tensors.count == Sample.tensors.count)
  }

  @Test func anUnwritablePlaceIsAFileError() throws {
    for place in [folder.file("absent/sample.gguf"), folder.path, "/dev/null"] {
      let error = #expect(throws: ContainerError.self) { try Sample.writer(place) }
      guard case .file = error?.problem else {
        Issue.record("expected a file error, found \(String(describing: error))")
        continue
      }
    }
    #expect(try folder.names.isEmpty)
  }

  @Test func whatAReaderRefusesIsNotWritten() throws {
    func write(
      metadata: [(key: String, value: MetadataValue)] = [], names: [String] = []
    ) throws {
      let layout = try TensorLayout(format: .f32, shape: [1])
      _ = try ContainerWriter(
        path: path, metadata: metadata, tensors: names.map { .init(name: $0, layout: layout) })
    }
    #expect(throws: ContainerError.self) { try write(names: ["a", "a"]) }
    #expect(throws: ContainerError.self) { try write(names: [""]) }
    #expect(throws: ContainerError.self) { try write(names: ["with blank"]) }
    #expect(throws: ContainerError.self) { try write(names: [String(repeating: "n", count: 65)]) }
    #expect(throws: ContainerError.self) {
      try write(metadata: [("k", .bool(true)), ("k", .bool(false))])
    }
    #expect(throws: ContainerError.self) {
      try write(metadata: [("general.architecture", .string("llama"))])
    }
    try write(names: [String(repeating: "n", count: 64)])
  }

  @Test func impossibleShapesAreErrors() {
    typealias Problem = ContainerError.Problem
    let large = Limits.dimension
    #expect(throws: Problem.self) { try TensorLayout(format: .f32, shape: []) }
    #expect(throws: Problem.self) { try TensorLayout(format: .f32, shape: [1, 1, 1, 1, 1]) }
    #expect(throws: Problem.self) { try TensorLayout(format: .f32, shape: [4, 0]) }
    #expect(throws: Problem.self) { try TensorLayout(format: .int4Panels, shape: [-1, 4]) }
    #expect(throws: Problem.self) { try TensorLayout(format: .f32, shape: [large + 1]) }
    #expect(throws: Problem.self) { try TensorLayout(format: .q8Rows, shape: [4, 33]) }
    #expect(throws: Problem.self) { try TensorLayout(format: .f32, shape: [large, large, 4]) }
    #expect(throws: Problem.self) { try TensorLayout(format: .bf16, shape: [1, large, large, 4]) }
  }
}
