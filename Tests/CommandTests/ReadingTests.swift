import Foundation
import JanusImages
import Testing

/// Many pictures: what is written for them, and where.
@Suite struct ReadingTests {
  let model: String
  let options: [String]

  init() throws {
    model = try Fixture.modelPath
    options = ["-m", model, "--max-tokens", "6"]
  }

  /// A folder with pictures of some names, all different.
  private func folder(_ names: [String]) throws -> Scratch {
    let scratch = try Scratch()
    let kinds = ["waves", "rings", "bricks"]
    for (index, name) in names.enumerated() {
      let picture = try Picture(decoding: [UInt8](Fixture.pictureData(kinds[index % 3])))
      let side = 40 + index
      let path = scratch.file(name)
      try FileManager.default.createDirectory(
        at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(picture.resized(toWidth: side, height: side).encodePNG()).write(
        to: URL(filePath: path))
    }
    return scratch
  }

  private func object(_ line: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  @Test func severalPicturesGetTheirNamesAndOneHasNone() throws {
    let paths = [Fixture.picture("waves"), Fixture.picture("rings")]
    let alone = try paths.map { try CommandLineRun(["ocr", $0] + options).outputLines[0] }
    let both = try CommandLineRun(["ocr"] + paths + options)
    #expect(both.status == 0, "\(both.errors)")
    #expect(both.outputLines == zip(paths, alone).map { $0 + "\t" + $1 })
    #expect(try CommandLineRun(["ocr"] + paths + options + ["--no-name"]).outputLines == alone)
    #expect(
      try CommandLineRun(["ocr", paths[0], "--name"] + options).outputLines
        == [paths[0] + "\t" + alone[0]])
  }

  @Test func howManyAreReadAtOnceChangesNothing() throws {
    let scratch = try folder((0..<11).map { "p\($0).png" })
    func run(_ batch: String) throws -> [String] {
      try CommandLineRun(
        ["ocr", scratch.path, "--json", "--logprobs", "2", "--batch", batch, "--threads", "2"]
          + options
      ).outputLines.map { line in
        var object = try object(line)
        object["timings"] = nil
        return String(
          decoding: try JSONSerialization.data(withJSONObject: object, options: .sortedKeys),
          as: UTF8.self)
      }
    }
    let one = try run("1")
    #expect(one.count == 11)
    for batch in ["2", "8", "auto"] { #expect(try run(batch) == one) }
    #expect(try CommandLineRun(["ocr", scratch.path, "--batch", "0"] + options).status == 64)
  }

  @Test func foldersAreLookedThroughOnceEvenWhereLinksLeadBack() throws {
    let scratch = try folder(["a.png", "inner/b.png", "inner/deep/c.png", "inner/d.txt"])
    try FileManager.default.createSymbolicLink(
      atPath: scratch.file("inner/back"), withDestinationPath: scratch.path)
    let flat = try CommandLineRun(["ocr", scratch.path] + options)
    #expect(flat.outputLines.count == 1)
    let deep = try CommandLineRun(["ocr", scratch.path, "--recursive"] + options)
    #expect(deep.status == 0, "\(deep.errors)")
    let names = deep.outputLines.map {
      $0.split(separator: "\t")[0].dropFirst(scratch.path.count + 1)
    }
    // A file with a picture's content counts, whatever its name is.
    #expect(names == ["a.png", "inner/b.png", "inner/d.txt", "inner/deep/c.png"])
  }

  @Test func namesComeFromAFileOrStandardInput() throws {
    let scratch = try folder(["a b.png", "ü.png"])
    let list = scratch.file("a b.png") + "\r\n\n" + scratch.file("ü.png")
    let file = try scratch.write("list.txt", Data(("\u{FEFF}" + list).utf8))
    let wanted = try CommandLineRun(
      ["ocr", scratch.file("a b.png"), scratch.file("ü.png")] + options)
    #expect(wanted.outputLines.count == 2)
    #expect(try CommandLineRun(["ocr", "--files-from", file] + options).output == wanted.output)
    let input = try CommandLineRun(
      ["ocr", "--files-from", "-"] + options, input: Data(list.utf8))
    #expect(input.output == wanted.output && input.status == 0)
    // Names are bytes. This file is not there.
    let bytes = try CommandLineRun(
      ["ocr", "--files-from", "-"] + options, input: Data([0x61, 0xFF, 0x0A]))
    #expect(bytes.status == 66 && bytes.output == "a\\xff\t\n", "\(bytes.output)")
  }

  @Test func aNameThatATableWouldMistakeIsEscaped() throws {
    let scratch = try folder(["=cmd|a,\"b\".png", "tab\tline\nend.png", "<b>&.png"])
    func run(_ format: String) throws -> String {
      let run = try CommandLineRun(
        ["ocr", ".", "--format", format, "--recursive"] + options, in: scratch)
      #expect(run.status == 0, "\(run.errors)")
      #expect(!run.errors.contains("\u{1b}"))
      return run.output
    }
    let rows = try run("tsv").split(separator: "\n")
    #expect(
      rows.count == 3
        && rows.allSatisfy {
          $0.split(separator: "\t", omittingEmptySubsequences: false).count == 2
        })
    #expect(rows.contains { $0.hasPrefix("./tab\\tline\\nend.png\t") })
    let csv = try run("csv")
    #expect(csv.hasPrefix("name,latex,confidence,valid,finish_reason,warnings\r\n"))
    #expect(csv.contains("\"./=cmd|a,\"\"b\"\".png\","))
    let page = try run("html")
    #expect(page.contains("./&lt;b&gt;&amp;.png") && !page.contains("<b>"))
    #expect(page.contains("data:image/png;base64,") && page.contains("<math"))
    #expect(!page.contains("<script") && !page.contains("http-equiv=\"refresh"))
    #expect(try run("markdown").contains("## ./\\<b\\>\\&.png"))
    #expect(try run("json").split(separator: "\n").count == 3)
  }

  @Test func cellsThatASpreadsheetWouldComputeAreText() throws {
    let scratch = try folder(["a.png", "b.png", "c.png", "d.png", "e.png", "f.png"])
    let inside = try CommandLineRun(["ocr", ".", "--format", "csv"] + options, in: scratch)
    for line in inside.output.components(separatedBy: "\r\n").dropFirst() where !line.isEmpty {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      #expect(cells.allSatisfy { !"=+-@".contains($0.first { $0 != "\"" } ?? "x") }, "\(line)")
    }
  }

  // MARK: Files

  @Test func anOutputIsWholeAndTheSameAsStandardOutput() throws {
    let scratch = try folder((0..<5).map { "p\($0).png" })
    let out = try Scratch()
    for format in ["tsv", "csv", "markdown", "html"] {
      let file = out.file("all.\(format)")
      let arguments = ["ocr", scratch.path, "--format", format] + options
      let printed = try CommandLineRun(arguments)
      let written = try CommandLineRun(arguments + ["--output", file])
      #expect(written.status == 0 && written.output.isEmpty, "\(written.errors)")
      #expect(try String(contentsOfFile: file, encoding: .utf8) == printed.output)
    }
    let nowhere = try CommandLineRun(
      ["ocr", scratch.path, "-o", out.file("absent/x.tsv")] + options)
    #expect(nowhere.status == 74 && nowhere.errorLines.count == 1)
    let folder = try CommandLineRun(["ocr", scratch.path, "-o", out.path] + options)
    #expect(folder.status == 74 && folder.errorLines.count == 1)
  }

  @Test func aResumedRunReadsWhatIsNewOrChanged() throws {
    let scratch = try folder((0..<4).map { "p\($0).png" })
    let out = try Scratch()
    let file = out.file("all.tsv")
    func run(_ more: [String]) throws -> CommandLineRun {
      try CommandLineRun(["ocr", scratch.path, "-o", file] + options + more)
    }
    #expect(try run([]).status == 0)
    let first = try String(contentsOfFile: file, encoding: .utf8)
    let again = try run(["--resume"])
    #expect(again.status == 0 && again.errors.contains("0 read, 4 done before"), "\(again.errors)")
    #expect(try String(contentsOfFile: file, encoding: .utf8) == first)
    // A new one and a changed one.
    try scratch.write("p0.png", Fixture.pictureData("bricks"))
    try scratch.write("a.png", Fixture.pictureData("rings"))
    let more = try run(["--resume"])
    #expect(more.errors.contains("2 read, 3 done before"), "\(more.errors)")
    let all = try String(contentsOfFile: file, encoding: .utf8)
    #expect(try CommandLineRun(["ocr", scratch.path] + options).output == all)
    // One that is gone stays in the file.
    try FileManager.default.removeItem(atPath: scratch.file("p3.png"))
    #expect(try run(["--resume"]).status == 0)
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    #expect(Set(lines) == Set(all.split(separator: "\n")) && lines.count == 5)
  }

  @Test func aResumeFileOfAnotherRunIsRefusedAndStaysAsItIs() throws {
    let scratch = try folder(["p0.png", "p1.png"])
    let out = try Scratch()
    let file = out.file("all.tsv")
    let arguments = ["ocr", scratch.path, "-o", file]
    #expect(try CommandLineRun(arguments + options).status == 0)
    let before = try Data(contentsOf: URL(filePath: file + ".resume"))
    let others = [
      options + ["--delimiters", "dollar"], options + ["--format", "csv"],
      ["-m", model, "--max-tokens", "7"], options + ["--no-trim"],
      options + ["--alternatives", "2"],
    ]
    for other in others {
      let run = try CommandLineRun(arguments + other + ["--resume"])
      #expect(run.status == 65 && run.errorLines.count == 1, "\(run.errors)")
      #expect(run.errors.contains("other options"))
    }
    let float = out.file("f32.gguf")
    #expect(
      try CommandLineRun(["convert", Fixture.checkpoint, "-o", float, "--quant", "f32"]).status == 0
    )
    let otherModel = try CommandLineRun(
      arguments + ["-m", float, "--max-tokens", "6", "--resume"])
    #expect(otherModel.status == 65 && otherModel.errors.contains("another model"))
    #expect(try Data(contentsOf: URL(filePath: file + ".resume")) == before)
    // A file that somebody else wrote is left alone.
    let foreign = Data("my notes\n".utf8)
    try foreign.write(to: URL(filePath: out.file("b.tsv.resume")))
    for more in [[], ["--resume"]] {
      let run = try CommandLineRun(["ocr", scratch.path, "-o", out.file("b.tsv")] + options + more)
      #expect(run.status == 65)
    }
    #expect(try Data(contentsOf: URL(filePath: out.file("b.tsv.resume"))) == foreign)
    try Data("my table\n".utf8).write(to: URL(filePath: out.file("c.tsv")))
    let unknown = try CommandLineRun(
      ["ocr", scratch.path, "-o", out.file("c.tsv"), "--resume"] + options)
    #expect(unknown.status == 65)
    #expect(try String(contentsOfFile: out.file("c.tsv"), encoding: .utf8) == "my table\n")
    #expect(try CommandLineRun(["ocr", scratch.path, "--resume"] + options).status == 64)
  }

