#if os(Linux)
  import Foundation
  import Testing

  @Suite struct StatusLineTests {
    private static let clearing = "\r\u{1b}[K"

    /// What a terminal shows while the first picture of a folder with a wide name is read.
    private static func reading(
      environment: [String: String], columns: UInt16
    ) throws -> (name: String, shown: String, status: Int32) {
      let folder = try Scratch()
      let name = String(repeating: "公式の写真", count: 6) + "\t.png"
      try FileManager.default.copyItem(
        atPath: Fixture.picture("rings"), toPath: folder.file(name))
      let terminal = try Terminal(
        ["ocr", folder.file(name), "-m", try Fixture.modelPath, "--max-tokens", "3"],
        environment: environment, columns: columns)
      terminal.readToEnd()
      return (name, terminal.shown, terminal.waitForExit())
    }

    @Test func itNeverTakesMoreThanOneLine() throws {
      let run = try Self.reading(environment: ["TERM": "xterm"], columns: 41)
      #expect(run.status == 0)
      // The answer follows the last clearing.
      let lines = run.shown.components(separatedBy: Self.clearing).dropLast()
      #expect(lines.contains { $0.contains("公式の写真") })
      for line in lines {
        let columns = line.unicodeScalars.reduce(0) {
          $0 + (0x3000...0x9fff ~= $1.value ? 2 : 1)
        }
        #expect(columns <= 40, "\(line)")
        #expect(!line.contains("\t"), "\(line)")
      }
    }

    /// So that NO_COLOR has nothing to take away.
    @Test(arguments: [[:], ["NO_COLOR": "1"]] as [[String: String]])
    func nothingIsColoured(_ more: [String: String]) throws {
      let run = try Self.reading(
        environment: ["TERM": "xterm-256color"].merging(more) { $1 }, columns: 80)
      #expect(run.shown.contains("\u{1b}[K"))
      #expect(!run.shown.contains(/\u{1b}\[[0-9;:]*m/), "\(run.shown)")
    }

    @Test func aLanguageWithoutUTF8GetsABarWithoutBlocks() throws {
      let folder = try Scratch()
      for name in ["a.png", "b.png"] {
        try folder.write(name, Fixture.pictureData("rings"))
      }
      for (language, isPlain) in [("C", true), ("en_US.UTF-8", false), ("C.utf8", false)] {
        let terminal = try Terminal(
          ["ocr", folder.path, "-m", try Fixture.modelPath, "--max-tokens", "3"],
          environment: ["TERM": "xterm", "LC_ALL": language])
        terminal.readToEnd()
        #expect(terminal.shown.contains("█") != isPlain && terminal.shown.contains("##") == isPlain)
      }
    }

    @Test func aTerminalThatCannotClearALineGetsNone() throws {
      let run = try Self.reading(environment: ["TERM": "dumb"], columns: 80)
      #expect(run.status == 0)
      #expect(!run.shown.contains("\u{1b}"), "\(run.shown)")
      #expect(!run.shown.isEmpty)
    }
  }
#endif
