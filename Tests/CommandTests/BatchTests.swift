import Foundation
import JanusImages
import Testing

/// A batch says what became of each picture, and where it stopped.
@Suite struct BatchTests {
  let scratch: Scratch
  let arguments: [String]

  init() throws {
    scratch = try Scratch()
    for name in ["a.png", "c.png", "e.png"] {
      try scratch.write(name, Fixture.pictureData("rings"))
    }
    try scratch.write("b.png", Data("no picture".utf8))
    try scratch.write("d.png", Data())
    try scratch.write("notes.txt", Data("notes".utf8))
    arguments = ["ocr", ".", "-m", try Fixture.modelPath, "--max-tokens", "6"]
  }

  private func read(_ more: String...) throws -> CommandLineRun {
    let run = try CommandLineRun(arguments + more, in: scratch)
    #expect(run.status == 65)
    return run
  }

  @Test func foldersThatAreNotLookedThroughAreCounted() throws {
    try FileManager.default.createDirectory(
      atPath: scratch.file("inner"), withIntermediateDirectories: false)
    try scratch.write("inner/f.png", Fixture.pictureData("rings"))
    #expect(try read().errors.contains("1 subfolder passed over (--recursive"))
    #expect(try !read("--recursive").errors.contains("passed over"))
    let json = try read("-o", "all.json")
    #expect(json.errors.contains("a JSON object on each line"), "\(json.errors)")
  }

  @Test func aPictureIsNoListOfPictures() throws {
    let run = try CommandLineRun(
      ["ocr", "--files-from", "a.png", "-m", arguments[3]], in: scratch)
    #expect(run.status == 65 && run.errors.contains("found a picture"), "\(run.errors)")
  }

