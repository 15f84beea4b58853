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
      #expect(terminal.waits(for: "> ", count: 2), "\(terminal.shown)")
      kill(terminal.process.processIdentifier, SIGINT)
      #expect(terminal.waitForExit() == 0)
    }

    /// On a busy machine the signal comes before the editor has read what was typed.
    @Test func interruptClearsWhatWasTypedAndNotYetRead() throws {
      let process = terminal.process.processIdentifier
      for turn in 2...4 {
        kill(process, SIGSTOP)
        terminal.type("half a line")
        kill(process, SIGINT)
        kill(process, SIGCONT)
        #expect(terminal.waits(for: "> ", count: turn), "\(terminal.shown)")
      }
      // Nothing of it is left.
      terminal.type("whole\n")
      #expect(terminal.waits(for: "> ", count: 5))
      #expect(try saved() == ["whole"])
      // An interruption before the prompt would be of what was before it.
      #expect(terminal.waits(for: "> ", count: 6))
      kill(process, SIGINT)
      #expect(terminal.waitForExit() == 0)
    }

    /// The questions of the conversation.
    private func saved() throws -> [String] {
      struct Talk: Decodable {
        struct Message: Decodable { let role, content: String }
        let messages: [Message]
      }
      let file = scratch.file("talk.json")
      terminal.type("/save \(file)\n")
      #expect(terminal.waits(for: "saved "))
      return try JSONDecoder().decode(Talk.self, from: Data(contentsOf: URL(filePath: file)))
        .messages.filter { $0.role == "user" }.map(\.content)
    }

    @Test func reportsOfTheMouseAndKeysOfTheConsoleLeaveNothing() throws {
      // X10: button, column and row as bytes, which may be letters or no UTF-8.
      for report in ["\u{1b}[M !!", "\u{1b}[M#ab", "\u{1b}[[A", "\u{1b}[[E"] {
        terminal.type(report)
      }
      terminal.type(bytes: [0x1b, 0x5b, 0x4d, 0x20, 0xe9, 0xff])
      terminal.type("hi\n")
      #expect(terminal.waits(for: "> ", count: 2))
      #expect(try saved() == ["hi"])
    }

    @Test func bytesThatAreNoUTF8AreShownAndSwallowNothing() throws {
      terminal.type(bytes: Array("caf".utf8) + [0xe9] + Array(" olé x".utf8) + [0xff, 0xe2, 0x82])
      terminal.type("\n")
      #expect(terminal.waits(for: "> ", count: 2))
      #expect(try saved() == ["caf\u{fffd} olé x\u{fffd}\u{fffd}"])
    }

    @Test func picturesThatAreDraggedIntoTheTerminalAreShown() throws {
      let plain = try scratch.write("one.png", Fixture.pictureData("rings"))
      let blank = try scratch.write("two words.png", Fixture.pictureData("waves"))
      var turn = 0
      for line in [
        plain, "'\(blank)'", blank.replacing(" ", with: "\\ ") + " ",
        "file://\(blank.replacing(" ", with: "%20"))",
      ] {
        turn += 1
        terminal.type(line + "\n")
        #expect(terminal.waits(for: "[\(turn) picture"), "\(line): \(terminal.shown)")
      }
      terminal.type("\(plain) '\(blank)'\n")
      #expect(terminal.waits(for: "[6 pictures] > "))
      // No picture, and no picture alone.
      terminal.type("\(scratch.file("absent.png"))\n")
      #expect(terminal.waits(for: "unknown command"))
      terminal.type("/reset\n")
      #expect(terminal.waits(for: "forgot everything"))
      terminal.type("see \(plain)\n")
      #expect(try saved() == ["see \(plain)"])
    }

    @Test func exitWithoutASlashIsToldHowToEnd() throws {
      // What is typed before a prompt may be shown in the middle of it, so each is awaited.
      for (turn, word) in ["exit", "Quit "].enumerated() {
        terminal.type(word + "\n")
        #expect(terminal.waits(for: "type /exit or press Ctrl-D", count: turn + 1))
        #expect(terminal.waits(for: "> ", count: turn + 2))
      }
      #expect(terminal.process.isRunning)
      #expect(try saved().isEmpty)
      #expect(terminal.waits(for: "> ", count: 4))
      terminal.type("exit the loop\n")
      let isAnswered = terminal.waits(for: "> ", count: 5)
      #expect(
        isAnswered, "running: \(terminal.process.isRunning), \(terminal.shown.debugDescription)")
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
