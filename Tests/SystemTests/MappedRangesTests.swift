import Foundation
import Testing

@testable import JanusSystem

@Suite struct MappedRangesTests {
  private func file(_ name: String, _ byteCount: Int) throws -> String {
    let path = FileManager.default.temporaryDirectory.path + "/\(name)-\(UUID().uuidString)"
    try Data(count: byteCount).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func name(at address: UnsafeRawPointer?) -> String? {
    MappedRanges.file(at: address).map { String(cString: $0) }
  }

  @Test func anAddressLeadsToItsFileAsLongAsItIsMapped() throws {
    let path = try file("mapped", 10_000)
    defer { unlink(path) }
    var mapped: MappedFile? = try MappedFile(path: path)
    let base = mapped!.bytes.baseAddress!
    for offset in [0, 1, 5_000, 9_999] { #expect(name(at: base + offset) == path) }
    #expect(name(at: base - 1) != path)
    #expect(name(at: nil) == nil)
    mapped = nil
    #expect(name(at: base) != path)
  }

  @Test func aFileThatWasReadIsNotAmongThem() throws {
    let path = try file("copied", 10_000)
    defer { unlink(path) }
    let copied = try MappedFile(path: path, access: .copied)
    #expect(name(at: copied.bytes.baseAddress) == nil)
  }

  @Test func anyNumberOfFilesHasRoom() throws {
    let paths = try (0..<200).map { try file("many\($0)", 1) }
    defer { for path in paths { unlink(path) } }
    let files = try paths.map { try MappedFile(path: $0) }
    for (path, file) in zip(paths, files) { #expect(name(at: file.bytes.baseAddress) == path) }
  }

  @Test func aNameIsFitToBeShown() throws {
    let path = try file("\u{1B}[31m\u{202E}", 1)
    defer { unlink(path) }
    let mapped = try MappedFile(path: path)
    let shown = try #require(name(at: mapped.bytes.baseAddress))
    #expect(!shown.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
  }
}
