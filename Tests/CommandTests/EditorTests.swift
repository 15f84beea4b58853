#if os(Linux)
  import Foundation
  import Testing

  /// Typing at a terminal, where libedit is there.
  @Suite(.enabled(if: dlopen("libedit.so.2", RTLD_LAZY) != nil, "libedit is not installed"))
  struct EditorTests {
    let scratch: Scratch
    let terminal: Terminal

    init() throws {
      scratch = try Scratch()
      terminal = try Terminal(
        ["chat", "-m", Fixture.modelPath, "--max-tokens", "1"],
        environment: ["TERM": "xterm", "HOME": scratch.path, "XDG_STATE_HOME": scratch.path])
      #expect(terminal.waits(for: "> "))
    }

    private func history() throws -> String {
      try String(contentsOfFile: scratch.file("janus-lite/history"), encoding: .utf8)
    }

    @Test func arrowsEditTheLineAndNeverReachTheModel() throws {
      terminal.type("abc\u{1b}[D\u{1b}[DX\u{1b}[A\u{1b}[B\u{1b}[1;2P\n")
      #expect(terminal.waits(for: "> ", count: 2))
      terminal.type("/save \(scratch.file("talk.json"))\n")
      #expect(terminal.waits(for: "saved"))
      terminal.type("/exit\n")
      #expect(terminal.waitForExit() == 0)
      let saved = try String(contentsOfFile: scratch.file("talk.json"), encoding: .utf8)
      #expect(saved.contains("aXbc"), "\(saved)")
    }

    @Test func keysThatDoNothingLeaveNothing() throws {
      // F5, F12, page up, a report of the mouse, Alt with an arrow, Shift with an arrow, Ctrl-V and Escape.
      for key in [
        "\u{1b}[15~", "\u{1b}[24~", "\u{1b}[5~", "\u{1b}[<0;10;10M", "\u{1b}[1;3D", "\u{1b}[1;2D",
        "\u{16}\u{1b}[31m", "\u{16}\u{7}", "\u{1b}OP",
      ] {
        terminal.type(key)
      }
      terminal.type("hi\n")
      #expect(terminal.waits(for: "> ", count: 2))
      terminal.type("/save \(scratch.file("talk.json"))\n")
      #expect(terminal.waits(for: "saved 1 message "))
      terminal.type("/exit\n")
      #expect(terminal.waitForExit() == 0)
      let saved = try String(contentsOfFile: scratch.file("talk.json"), encoding: .utf8)
      #expect(saved.contains("\"content\" : \"hi\""), "\(saved)")
    }

    @Test func aPastedTextIsOneMessage() throws {
      terminal.type("\u{1b}[200~one\ntwo\tthree\u{7}\nfour\u{1b}[201~")
      terminal.type("\n")
      #expect(terminal.waits(for: "> ", count: 2))
      terminal.type("/save \(scratch.file("talk.json"))\n")
      #expect(terminal.waits(for: "saved 1 "))
      let saved = try String(contentsOfFile: scratch.file("talk.json"), encoding: .utf8)
      #expect(saved.contains("one\\ntwo three\\nfour"), "\(saved)")
    }

    @Test func interruptClearsTheLineFirst() throws {
      terminal.type("half a line")
      #expect(terminal.waits(for: "half a line"))
      kill(terminal.process.processIdentifier, SIGINT)
      // In some runs beside all other tests no prompt comes back; alone it always does. The reason is not found yet.
      withKnownIssue("the prompt does not come back beside other tests", isIntermittent: true) {
        #expect(terminal.waits(for: "> ", count: 2, within: 15_000), "\(terminal.shown)")
      }
      if terminal.process.isRunning { kill(terminal.process.processIdentifier, SIGINT) }
      #expect(terminal.waitForExit() == 0)
    }

    @Test func tabCompletesCommandsAndNamesOfFiles() throws {
      try scratch.write("formula one.png", Data())
      terminal.type("/im\t\(scratch.path)/form\t\n")
      #expect(terminal.waits(for: "formula one.png"))
      #expect(terminal.waits(for: "error"))
    }

    @Test func aSavedConversationGoesOn() throws {
      terminal.type("first words\n")
      #expect(terminal.waits(for: "> ", count: 2))
      terminal.type("/retry\n")
      #expect(terminal.waits(for: "> ", count: 3))
      let file = scratch.file("talk.json")
      terminal.type("/save \(file)\n")
      #expect(terminal.waits(for: "saved 1 "))
      terminal.type("/reset\n/load \(file)\n")
      #expect(terminal.waits(for: "loaded 1 "))
      terminal.type("/save \(file)\n")
      #expect(terminal.waits(for: "saved 1 ", count: 2))
      let notes = try scratch.write("notes.txt", Data("notes".utf8))
      terminal.type("/save \(notes)\n")
      #expect(terminal.waits(for: "another kind of file"))
      #expect(try history().contains("first") == true)
    }
  }
#endif
