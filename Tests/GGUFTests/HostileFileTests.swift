import Foundation
import JanusSystem
import Testing

@testable import GGUF

/// A container written by hand, so that each part can be made wrong.
private struct HandMade {
  var magic: StaticString = "GGUF"
  var version: UInt32 = 3
  var tensorCount: UInt64?
  var metadataCount: UInt64?
  var architecture: MetadataValue = .string("janus")
  var formatVersion: MetadataValue = .uint32(1)
  var alignment: MetadataValue = .uint32(64)
  var names = ["a", "b"]
  var formats = ["f32", "f32"]
  var shapes = ["3", "2,2"]
  var checksums = Array(repeating: String(repeating: "0", count: 64), count: 2)
  /// Written unchanged after the other pairs; they count as one pair.
  var extraPair: [UInt8] = []
  var infos: [(name: String, dimensions: [UInt64], type: UInt32, offset: UInt64)] = [
    ("a", [3], 0, 0), ("b", [2, 2], 0, 64),
  ]
  var dataBytes = 128

  var bytes: [UInt8] {
    var header = HeaderEncoder()
    header.appendRaw(magic)
    header.append(version)
    header.append(tensorCount ?? UInt64(infos.count))
    header.append(metadataCount ?? (extraPair.isEmpty ? 7 : 8))
    header.append(key: "general.architecture", architecture)
    header.append(key: "janus.format_version", formatVersion)
    header.append(key: "general.alignment", alignment)
    header.append(key: "janus.tensors.name", .strings(names))
    header.append(key: "janus.tensors.format", .strings(formats))
    header.append(key: "janus.tensors.shape", .strings(shapes))
    header.append(key: "janus.tensors.sha256", .strings(checksums))
    for byte in extraPair { header.append(byte) }
    for info in infos {
      header.append(info.name)
      header.append(UInt32(info.dimensions.count))
      for dimension in info.dimensions { header.append(dimension) }
      header.append(info.type)
      header.append(info.offset)
    }
    let padded = (header.bytes.count + 63) / 64 * 64
    return header.bytes
      + [UInt8](repeating: 0, count: padded - header.bytes.count + dataBytes)
  }

  /// A pair whose value is an array with the given element type and count, and no elements.
  static func array(elementType: UInt32, count: UInt64) -> [UInt8] {
    var pair = HeaderEncoder()
    pair.append("test.array")
    pair.append(UInt32(9))
    pair.append(elementType)
    pair.append(count)
    return pair.bytes
  }
}

