#if os(Linux)
  import Foundation
  import Testing

  /// The command at a terminal.
  private final class Terminal {
    private let primary: Int32
    let process: Process
    private(set) var shown = ""

    init(_ arguments: [String]) throws {
      // What posix_openpt, unlockpt and ptsname do, which Swift's Glibc does not show.
      primary = open("/dev/ptmx", O_RDWR | O_NOCTTY)
      let (unlock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
      var (locked, number): (Int32, Int32) = (0, 0)
      guard ioctl(primary, unlock, &locked) == 0, ioctl(primary, getNumber, &number) == 0 else {
        throw POSIXError(.ENOTTY)
      }
      let secondary = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
      let handle = FileHandle(fileDescriptor: secondary, closeOnDealloc: true)
      process = CommandLineRun.process(arguments, environment: [:])
      process.standardInput = handle
      process.standardOutput = handle
      process.standardError = handle
      try process.run()
    }

    deinit {
      if process.isRunning { process.terminate() }
      close(primary)
    }

    func type(_ text: String) {
      _ = text.withCString { write(primary, $0, strlen($0)) }
    }

    /// Reads until `text` has been shown `count` times; false when that does not happen.
    func waits(for text: String, count: Int = 1) -> Bool {
      var buffer = [UInt8](repeating: 0, count: 4096)
      while shown.components(separatedBy: text).count <= count {
        var descriptor = pollfd(fd: primary, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, 60_000) == 1 else { return false }
        let read = Foundation.read(primary, &buffer, buffer.count)
        guard read > 0 else { return false }
        shown += String(decoding: buffer[..<read], as: UTF8.self)
      }
      return true
    }

    /// The exit code; -1 for a process that a signal ended, or that did not end within a minute.
    func waitForExit() -> Int32 {
      let deadline = Date.now + 60
      while process.isRunning, Date.now < deadline { usleep(5000) }
      guard !process.isRunning else { return -1 }
      return process.terminationReason == .exit ? process.terminationStatus : -1
    }
  }

  @Suite struct ConversationTests {
    let model: String

    init() throws { model = try Fixture.modelPath }

    @Test func commandsOfAConversationAreObeyed() throws {
      let terminal = try Terminal(["chat", "-m", model, "--max-tokens", "4"])
      #expect(terminal.waits(for: "> "))
      terminal.type("/help\n")
      #expect(terminal.waits(for: "/reset"))
      terminal.type("/image \(Fixture.folder)/absent.png\n")
      #expect(terminal.waits(for: "janus-lite: error: cannot open"))
      terminal.type("/image \(Fixture.picture("waves"))\n")
      #expect(terminal.waits(for: "[1 picture] > "))
      terminal.type("/image \"\(Fixture.picture("rings"))\" \n")
      #expect(terminal.waits(for: "[2 pictures] > "))
      terminal.type("/image \(Fixture.picture("rings").replacing("rings", with: "r\\ings"))\n")
      #expect(terminal.waits(for: "[3 pictures] > "))
      terminal.type("What is it?\n")
      #expect(terminal.waits(for: "> ", count: 7))
      terminal.type("/reset\n")
      #expect(terminal.waits(for: "> ", count: 8))
      terminal.type("/exit\n")
      #expect(terminal.waitForExit() == 0)
    }

    @Test func picturesOfAMessageThatFailsAreForgotten() throws {
      let terminal = try Terminal(["chat", "-m", model, "--image", "\(Fixture.folder)/absent.png"])
      #expect(terminal.waits(for: "[1 picture] > "))
      terminal.type("What is it?\n")
      #expect(terminal.waits(for: "forgot the message's pictures"))
      #expect(terminal.waits(for: "again\r\n> "))
      terminal.type("/exit\n")
      #expect(terminal.waitForExit() == 0)
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
