import Foundation
import Testing

/// What the command states about memory, and whether that holds.
@Suite struct MemoryTests {
  let model: String

  init() throws { model = try Fixture.modelPath }

  private func object(_ line: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  private func statement(_ arguments: [String]) throws -> [String: Any] {
    let run = try CommandLineRun(arguments + ["-m", model, "--dry-run", "--json"])
    #expect(run.status == 0 && run.outputLines.count == 1, "\(run.errors)")
    return try #require(try object(run.output)["memory"] as? [String: Any])
  }

  @Test(arguments: [
    ["chat", "Hello", "--max-tokens", "32"],
    ["chat", "Hello", "--image", Fixture.picture("waves")],
    ["ocr", Fixture.picture("waves")],
    ["generate", "a red circle", "-n", "3"],
  ])
  func aDryRunStatesTheMemoryAndDoesNothing(_ arguments: [String]) throws {
    let memory = try statement(arguments)
    let stages = try #require(memory["stages"] as? [[String: Any]])
    let totals = stages.map { stage in
      ["weights_bytes", "cache_bytes", "scratch_bytes"].reduce(0) { $0 + (stage[$1] as? Int ?? 0) }
    }
    let base = try #require(memory["base_bytes"] as? Int)
    #expect(memory["peak_bytes"] as? Int == base + (totals.max() ?? 0))
    let small = try #require(
      try statement(arguments + ["--kv", "int8"])["stages"] as? [[String: Any]])
    let caches = [stages, small].map { $0.compactMap { $0["cache_bytes"] as? Int }.max() ?? 0 }
    #expect(caches[0] > 0)
    // A head of 16 values: 16 bytes and a scale of 4 in the place of 32.
    #expect(caches[1] * 32 == caches[0] * 20)
  }

  @Test func peopleReadTheSameStatementInLines() throws {
    let run = try CommandLineRun(["chat", "Hello", "-m", model, "--dry-run"])
    #expect(run.status == 0 && run.output.contains("at most") && run.output.contains("cache"))
    let info = try CommandLineRun(["info", model])
    #expect(info.output.contains("--kv int8"))
  }

  @Test func anInt8CacheAnswersAndAnUnknownFormatIsWrongUsage() throws {
    let arguments = ["chat", "Hello", "-m", model, "--max-tokens", "4"]
    #expect(try CommandLineRun(arguments + ["--kv", "int8"]).status == 0)
    let wrong = try CommandLineRun(arguments + ["--kv", "int3"])
    #expect(wrong.status == 64 && wrong.errors.contains("int3"))
  }

  @Test(arguments: [
    ["chat", "Hello"], ["ocr", Fixture.picture("waves")], ["generate", "a red circle"],
  ])
  func aRequestBeyondTheContextIsRefusedBeforeItBegins(_ arguments: [String]) throws {
    let run = try CommandLineRun(arguments + ["-m", model, "--context", "20"])
    #expect(run.status == 65 && run.output.isEmpty)
    #expect(run.errors.contains("the context has 20"))
    let beyond = try CommandLineRun(arguments + ["-m", model, "--context", "1000000"])
    #expect(beyond.status == 64 && beyond.errors.contains("context"))
  }

  #if os(Linux)
    /// A sparse file of a terabyte. Reading it would fill any machine's memory.
    @Test(arguments: ["--no-mmap", "--mlock"])
    func aFileLargerThanTheMemoryIsNotReadIntoIt(_ option: String) throws {
      let path = NSTemporaryDirectory() + "janus-lite-huge-\(UUID().uuidString).gguf"
      defer { try? FileManager.default.removeItem(atPath: path) }
      FileManager.default.createFile(atPath: path, contents: nil)
      let file = try #require(FileHandle(forWritingAtPath: path))
      try file.truncate(atOffset: 1 << 40)
      try file.close()
      let run = try CommandLineRun(["chat", "Hello", "-m", path, option])
      #expect(run.status == 65 && run.errors.contains("are to be kept in memory"))
    }
  #endif

  /// The peak after each picture. Memory that a picture leaves behind raises the peak of all that
  /// follow, in every round. The effect of other tests that run at the same time does not appear in
  /// every round.
  @Test func manyPicturesTakeNoMoreMemoryThanTen() throws {
    var peaks: [Double] = []
    for _ in 0..<3 {
      peaks = try peaksOfPictures(40)
      try #require(peaks.count == 40)
      // One buffer of a picture in each would be half as much again. The threads' heaps differ by 3 % on a busy machine.
      if peaks[39] <= peaks[9] * 1.05 { return }
    }
    Issue.record("\(peaks[9]) bytes became \(peaks[39]) in three rounds")
  }

  private func peaksOfPictures(_ count: Int) throws -> [Double] {
    let pictures = (0..<count).map { Fixture.picture(["waves", "rings", "bricks"][$0 % 3]) }
    let run = try CommandLineRun(
      ["ocr"] + pictures + ["-m", model, "--json", "--max-tokens", "8"])
    #expect(run.status == 0, "\(run.errors)")
    return try run.outputLines.map { line in
      try #require((try object(line)["timings"] as? [String: Double])?["peak_rss_bytes"])
    }
  }
}
