import Foundation
import JanusSystem
import Testing

@Suite struct PartialFileTests {
  private func folder() throws -> String {
    let path = FileManager.default.temporaryDirectory.path + "/partial-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func whatKilledProcessesLeftIsRemovedAtTheNextWriting() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let others = [
      "m.gguf.partial-", "m.gguf.partial-xyz", "m.gguf.partial-123456789", "m.gguf.partial-AB",
      "n.gguf.partial-ab12", "m.gguf", "m.gguf.partial-ab.txt",
    ]
    for name in others + ["m.gguf.partial-ab12", "m.gguf.partial-0"] {
      try Data("left".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder)/m.gguf.partial-11", withDestinationPath: "m.gguf")
    let file = try PartialFile(destination: "\(folder)/m.gguf", byteCount: 4)
    #expect(
      try names(folder).filter { $0 == "m.gguf.partial-ab12" || $0 == "m.gguf.partial-0" }.isEmpty)
    try file.write([1, 2, 3, 4], at: 0)
    try file.commit()
    #expect(try names(folder) == (others + ["m.gguf.partial-11"]).sorted())
  }

  @Test func aFileThatIsBeingWrittenIsNoLeftover() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let first = try PartialFile(destination: "\(folder)/m.gguf", byteCount: 1)
    let second = try PartialFile(destination: "\(folder)/m.gguf", byteCount: 1)
    #expect(try names(folder).count == 2)
    try first.write([1], at: 0)
    try second.write([2], at: 0)
    try first.commit()
    try second.commit()
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/m.gguf")) == Data([2]))
    #expect(try names(folder) == ["m.gguf"])
  }
}
