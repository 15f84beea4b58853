import JanusSystem
import Testing

@testable import JanusConvert

@Suite struct TorchArchiveTests {
  private func read(_ path: String, _ name: String) throws -> (shape: [Int], values: [Float]) {
    let archive = try TorchArchive(path: path)
    let tensor = try #require(archive.tensors.first { $0.name == name })
    return (tensor.shape, try values(tensor))
  }

  private func problem(_ name: String) throws -> String {
    let error = try #require(throws: ConversionError.self) {
      try TorchArchive(path: fixture("torch/\(name)"))
    }
    #expect(error.kind == .data)
    #expect(error.description.contains(name) && !error.description.contains("\n"))
    return error.description
  }

  private func problem(pickle: [UInt8]) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write("m.bin", torchArchive(pickle: pickle))
    let error = try #require(throws: ConversionError.self) { try TorchArchive(path: path) }
    #expect(error.kind == .data)
    return error.description
  }

  /// A view of 0, 1, … 23 or of a few numbers, as the script of the fixtures makes it.
  struct View: Sendable {
    var name: String
    var shape: [Int]
    var values: [Float]

    init(_ name: String, _ shape: [Int], _ values: [Float]) {
      (self.name, self.shape, self.values) = (name, shape, values)
    }

    /// Values by the index in row-major order.
    init(_ name: String, _ shape: [Int], _ value: (Int) -> Int) {
      self.init(name, shape, (0..<shape.reduce(1, *)).map { Float(value($0)) })
    }
  }

  static let views = [
    View("whole", [4, 6]) { $0 },
    View("transposed", [6, 4]) { $0 % 4 * 6 + $0 / 4 },
    View("permuted", [4, 2, 3]) { $0 % 6 / 3 * 12 + $0 % 3 * 4 + $0 / 6 },
    View("every_second_column", [4, 3]) { $0 / 3 * 6 + $0 % 3 * 2 + 1 },
    View("lower_rows", [2, 6]) { $0 + 12 },
    View("expanded", [4, 3]) { 5 + $0 % 3 },
    View("scalar", [], [7]),
    View("bfloat16", [2, 2], [1.5, -2, 0.0078125, 0x1.c4p127]),
    View("half", [4], [1, -0.33325195, 5.9604645e-8, 65504]),
  ]

  @Test(arguments: views)
  func readsViewsAsTorchMeansThem(view: View) throws {
    let found = try read(fixture("torch/views.bin"), view.name)
    #expect(found.shape == view.shape)
    #expect(found.values == view.values)
  }

  @Test(arguments: ["module.bin", "protocol4.bin"])
  func readsAModulesStateDictionary(file: String) throws {
    let weight = try read(fixture("torch/\(file)"), "weight")
    #expect(weight.shape == [2, 3] && weight.values == [0, 1, 2, 3, 4, 5])
    let bias = try read(fixture("torch/\(file)"), "bias")
    #expect(bias.shape == [2] && bias.values == [-1, -2])
  }

  @Test(arguments: [
    ("foreign_global.bin", "the global 'posix.system' is not allowed"),
    ("parameter.bin", "the global 'torch._utils._rebuild_parameter' is not allowed"),
    ("double.bin", "the global 'torch.DoubleStorage' is not allowed"),
    ("nested.bin", "'weight': expected a tensor, found a dictionary"),
    ("list.bin", "expected a dictionary of tensors, found a list"),
    ("legacy.bin", "legacy format of torch before 1.6"),
    ("compressed.bin", "compressed (method 8), expected stored"),
    ("big_endian.bin", "byte order 'big', expected 'little'"),
    ("missing_storage.bin", "tensor 'bias': its storage '1' is missing"),
    ("short_storage.bin", "storage '0': expected 6 elements of 4 bytes, found 20 bytes"),
    (
      "out_of_range.bin", "tensor 'weight': size [2, 4], stride [3, 1] from element 0 reach outside"
    ),
  ])
  func refusesAndNamesWhatItRefuses(file: String, expected: String) throws {
    let text = try problem(file)
    #expect(text.contains(expected), "\(text)")
  }

  @Test func truncationAtAnyByteIsAnError() throws {
    let whole = try bytes(of: fixture("torch/module.bin"))
    let folder = try TemporaryFolder()
    for count in 0..<whole.count {
      let path = try folder.write("pytorch_model.bin", Array(whole.prefix(count)))
      if (try? TorchArchive(path: path)) != nil { Issue.record("\(count) bytes are accepted") }
    }
  }

  @Test func aDamagedByteNeverCrashes() throws {
    let whole = try bytes(of: fixture("torch/views.bin"))
    let folder = try TemporaryFolder()
    var refused = 0
    for position in whole.indices {
      var damaged = whole
      damaged[position] ^= [0xff, 0x01, 0x80][position % 3]
      let path = try folder.write("m.bin", damaged)
      do {
        for tensor in try TorchArchive(path: path).tensors where tensor.elementCount < 1000 {
          _ = try values(tensor)
        }
      } catch is ConversionError {
        refused += 1
      }
    }
    #expect(refused > whole.count / 4)
  }

  @Test(
    arguments: [
      ([0x80, 2, 0x69], "opcode INST is not allowed"),
      ([0x80, 2, 0x29, 0x81, 0x2e], "opcode NEWOBJ is not allowed"),
      ([0x80, 2, 0x05], "opcode 0x5 is not allowed"),
      ([0x80, 2], "it ends without STOP"),
      ([0x80, 9, 0x2e], "protocol 9, expected 2 to 5"),
      ([0x80, 2, 0x2e], "the stack is empty"),
      ([0x80, 2, 0x74, 0x2e], "no mark is open"),
      ([0x80, 2, 0x68, 7, 0x2e], "nothing is remembered as 7"),
      ([0x80, 2, 0x4e, 0x29, 0x52, 0x2e], "a call of None is not allowed"),
      ([0x80, 2, 0x4e, 0x7d, 0x62, 0x2e], "BUILD on None is not allowed"),
      ([0x80, 2, 0x58, 0xff, 0xff, 0xff, 0xff, 0x61], "pickle at byte 2: truncated"),
      ([0x80, 2, 0x29, 0x51, 0x2e], "expected ('storage', class, key, location, count)"),
    ] as [([UInt8], String)])
  func refusesEveryOtherInstruction(pickle: [UInt8], expected: String) throws {
    let text = try problem(pickle: pickle)
    #expect(text.contains(expected), "\(text)")
  }

  @Test func refusesACallOfAStorageClass() throws {
    let pickle = [0x80, 2] + Pickle.global("torch", "FloatStorage") + [0x29, 0x52, 0x2e]
    #expect(try problem(pickle: pickle).contains("a call of torch.FloatStorage is not allowed"))
  }

  @Test func deepAndCyclicPicklesNeitherCrashNorLeak() throws {
    let deep: [UInt8] = [0x80, 2, 0x29] + [UInt8](repeating: 0x85, count: 300_000) + [0x2e]
    #expect(try problem(pickle: deep).contains("expected a dictionary of tensors, found a tuple"))
    // A list that holds itself.
    let cyclic: [UInt8] = [0x80, 2, 0x5d, 0x71, 0, 0x68, 0, 0x61, 0x2e]
    #expect(try problem(pickle: cyclic).contains("found a list"))
    let tall: [UInt8] = [0x80, 2] + [UInt8](repeating: 0x4e, count: 300_000) + [0x2e]
    #expect(try problem(pickle: tall).contains("values on the stack"))
  }

  @Test(arguments: [
    (0, [7], [1]), (1, [2, 3], [3, 1]), (0, [2], [Int.max]), (0, [Int.max, 4], [0, 0]),
    (-1, [2], [1]), (0, [-1], [1]), (0, [2], [-1]), (Int.max, [1], [1]), (0, [2, 3], [3]),
  ])
  func refusesViewsOutsideTheirStorage(offset: Int, size: [Int], stride: [Int]) throws {
    let tensor = Pickle.tensor(key: "0", count: 6, offset: offset, size: size, stride: stride)
    _ = try problem(pickle: Pickle.document([("w", tensor)]))
  }

  @Test func aShapeThatManyTensorsShareIsNotCopiedForEach() throws {
    let size = [Int](repeating: 1, count: 100_000)
    let tensor = Pickle.tensor(key: "0", count: 6, size: size, stride: [1])
    let text = try problem(pickle: Pickle.document([("w", tensor)]))
    #expect(text.contains("at most 8 dimensions") && text.count < 500, "\(text.prefix(500))")
  }

  @Test func refusesANameThatOccursTwice() throws {
    let tensor = Pickle.tensor(key: "0", count: 6, size: [6], stride: [1])
    let text = try problem(pickle: Pickle.document([("w", tensor), ("w", tensor)]))
    #expect(text.contains("tensor 'w' occurs twice"))
  }

  @Test func readsLargeTransposedViewsInParts() throws {
    let (rows, columns) = (700, 900)
    let stored = (0..<rows * columns).map { Float($0 % 256) }
    let pickle = Pickle.document([
      (
        "w",
        Pickle.tensor(
          key: "0", count: rows * columns, size: [columns, rows], stride: [1, columns])
      )
    ])
    let bytes = TestTensor(name: "", shape: [rows * columns], values: stored).bytes
    let folder = try TemporaryFolder()
    let path = try folder.write("m.bin", zip([("x/data.pkl", pickle), ("x/data/0", bytes)]))
    let tensor = try #require(try TorchArchive(path: path).tensors.first)
    let slice = try values(tensor.slice(100..<116))
    let expected = (0..<16).flatMap { row in
      (0..<rows).map { stored[$0 * columns + 100 + row] }
    }
    #expect(slice == expected)
  }

  /// An archive of one storage, its sizes and positions in zip64 fields although they are small.
  private func zip64Archive(change: (inout [UInt8]) -> Void = { _ in }) -> [UInt8] {
    let tensor = Pickle.tensor(key: "0", count: 6, size: [2, 3], stride: [3, 1])
    let storage = TestTensor(name: "", shape: [6], values: [0, 1, 2, 3, 4, 5]).bytes
    let entries = [("a/data.pkl", Pickle.document([("w", tensor)])), ("a/data/0", storage)]
    let none32 = [UInt8](repeating: 0xff, count: 4)
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, data) in entries {
      let size = littleEndian(UInt64(data.count))
      let extra = [1, 0, 24, 0] + size + size + littleEndian(UInt64(file.count))
      let nameBytes = littleEndian(UInt16(name.utf8.count))
      directory += [0x50, 0x4b, 1, 2] + [UInt8](repeating: 0, count: 16) + none32 + none32
      directory += nameBytes + littleEndian(UInt16(extra.count))
      directory += [UInt8](repeating: 0, count: 10) + none32 + Array(name.utf8) + extra
      file += [0x50, 0x4b, 3, 4] + [UInt8](repeating: 0, count: 14) + none32 + none32
      file += nameBytes + [0, 0] + Array(name.utf8) + data
    }
    change(&directory)
    let end = littleEndian(UInt64(file.count + directory.count))
    let count = littleEndian(UInt64(entries.count))
    let record =
      [0x50, 0x4b, 6, 6] + littleEndian(UInt64(44)) + [45, 0, 45, 0]
      + [UInt8](repeating: 0, count: 8) + count + count + littleEndian(UInt64(directory.count))
      + littleEndian(UInt64(file.count))
    let locator = [0x50, 0x4b, 6, 7, 0, 0, 0, 0] + end + [1, 0, 0, 0]
    let short = [0x50, 0x4b, 5, 6] + [UInt8](repeating: 0xff, count: 16) + [0, 0]
    return file + directory + record + locator + short
  }

  @Test func readsZip64() throws {
    let folder = try TemporaryFolder()
    let found = try read(folder.write("m.bin", zip64Archive()), "w")
    #expect(found.shape == [2, 3] && found.values == [0, 1, 2, 3, 4, 5])
  }

  @Test func damagedZip64NeverCrashes() throws {
    let folder = try TemporaryFolder()
    let whole = zip64Archive()
    for position in whole.indices {
      for value in [0x00, 0x7f, 0xff] as [UInt8] {
        var damaged = whole
        damaged[position] = value
        let path = try folder.write("m.bin", damaged)
        do {
          for tensor in try TorchArchive(path: path).tensors where tensor.elementCount < 1000 {
            _ = try values(tensor)
          }
        } catch is ConversionError {}
      }
    }
    let path = try folder.write(
      "m.bin", zip64Archive { $0.replaceSubrange(46 + 10..<46 + 12, with: [2, 0]) })
    let error = try #require(throws: ConversionError.self) { try TorchArchive(path: path) }
    #expect(error.description.contains("entry 'a/data.pkl': the zip64 field is damaged"))
  }
}

/// All numbers of a tensor.
func values(_ tensor: StoredTensor) throws -> [Float] {
  var values = [Float](repeating: .nan, count: tensor.elementCount)
  try values.withUnsafeMutableBufferPointer { try tensor.read(into: $0) }
  return values
}