  /// Kills runs at many moments. Whatever was written, the last run has everything once.
  @Test(arguments: ["tsv", "json", "html"])
  func aKilledRunGoesOnAndLosesNothing(_ format: String) throws {
    let scratch = try folder((0..<24).map { "p\($0).png" })
    let arguments = ["ocr", scratch.path, "--format", format, "--threads", "1"] + options
    let whole = try CommandLineRun(arguments)
    // Some sizes of these pictures are blank.
    #expect(!whole.output.isEmpty)
    func comparable(_ text: String) throws -> [String] {
      guard format == "json" else { return [text] }
      return try text.split(separator: "\n").map { line in
        var object = try object(String(line))
        object["timings"] = nil
        return String(
          decoding: try JSONSerialization.data(withJSONObject: object, options: .sortedKeys),
          as: UTF8.self)
      }
    }
    let out = try Scratch()
    let file = out.file("all")
    var kills = 0
    var moments = SystemRandomNumberGenerator()
    for attempt in 0..<40 {
      let process = CommandLineRun.process(arguments + ["-o", file, "--resume", "--batch", "3"])
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      let deadline =
        Date.now + Double(Int.random(in: 20...(150 + 30 * attempt), using: &moments)) / 1000
      while process.isRunning, Date.now < deadline { usleep(1000) }
      if process.isRunning {
        kill(process.processIdentifier, SIGKILL)
        kills += 1
        process.waitUntilExit()
        // Either not there or whole.
        if let text = try? String(contentsOfFile: file, encoding: .utf8) {
          #expect(try comparable(text) == comparable(whole.output))
        }
        continue
      }
      process.waitUntilExit()
      #expect(process.terminationStatus == whole.status)
      break
    }
    #expect(kills > 0)
    let last = try CommandLineRun(arguments + ["-o", file, "--resume"])
    #expect(last.status == whole.status, "\(last.errors)")
    let written = try String(contentsOfFile: file, encoding: .utf8)
    #expect(try comparable(written) == comparable(whole.output))
    #expect(try out.names == ["all", "all.resume"])
  }

