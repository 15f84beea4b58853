import Foundation
import GGUF
import Testing

@testable import JanusModelFile
@testable import Quant

@Suite final class ImportanceTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "importance-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func path(_ name: String = "importance.gguf") -> String {
    folder.appending(path: name).path(percentEncoded: false)
  }

  private func sample(inputs: Set<String> = ["a", "b"]) -> Importance {
    var entry = Importance.Entry(columns: 3)
    entry.counts = [2, 0, 8]
    entry.squares = [[2, 4, 0], [0, 0, 0], [8, 0, 24]]
    entry.sums = [[2, -1, 0], [0, 0, 0], [4, 0, -8]]
    return Importance(
      model: "0123456789abcdef", inputs: inputs,
      entries: ["blk.0.attn_q.weight": entry, "output.weight": entry])
  }

  /// A file whose tensor holds `values`, by the container's own writer.
  private func write(
    _ values: [Float], counts: [Float] = [1, 1, 1], version: UInt32 = 1,
    passes: [String] = ["text", "pictures", "codes"], shape: [Int]? = nil
  ) throws {
    let writer = try ContainerWriter(
      path: path(),
      metadata: [
        ("janus.importance.version", .uint32(version)),
        ("janus.importance.model", .string("0123456789abcdef")),
        ("janus.importance.passes", .strings(passes)),
        ("janus.importance.inputs", .strings(["a"])),
        ("janus.importance.counts", .float32s(counts)),
      ],
      tensors: [
        .init(
          name: "output.weight",
          layout: try TensorLayout(format: .f32, shape: shape ?? [6, values.count / 6]))
      ])
    try values.withUnsafeBytes { try writer.append($0, to: 0) }
    try writer.finish()
  }

  private func problem() throws -> ImportanceError {
    try #require(throws: ImportanceError.self) { try Importance(path: path()) }
  }

  @Test func whatIsWrittenIsRead() throws {
    let written = sample()
    try written.write(to: path())
    let read = try Importance(path: path())
    #expect(read.model == written.model && read.inputs == written.inputs)
    #expect(read.entries == written.entries)
    #expect(read.file == path())
  }

  @Test func feedbackHasTheMeansOfEachPassAtOneSize() throws {
    // Mean squares are (1, 2, 0) and (1, 0, 3), 1 and 4/3 on average; means (1, −1/2, 0) and (1/2, 0, −1).
    let feedback = try #require(try sample().feedback(of: "output.weight", columns: 3))
    let size = Float(0.75).squareRoot()
    let means: [Float] = [1, 0.5 * size, -0.5, 0, 0, -size]
    #expect(feedback.kinds == 2)
    for (found, expected) in zip(feedback.means, means) { #expect(abs(found - expected) < 1e-6) }
    // Variances are what the means leave: nothing of the first column but 3/4 (1 − 1/4).
    let direct = ErrorFeedback(
      means: [[1, -0.5, 0], [0.5, 0, -1].map { $0 * 0.75.squareRoot() }],
      variances: [0.5625, 1.75, 0.75 * 2])
    for (found, expected) in zip(feedback.gains, direct.gains) {
      #expect(abs(found - expected) < 1e-5)
    }
    // Nothing but zeros says nothing.
    var dead = sample()
    dead.entries["output.weight"]?.squares = [[0, 0, 0], [0, 0, 0], [0, 0, 0]]
    #expect(try dead.feedback(of: "output.weight", columns: 3)?.kinds == nil)
  }

  @Test func aTensorWithoutAMeasurementOrWithOtherColumnsIsNamed() throws {
    var importance = sample()
    importance.file = "i.gguf"
    #expect(throws: ImportanceError.missing(file: "i.gguf", tensor: "mm.0.weight")) {
      try importance.feedback(of: "mm.0.weight", columns: 3)
    }
    #expect(
      throws: ImportanceError.columns(
        file: "i.gguf", tensor: "output.weight", expected: 4, found: 3)
    ) {
      try importance.feedback(of: "output.weight", columns: 4)
    }
    importance.entries["output.weight"]?.counts = [0, 0, 0]
    #expect(throws: ImportanceError.missing(file: "i.gguf", tensor: "output.weight")) {
      try importance.feedback(of: "output.weight", columns: 3)
    }
  }

  @Test(arguments: [(Float.nan, "nan"), (.infinity, "inf"), (-0.5, "-0.5")])
  func aMeanSquareThatNoMeasurementGivesIsRefused(value: Float, text: String) throws {
    try write([1, 1, 0, 0, 1, value, 0, 0, 1, 1, 0, 0])
    let error = try problem()
    #expect(
      error
        == .invalid(
          file: path(), tensor: "output.weight", place: "mean square of pictures, column 1",
          expected: "a finite number of 0 or more", found: text))
  }

  @Test(arguments: [Float.nan, -Float.infinity, 1.1, -1.1])
  func aMeanBeyondItsMeanSquareIsRefused(value: Float) throws {
    try write([1, 1, 0, 0, 1, 1, 0, 0, 1, 1, value, 0])
    #expect("\(try problem())".contains("mean of codes, column 0"))
    try write([1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, -1])
    #expect(throws: Never.self) { try Importance(path: path()) }
  }

  @Test func aNegativeOrMissingCountIsRefused() throws {
    try write([1, 0, 1, 0, 1, 0], counts: [1, -1, 1])
    #expect("\(try problem())".contains("count of pictures"))
    try write([1, 0, 1, 0, 1, 0], counts: [1, .nan, 1])
    #expect("\(try problem())".contains("janus.importance.counts[1]"))
    try write([1, 0, 1, 0, 1, 0], counts: [1, 1])
    #expect("\(try problem())".contains("expected 3 numbers, found 2"))
  }

  @Test func otherShapesPassesAndVersionsAreRefused() throws {
    try write([1, 0, 1, 0, 1, 0], shape: [3, 2])
    #expect("\(try problem())".contains("shape"))
    try write([1, 0, 1, 0, 1, 0], passes: ["text", "codes", "pictures"])
    #expect("\(try problem())".contains("janus.importance.passes"))
    try write([1, 0, 1, 0, 1, 0], version: 2)
    #expect(try problem() == .newer(file: path(), found: 2, supported: 1))
  }

  @Test func otherFilesAreRefused() throws {
    let model = try ContainerWriter(
      path: path(), metadata: [("general.name", .string("a model"))], tensors: [])
    try model.finish()
    #expect(try problem() == .notImportance(file: path()))
    try Data("no GGUF".utf8).write(to: URL(filePath: path()))
    guard case .container = try problem() else {
      Issue.record("a text was read")
      return
    }
    try sample().write(to: path())
    let whole = try Data(contentsOf: URL(filePath: path()))
    try whole.prefix(whole.count - 64).write(to: URL(filePath: path()))
    guard case .container = try problem() else {
      Issue.record("a cut file was read")
      return
    }
  }

  @Test func sumsOfOneModelAddUpAndInputsCountOnce() throws {
    var sum = sample()
    try sum.merge(sample(inputs: ["c"]))
    #expect(sum.inputs == ["a", "b", "c"])
    #expect(sum.entries["output.weight"]?.counts == [4, 0, 16])
    #expect(sum.entries["output.weight"]?.squares == [[4, 8, 0], [0, 0, 0], [16, 0, 48]])
    #expect(sum.entries["output.weight"]?.sums == [[4, -2, 0], [0, 0, 0], [8, 0, -16]])
    #expect(throws: ImportanceError.repeated(file: "", inputs: 1)) {
      try sum.merge(sample(inputs: ["b", "d"]))
    }
    let other = Importance(model: "another", inputs: ["e"], file: "o.gguf")
    #expect(
      throws: ImportanceError.otherModel(
        file: "o.gguf", expected: "0123456789abcdef", found: "another")
    ) {
      try sum.merge(other)
    }
  }
}