@Suite struct HostileFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The message of opening `bytes`, without the path; `nil` where it opens.
  private func refusal(_ bytes: [UInt8]) throws -> String? {
    let path = folder.file("hostile.gguf")
    try Data(bytes).write(to: URL(filePath: path))
    do throws(ContainerError) {
      _ = try Container(path: path)
      return nil
    } catch {
      #expect("\(error)".hasPrefix("'\(path)': "))
      return "\(error.problem)"
    }
  }

  private func refusal(_ change: (inout HandMade) -> Void) throws -> String? {
    var file = HandMade()
    change(&file)
    return try refusal(file.bytes)
  }

  @Test func theUnchangedFileOpens() throws {
    #expect(try refusal { _ in } == nil)
  }

  @Test func missingAndSpecialFilesAreFileErrors() throws {
    let absent = #expect(throws: ContainerError.self) { try Container(path: folder.file("no")) }
    guard case .file(let error) = absent?.problem else {
      Issue.record("expected a file error")
      return
    }
    #expect(error.isMissing)
    #expect(throws: ContainerError.self) { try Container(path: folder.path) }
    #expect(throws: ContainerError.self) { try Container(path: "/dev/null") }
  }

  @Test func otherFilesAreNotGGUF() throws {
    #expect(try refusal(Array("PK\u{3}\u{4}0123456789".utf8))?.contains("not a GGUF file") == true)
    #expect(try refusal(Array("{}".utf8))?.contains("not a GGUF file") == true)
    #expect(try refusal([])?.contains("truncated") == true)
    #expect(try refusal { $0.version = 2 }?.contains("GGUF version 2") == true)
    #expect(try refusal { $0.version = 3 << 24 }?.contains("big-endian") == true)
    #expect(
      try refusal { $0.architecture = .string("llama") }?
        .contains("expected 'janus', found 'llama'") == true)
    #expect(
      try refusal { $0.architecture = .uint32(1) }?.contains("expected a string") == true)
  }

  @Test func aNewerFormatSaysSo() throws {
    #expect(
      try refusal { $0.formatVersion = .uint32(3) }
        == "janus.format_version is 3, newer than the 2 that this version reads")
    #expect(try refusal { $0.formatVersion = .uint32(2) } == nil)
    #expect(try refusal { $0.formatVersion = .uint32(0) }?.contains("found 0") == true)
  }

  /// What a version does not have must not hide in a file that claims to be of it.
  @Test func aFormatOfALaterVersionIsRefused() throws {
    #expect(
      try refusal { $0.formats[0] = "int4-c8-p16" }
        == "format of tensor 'a': expected one of janus.format_version 1, which the file has, "
        + "found 'int4-c8-p16' of 2")
  }

  @Test func absurdCountsAreRefusedBeforeMemoryIsTaken() throws {
    for count in [UInt64(Limits.tensorCount) + 1, 1 << 40, .max] {
      #expect(try refusal { $0.tensorCount = count }?.contains("at most 65536") == true)
    }
    #expect(try refusal { $0.metadataCount = .max }?.contains("at most 4096") == true)
    #expect(try refusal { $0.tensorCount = 3 } != nil)
    #expect(try refusal { $0.metadataCount = 6 } != nil)
    #expect(try refusal { $0.metadataCount = 8 } != nil)
    #expect(
      try refusal { $0.extraPair = HandMade.array(elementType: 8, count: 1 << 22) }?
        .contains("truncated") == true)
    #expect(
      try refusal { $0.extraPair = HandMade.array(elementType: 12, count: 1 << 22) }?
        .contains("truncated") == true)
    #expect(
      try refusal { $0.extraPair = HandMade.array(elementType: 0, count: 1 << 23) }?
        .contains("at most 4194304") == true)
  }

  @Test func nestedArraysAndUnknownTypesAreRefused() throws {
    #expect(
      try refusal { $0.extraPair = HandMade.array(elementType: 9, count: 1) }?
        .contains("nested arrays") == true)
    #expect(
      try refusal { $0.extraPair = HandMade.array(elementType: 13, count: 1) }?
        .contains("expected 0 to 12, found 13") == true)
  }

  @Test func keysMustBePrintableAndUnique() throws {
    func pair(_ key: String) -> [UInt8] {
      var pair = HeaderEncoder()
      pair.append(key: key, .bool(true))
      return pair.bytes
    }
    #expect(try refusal { $0.extraPair = pair("test.yes") } == nil)
    #expect(try refusal { $0.extraPair = pair("general.alignment") }?.contains("twice") == true)
    #expect(try refusal { $0.extraPair = pair("") }?.contains("printable ASCII") == true)
    #expect(try refusal { $0.extraPair = pair("a\nb") }?.contains("printable ASCII") == true)
    #expect(try refusal { $0.extraPair = pair("schlüssel") }?.contains("printable") == true)
    let long = String(repeating: "k", count: Limits.keyBytes + 1)
    #expect(try refusal { $0.extraPair = pair(long) }?.contains("at most 256") == true)
  }

  @Test func boolsAreZeroOrOne() throws {
    var pair = HeaderEncoder()
    pair.append(key: "test.yes", .bool(true))
    #expect(
      try refusal { $0.extraPair = pair.bytes.dropLast() + [2] }?.contains("found 2") == true)
  }

  @Test func alignmentIsAPowerOfTwoWithinBounds() throws {
    for wrong: UInt32 in [0, 32, 65, 96, 131_072] {
      #expect(try refusal { $0.alignment = .uint32(wrong) }?.contains("found \(wrong)") == true)
    }
  }

  @Test func offsetsMustFillTheFileInOrder() throws {
    #expect(try refusal { $0.infos[1].offset = 0 }?.contains("expected 64") == true)
    #expect(try refusal { $0.infos[1].offset = 63 }?.contains("found 63") == true)
    #expect(try refusal { $0.infos[1].offset = 128 }?.contains("expected 64") == true)
    #expect(try refusal { $0.infos[1].offset = .max }?.contains("expected 64") == true)
    #expect(try refusal { $0.infos[0].offset = 64 }?.contains("expected 0") == true)
    #expect(try refusal { $0.dataBytes = 64 }?.contains("truncated") == true)
    #expect(try refusal { $0.dataBytes = 129 }?.contains("file size") == true)
  }

  @Test func absurdDimensionsAreRefused() throws {
    #expect(try refusal { $0.infos[0].dimensions = [] }?.contains("found 0") == true)
    #expect(
      try refusal { $0.infos[0].dimensions = [1, 1, 1, 1, 3] }?.contains("found 5") == true)
    for shape in [
      "0", "-3", "+3", "03", " 3", "3,", "", "9223372036854775808", "2147483648",
      "2147483647,2147483647,2147483647", "1,1,1,1,3",
    ] {
      #expect(try refusal { $0.shapes[0] = shape }?.contains("shape of tensor 'a'") == true)
    }
    #expect(
      try refusal {
        $0.shapes[0] = "2147483647,1000000000"
        $0.infos[0].dimensions = [1_000_000_000, 2_147_483_647]
      }?.contains("truncated") == true)
  }

  @Test func bothDescriptionsOfATensorMustAgree() throws {
    #expect(try refusal { $0.infos[0].dimensions = [4] }?.contains("dimensions [4]") == true)
    #expect(try refusal { $0.infos[0].type = 30 }?.contains("type 30") == true)
    #expect(try refusal { $0.infos[0].type = 2 }?.contains("found 2") == true)
    #expect(try refusal { $0.formats[0] = "int4-p16" }?.contains("int4-p16 [3]") == true)
    #expect(try refusal { $0.formats[0] = "q4_k" }?.contains("found 'q4_k'") == true)
    #expect(try refusal { $0.names[1] = "c" }?.contains("expected 'b', found 'c'") == true)
    #expect(try refusal { $0.names.append("c") }?.contains("expected 2 elements") == true)
    #expect(try refusal { $0.shapes = [] }?.contains("expected 2 elements") == true)
    #expect(
      try refusal {
        $0.names[1] = "a"
        $0.infos[1].name = "a"
      }?.contains("occurs twice") == true)
  }

  @Test func checksumsAreLowerCaseHexadecimal() throws {
    for wrong in ["", String(repeating: "A", count: 64), String(repeating: "0", count: 63)] {
      #expect(try refusal { $0.checksums[1] = wrong }?.contains("checksum of") == true)
    }
  }

  @Test func messagesStayOnOneLine() throws {
    let message = try refusal {
      $0.formats[0] = "a\nb\u{1b}[31m" + String(repeating: "x", count: 999)
    }
    #expect(message?.contains("\n") == false && message?.contains("\u{1b}") == false)
    #expect((message ?? "").count < 300)
  }
}