  @Test func picturesThatFailKeepTheirPlaceInEveryFormat() throws {
    let names = ["a", "b", "c", "d", "e"].map { "./\($0).png" }
    let listed = arguments.filter { $0 != "." } + names
    let tsv = try CommandLineRun(listed, in: scratch)
    #expect(
      tsv.outputLines.map { $0.split(separator: "\t", omittingEmptySubsequences: false)[0] }
        == names.map { $0[...] })
    #expect(tsv.outputLines[1] == "./b.png\t" && tsv.outputLines[3] == "./d.png\t")
    // So that a list of names can be pasted beside it.
    let plain = try CommandLineRun(listed + ["--no-name"], in: scratch).outputLines
    #expect(plain.count == 5 && plain[1].isEmpty && plain[3].isEmpty && !plain[4].isEmpty)
    let csv = try read("--format", "csv").output.components(separatedBy: "\r\n")
    #expect(csv.count == 7 && csv[2].hasPrefix("./b.png,,,false,error,"))
    let markdown = try read("--format", "markdown").output
    #expect(markdown.components(separatedBy: "## ").count == 6)
    #expect(markdown.contains("not a picture that can be read"))
    for format in ["json", "html"] {
      #expect(try read("--format", format).output.contains("not a picture that can be read"))
    }
    let file = scratch.file("all.tsv")
    let written = try CommandLineRun(
      arguments.map { $0 == "." ? scratch.path : $0 } + ["-o", file])
    #expect(written.status == 65)
    #expect(try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").count == 3)
  }

  @Test func aFolderAsTSVHasALineForWhatWasRead() throws {
    let run = try read()
    #expect(
      run.outputLines.map { $0.split(separator: "\t")[0] } == ["./a.png", "./c.png", "./e.png"])
    #expect(["b.png", "d.png"].allSatisfy(run.errors.contains), "\(run.errors)")
  }

  @Test func picturesThatAreReadTogetherAreNotKeptInMemory() throws {
    let (side, model) = (1800, arguments[3])
    var bytes = [UInt8](repeating: 255, count: side * side * 3)
    for pixel in 0..<900 { bytes[3 * (side * 900 + 500 + pixel)] = 0 }
    let large = try scratch.write(
      "large.png", Data(try Picture(width: side, height: side, bytes: bytes).encodePNG()))
    func peak(of count: Int) throws -> Int {
      let run = try CommandLineRun(
        ["ocr", "--json", "-m", model, "--max-tokens", "2"] + Array(repeating: large, count: count))
      let last = try #require(run.outputLines.last)
      let line = try #require(
        try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
      return try #require((line["timings"] as? [String: Any])?["peak_rss_bytes"] as? Int)
    }
    // Eight of them take 78 MB.
    let (one, eight) = (try peak(of: 1), try peak(of: 8))
    #expect(eight < one + 40_000_000, "\(one), \(eight)")
  }

  @Test func aPictureAloneHasNoPlaceToKeep() throws {
    let run = try CommandLineRun(
      ["ocr", scratch.file("b.png")] + arguments.dropFirst(2))
    #expect(run.status == 65 && run.output.isEmpty && run.errorLines.count == 1)
  }

  @Test func everyBatchEndsWithALine() throws {
    let failed = try read()
    #expect(
      failed.errorLines.last == "janus-lite: 3 read, 2 failed, 1 skipped that are no pictures")
    let whole = try CommandLineRun(
      ["ocr", scratch.file("a.png"), scratch.file("c.png")] + arguments.dropFirst(2))
    #expect(whole.status == 0 && whole.errorLines.last == "janus-lite: 2 read")
  }

  /// The slowest one: many pictures, one at a time.
  private func interrupted(_ arguments: [String], after line: Int) throws -> (Int32, [String]) {
    let (output, errors) = (try scratch.write("out", Data()), try scratch.write("err", Data()))
    let process = CommandLineRun.process(arguments)
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
    func lines(_ path: String) throws -> [String] {
      try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }
    while process.isRunning, try lines(output).count < line { usleep(2000) }
    process.interrupt()
    process.waitUntilExit()
    return (process.terminationStatus, try lines(errors))
  }

  @Test func ctrlCSaysWhereItStopped() throws {
    let names = Array(repeating: scratch.file("a.png"), count: 400)
    let (code, errors) = try interrupted(
      ["ocr"] + names + ["-m", try Fixture.modelPath, "--batch", "1", "--threads", "1"], after: 2)
    #expect(code == 130)
    let last = try #require(errors.last)
    let match = try #require(
      last.wholeMatch(of: /janus-lite: stopped after (\d+) of 400 pictures/), "\(last)")
    #expect((2...399).contains(Int(match.1) ?? 0))
    let (painted, said) = try interrupted(
      [
        "generate", "x", "-n", "300", "--batch", "1", "-o", scratch.file("p"), "-m",
        try Fixture.modelPath,
      ], after: 1)
    #expect(painted == 130)
    #expect(said.last?.contains(/stopped after \d+ of 300 pictures/) == true, "\(said)")
  }

  /// Pictures that are done wait for those before them, and those that were begun are none. Right behind a line memory is
  /// allocated, which the signal may come into.
  @Test func whatIsToldAfterCtrlCIsWhatThereIs() throws {
    let names = Array(repeating: [scratch.file("a.png"), Fixture.picture("waves")], count: 200)
    let reading =
      ["ocr"] + names.flatMap(\.self) + [
        "-m", try Fixture.modelPath, "--batch", "8", "--temperature", "2", "--seed", "3",
      ]
    func told(_ errors: [String]) throws -> Int {
      let last = try #require(errors.last)
      let match = try #require(last.wholeMatch(of: /janus-lite: stopped after (\d+) of 400 .*/))
      return try #require(Int(match.1))
    }
    for line in [5, 20, 1, 2, 3, 4, 6, 7] {
      let (code, errors) = try interrupted(reading, after: line)
      #expect(code == 130)
      let written = try String(contentsOfFile: scratch.file("out"), encoding: .utf8)
      // The signal may come just between a line and its count.
      let count = written.split(separator: "\n").count
      #expect(try (count - 1...count).contains(told(errors)), "\(count): \(errors.last ?? "")")
    }
    for line in [3, 9] {
      let output = scratch.file("\(line).tsv")
      let process = CommandLineRun.process(reading + ["-o", output])
      let said = try scratch.write("err", Data())
      process.standardError = FileHandle(forWritingAtPath: said)
      try process.run()
      func kept() -> Int {
        let text = (try? String(contentsOfFile: output + ".resume", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").count { $0.contains("\"name\":") }
      }
      while process.isRunning, kept() < line { usleep(500) }
      process.interrupt()
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
      let errors = try String(contentsOfFile: said, encoding: .utf8).split(separator: "\n")
      #expect(try told(errors.map(String.init)) == kept())
    }
  }
}