  @Test func halfALineAtTheEndOfAResumeFileIsCutOff() throws {
    let scratch = try folder(["p0.png", "p1.png", "p2.png"])
    let out = try Scratch()
    let file = out.file("all.tsv")
    let arguments = ["ocr", scratch.path, "-o", file] + options
    #expect(try CommandLineRun(arguments).status == 0)
    let result = try Data(contentsOf: URL(filePath: file))
    let whole = try Data(contentsOf: URL(filePath: file + ".resume"))
    for end in stride(from: 0, through: whole.count, by: 37) {
      try whole.prefix(end).write(to: URL(filePath: file + ".resume"))
      try? FileManager.default.removeItem(atPath: file)
      let run = try CommandLineRun(arguments + ["--resume"])
      #expect(run.status == 0, "\(end): \(run.errors)")
      #expect(try Data(contentsOf: URL(filePath: file)) == result, "\(end)")
    }
    // Without --resume what was read is not thrown away.
    try whole.prefix(whole.count - 30).write(to: URL(filePath: file + ".resume"))
    try FileManager.default.removeItem(atPath: file)
    let anew = try CommandLineRun(arguments)
    #expect(anew.status == 65 && anew.errors.contains("--resume"))
  }

  // MARK: Progress

  @Test func progressIsLinesWhereNoTerminalIs() throws {
    let scratch = try folder((0..<10).map { "p\($0).png" })
    let plain = try CommandLineRun(["ocr", scratch.path, "--progress", "plain"] + options)
    #expect(plain.errorLines.count { $0.contains(" of 10 pictures") } == 10, "\(plain.errors)")
    #expect(plain.errors.contains("10 of 10 pictures"))
    let none = try CommandLineRun(["ocr", scratch.path, "--progress", "none"] + options)
    #expect(!none.errors.contains("pictures") && none.output == plain.output)
  }

