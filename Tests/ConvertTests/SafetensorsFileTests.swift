import JanusSystem
import Testing

@testable import JanusConvert

@Suite struct SafetensorsFileTests {
  private let tensors = [
    TestTensor(name: "a", shape: [2, 3], values: [1, 2, 3, 4, 5, 6]),
    TestTensor(name: "b.c", shape: [1], values: [-0.5]),
  ]

  private func problem(_ bytes: [UInt8]) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write("m.safetensors", bytes)
    let error = try #require(throws: ConversionError.self) { try SafetensorsFile(path: path) }
    #expect(error.kind == .data)
    return error.description
  }

  @Test func readsWhatWasWritten() throws {
    let folder = try TemporaryFolder()
    let file = try SafetensorsFile(path: folder.write("m.safetensors", safetensors(tensors)))
    #expect(file.tensors.map(\.name) == ["a", "b.c"])
    #expect(file.tensors.map(\.shape) == [[2, 3], [1]])
    #expect(try values(file.tensors[0]) == [1, 2, 3, 4, 5, 6])
    #expect(try values(file.tensors[0].slice(1..<2)) == [4, 5, 6])
    #expect(try values(file.tensors[1]) == [-0.5])
  }

  @Test func readsTheThreeFormats() throws {
    let header =
      #"{"f":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
      + #""h":{"dtype":"F16","shape":[1],"data_offsets":[4,6]},"#
      + #""b":{"dtype":"BF16","shape":[1],"data_offsets":[6,8]}}  "#
    let data = littleEndian(Float(0.1).bitPattern) + [0x00, 0x3c] + [0x80, 0xbf]
    let folder = try TemporaryFolder()
    let file = try SafetensorsFile(
      path: folder.write("m.safetensors", safetensors(header: header, data: data)))
    #expect(try file.tensors.map { try values($0)[0] } == [0.1, 1, -1])
  }

  @Test func aFormatThatIsNotReadIsRefusedWhenItIsNeeded() throws {
    let header = #"{"ids":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#
    let folder = try TemporaryFolder()
    let file = try SafetensorsFile(
      path: folder.write(
        "m.safetensors", safetensors(header: header, data: [UInt8](repeating: 0, count: 8))))
    let error = try #require(throws: ConversionError.self) { try values(file.tensors[0]) }
    #expect(error.description.contains("tensor 'ids': the format I64 is not supported"))
  }

  @Test func truncationAtAnyByteIsAnError() throws {
    let whole = safetensors(tensors)
    for count in 0..<whole.count { _ = try problem(Array(whole.prefix(count))) }
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, "expected to begin at byte 0"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, "expected to begin at byte 8"
    ),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "data behind the last tensor"),
    (
      #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#,
      "truncated: data_offsets end at 16"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,12]}}"#, "needs 8 bytes, data_offsets are"
    ),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, "needs 8 bytes, data_offsets are"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, "needs 8 bytes"),
    (#"{"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,12]}}"#, "unknown dtype 'Q4'"),
    (#"{"a":{"dtype":"F32","shape":[-3],"data_offsets":[0,12]}}"#, "expected a shape"),
    (
      #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,12]}}"#,
      "is too large"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}"#,
      "is too large"
    ),
    (#"{"a":{"dtype":"F32","shape":[1e300],"data_offsets":[0,12]}}"#, "expected a shape"),
    (#"{"a":{"dtype":"F32","shape":[3]}}"#, "expected dtype, shape and two data_offsets"),
    (#"{"a":7}"#, "expected dtype, shape and two data_offsets"),
    (
      #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"#
        + #""a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#, "the key 'a' occurs twice"
    ),
    (#"["a"]"#, "expected a header that begins with '{'"),
    (#"{"a":"#, "the text ends"),
  ])
  func refusesBrokenHeaders(header: String, expected: String) throws {
    let text = try problem(safetensors(header: header, data: [UInt8](repeating: 0, count: 12)))
    #expect(text.contains(expected), "\(text)")
  }

  @Test func refusesAnEndlessHeader() throws {
    #expect(try problem([UInt8](repeating: 0xff, count: 64)).contains("header length"))
    let deep = String(repeating: "[", count: 100_000)
    let header = #"{"a":\#(deep)"#
    #expect(try problem(safetensors(header: header, data: [])).contains("nested more than 64 deep"))
  }

  @Test func whatIsNoFileIsRefused() throws {
    let folder = try TemporaryFolder()
    let absent = #expect(throws: ConversionError.self) {
      try SafetensorsFile(path: folder.path + "/absent")
    }
    #expect(absent?.kind == .missing)
    let directory = #expect(throws: ConversionError.self) {
      try SafetensorsFile(path: folder.path)
    }
    #expect(directory?.kind == .data)
  }
}
