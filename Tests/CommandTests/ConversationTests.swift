#if os(Linux)
  import Foundation
  import Testing

  @Suite struct ConversationTests {
    let model: String

    init() throws { model = try Fixture.modelPath }

    @Test func commandsOfAConversationAreObeyed() throws {
      let terminal = try Terminal(["chat", "-m", model, "--max-tokens", "4"])
      #expect(terminal.waits(for: "> "))
      terminal.type("/help\n")
      #expect(terminal.waits(for: "/reset"))
      // What is typed before the prompt is whole is shown within it.
      #expect(terminal.waits(for: "> ", count: 2))
      terminal.type("/image \(Fixture.folder)/absent.png\n")
      #expect(terminal.waits(for: "janus-lite: error: cannot open"))
      #expect(terminal.waits(for: "> ", count: 3))
      terminal.type("/image \(Fixture.picture("waves"))\n")
      #expect(terminal.waits(for: "[1 picture] > "))
      terminal.type("/image \"\(Fixture.picture("rings"))\" \n")
      #expect(terminal.waits(for: "[2 pictures] > "))
      terminal.type("/image \(Fixture.picture("rings").replacing("rings", with: "r\\ings"))\n")
      #expect(terminal.waits(for: "[3 pictures] > "))
      terminal.type("What is it?\n")
      #expect(terminal.waits(for: "> ", count: 7), "\(terminal.shown.debugDescription)")
      terminal.type("/reset\n")
      #expect(terminal.waits(for: "> ", count: 8))
      terminal.type("/exit\n")
      #expect(terminal.waitForExit() == 0)
    }

    @Test func picturesOfAMessageThatFailsAreForgotten() throws {
      let scratch = try Scratch()
      let picture = try scratch.write("rings.png", Fixture.pictureData("rings"))
      let terminal = try Terminal(["chat", "-m", model, "--image", picture])
      #expect(terminal.waits(for: "[1 picture] > "))
      try FileManager.default.removeItem(atPath: picture)
      terminal.type("What is it?\n")
      #expect(terminal.waits(for: "forgot the message's pictures"))
      #expect(terminal.waits(for: "again\r\n"))
      terminal.type("/exit\n")
      #expect(terminal.waitForExit() == 0)
    }

    @Test func aPictureThatIsNotThereIsToldAtOnceAndOneCanBeTakenBack() throws {
      let terminal = try Terminal(["chat", "-m", model, "--image", "\(Fixture.folder)/absent.png"])
      #expect(terminal.waits(for: "janus-lite: error: cannot open"))
      #expect(terminal.waits(for: "> "))
      terminal.type("/image \(Fixture.picture("waves"))\n")
      #expect(terminal.waits(for: "[1 picture] > "))
      terminal.type("/image\n")
      #expect(terminal.waits(for: "has no pictures now"))
      terminal.type("/image\n")
      #expect(terminal.waits(for: "/image needs"))
      terminal.type("/system\n")
      #expect(terminal.waits(for: "/system needs words"))
      terminal.type("/exit\n")
      #expect(terminal.waitForExit() == 0)
    }

    @Test(arguments: [
      ["generate", "x", "-o", "-"], ["decode", Fixture.picture("rings"), "-o", "-"],
      ["calibrate", "--texts", "x", "-o", "-"], ["convert", "x", "-o", "-"],
    ])
    func filesDoNotGoToATerminal(_ arguments: [String]) throws {
      let more = arguments[0] == "convert" ? [] : ["-m", model]
      let terminal = try Terminal(arguments + more)
      #expect(terminal.waits(for: "does not go to a terminal"), "\(terminal.shown)")
      #expect(terminal.waitForExit() == 64)
      #expect(!terminal.shown.contains("PNG"))
    }

    @Test func bytesThatAreNoUTF8EndNoConversation() throws {
      // Without the editor.
      let terminal = try Terminal(
        ["chat", "-m", model, "--max-tokens", "1"], environment: ["TERM": "dumb"])
      #expect(terminal.waits(for: "> "))
      terminal.type(bytes: Array("caf".utf8) + [0xe9, 0x0a])
      #expect(terminal.waits(for: "> ", count: 2))
      terminal.type("/exit\n")
      #expect(terminal.waitForExit() == 0)
      #expect(!terminal.shown.contains("error"))
    }

    @Test func interruptAtThePromptEndsTheConversation() throws {
      let terminal = try Terminal(["chat", "-m", model])
      #expect(terminal.waits(for: "> "))
      terminal.process.interrupt()
      #expect(terminal.waitForExit() == 0)
    }

    @Test func interruptStopsAnAnswerAndIsCode130() throws {
      let terminal = try Terminal([
        "chat", "Tell me everything.", "-m", model, "--max-tokens", "100000", "--temperature", "3",
        "--seed", "1", "--isa", "portable",
      ])
      // The status line goes when the first piece of the answer comes.
      #expect(terminal.waits(for: "\r\u{1b}[K", count: 2))
      terminal.process.interrupt()
      #expect(terminal.waitForExit() == 130)
      #expect(!terminal.shown.contains("error"))
    }
  }

  @Suite(.enabled(if: Nano.isThere, "Models/janus-nano is not in this checkout"))
  struct TrainedConversationTests {
    @Test func aConversationReadsOneFormulaAfterAnother() throws {
      let terminal = try Terminal(["chat", "-m", try Nano.modelPath])
      for (turn, name) in ["plain.png", "dark.png"].enumerated() {
        terminal.type("/image \(Nano.sample(name))\n")
        #expect(terminal.waits(for: "[1 picture] > ", count: turn + 1))
        terminal.type("Convert the formula into latex code.\n")
        let answer = try #require(try Nano.answers[name])
        #expect(terminal.waits(for: answer), "\(name)")
        terminal.type("/reset\n")
      }
      terminal.type("/exit\n")
      #expect(terminal.waitForExit() == 0)
    }
  }
#endif