  #if os(Linux)
    @Test func progressIsABarOnATerminal() throws {
      let scratch = try folder((0..<10).map { "p\($0).png" })
      let terminal = try Terminal(["ocr", scratch.path] + options)
      terminal.readToEnd()
      #expect(terminal.shown.contains("█") && terminal.shown.contains("of 10 pictures"))
      let plain = try Terminal(["ocr", scratch.path, "--progress", "plain"] + options)
      plain.readToEnd()
      #expect(!plain.shown.contains("█") && plain.shown.contains("100%"))
    }
  #endif

  // MARK: Folders that are watched

  @Test func picturesThatComeAreReadUntilCtrlC() throws {
    let scratch = try folder(["old.png"])
    let out = try Scratch()
    let output = out.file("out")
    try Data().write(to: URL(filePath: output))
    let process = CommandLineRun.process(
      ["ocr", "--watch", scratch.path, "--recursive"] + options)
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle.nullDevice
    try process.run()
    func waits(for text: String) -> Bool {
      let deadline = Date.now + 60
      while Date.now < deadline {
        if let found = try? String(contentsOfFile: output, encoding: .utf8), found.contains(text) {
          return true
        }
        usleep(20_000)
      }
      return false
    }
    usleep(1_500_000)
    // It grows before it is whole.
    let bytes = try Fixture.pictureData("waves")
    try bytes.prefix(bytes.count / 2).write(to: URL(filePath: scratch.file("new.png")))
    let handle = try #require(FileHandle(forWritingAtPath: scratch.file("new.png")))
    try handle.seekToEnd()
    try handle.write(contentsOf: bytes.dropFirst(bytes.count / 2))
    try handle.close()
    #expect(waits(for: "new.png\t"))
    try scratch.write("later.png", Fixture.pictureData("rings"))
    #expect(waits(for: "later.png\t"))
    // A folder that comes is watched, too, and one that leads back to itself is walked once.
    let inner = scratch.file("2026")
    try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: inner + "/back", withDestinationPath: scratch.path)
    try Fixture.pictureData("rings").write(to: URL(filePath: inner + "/deep.png"))
    #expect(waits(for: "2026/deep.png\t"))
    kill(process.processIdentifier, SIGINT)
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
    #expect(try !String(contentsOfFile: output, encoding: .utf8).contains("old.png"))
  }

  // MARK: PDF

  /// A PDF of pages with a few strokes each.
  static func pdf(pages: Int) -> Data {
    var text = "%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n"
    let kids = (0..<pages).map { "\(3 + 2 * $0) 0 R" }.joined(separator: " ")
    text += "2 0 obj <</Type/Pages/Kids[\(kids)]/Count \(pages)>> endobj\n"
    for page in 0..<pages {
      let strokes = "3 w 40 40 m \(120 + 10 * page) 90 l S 40 90 m 120 40 l S"
      text +=
        "\(3 + 2 * page) 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 200 120]/Contents \(4 + 2 * page) 0 R>> "
        + "endobj\n\(4 + 2 * page) 0 obj <</Length \(strokes.utf8.count)>> stream\n\(strokes)\nendstream endobj\n"
    }
    return Data((text + "trailer <</Root 1 0 R>>\n%%EOF\n").utf8)
  }

  static let hasPoppler = [
    "/usr/bin/pdftoppm", "/opt/homebrew/bin/pdftoppm", "/usr/local/bin/pdftoppm",
  ]
  .contains { FileManager.default.isExecutableFile(atPath: $0) }

  @Test(.enabled(if: hasPoppler, "poppler-utils is not installed"))
  func aPDFStandsForItsPages() throws {
    let scratch = try Scratch()
    let file = try scratch.write("-f.pdf", Self.pdf(pages: 3))
    let run = try CommandLineRun(["ocr", "./-f.pdf"] + options, in: scratch)
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      run.outputLines.map { $0.split(separator: "\t")[0] }
        == ["./-f.pdf#page=1", "./-f.pdf#page=2", "./-f.pdf#page=3"])
    let cut = try scratch.write("cut.pdf", Data(contentsOf: URL(filePath: file)).prefix(30))
    let bad = try CommandLineRun(["ocr", cut, Fixture.picture("waves")] + options)
    #expect(bad.status == 65 && bad.outputLines.count == 2 && bad.errors.contains("cut.pdf"))
    #expect(bad.outputLines[0] == cut + "\t")
    let beyond = try CommandLineRun(["ocr", file + "#page=99"] + options)
    #expect(beyond.status == 65 && beyond.errors.contains("expected a page from 1 to 3, found 99"))
  }

  @Test func withoutPopplerTheMessageNamesThePackage() throws {
    let scratch = try Scratch()
    let file = try scratch.write("a.pdf", Self.pdf(pages: 1))
    let run = try CommandLineRun(
      ["ocr", file, Fixture.picture("waves")] + options, environment: ["PATH": "/nowhere"])
    #expect(run.status == 69 && run.outputLines.count == 2)
    let errors = run.errorLines.filter { $0.hasPrefix("janus-lite: error: ") }
    #expect(errors.count == 1 && errors[0].contains("poppler-utils"))
  }

  // MARK: Other readings

  @Test func alternativesAreWrittenWithTheirProbabilities() throws {
    let picture = Fixture.picture("waves")
    let run = try CommandLineRun(["ocr", picture, "--json", "--alternatives", "3"] + options)
    #expect(run.status == 0, "\(run.errors)")
    let found = try #require(try object(run.outputLines[0])["alternatives"] as? [[String: Any]])
    #expect(found.count <= 3)
    for other in found {
      #expect(Set(other.keys) == ["latex", "confidence"])
      let latex = try #require(other["latex"] as? String)
      let check = try CommandLineRun(["formula", "--check"], input: Data(latex.utf8))
      #expect(check.status == 0, "\(latex): \(check.output)")
    }
    let lines = try CommandLineRun(["ocr", picture, "--alternatives", "3"] + options).outputLines
    #expect(lines.count == 1 + found.count)
    #expect(lines.allSatisfy { Double($0.split(separator: "\t")[0]) != nil })
    #expect(try CommandLineRun(["ocr", picture, "--alternatives", "65"] + options).status == 64)
  }

  @Test func delimitersAroundLaTeXThatIsGivenDoNotCount() throws {
    func run(_ text: String, _ options: [String] = []) throws -> CommandLineRun {
      try CommandLineRun(["formula"] + options, input: Data(text.utf8))
    }
    for text in [
      "$x^2$", "$$x^2$$", #"\(x^2\)"#, #"\[ x^2 \]"#, " \n$ x^2 $\n", "x^2", "$$x^2$$ %c",
      "%c\n$x^2$\n%d\n",
    ] {
      let found = try run(text)
      #expect(found.output == "x^{2}\n" && found.status == 0 && found.errors.isEmpty, "\(text)")
    }
    // Places are those of the text as it was given.
    #expect(try run("$a}b$", ["--check"]).output.hasPrefix("byte 2: "))
    #expect(try run("$a$ and $b$", ["--check"]).status == 65)
  }

  @Test func aKindWhoseLibraryIsMissingNamesThePackage() throws {
    // A stub is enough: the library is asked for before the file is read.
    let scratch = try Scratch()
    let file = try scratch.write(
      "x.tif", Data([0x49, 0x49, 0x2A, 0, 8, 0, 0, 0] + Array(repeating: 0, count: 60)))
    let run = try CommandLineRun(["ocr", file] + options)
    #expect(run.status == 65 && run.errorLines.count == 1)
    if !PictureLibrary.tiff.isInstalled {
      #expect(run.errors.contains("TIFF") && run.errors.contains("libtiff6"))
    }
  }
}
