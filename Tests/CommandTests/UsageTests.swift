import Foundation
import Testing

@Suite struct UsageTests {
  @Test func helpListsEveryCommandAndEachHasHelp() throws {
    let help = try CommandLineRun(["--help"])
    #expect(help.status == 0 && help.errors.isEmpty)
    for command in ["ocr", "chat", "convert", "info", "tokenize"] {
      #expect(help.output.contains("\n  \(command) "))
      let own = try CommandLineRun([command, "--help"])
      #expect(own.status == 0 && own.output.contains("USAGE: janus-lite \(command)"))
    }
  }

  @Test(arguments: ["--version", "-V"])
  func versionNamesTheInstructionSet(_ option: String) throws {
    let run = try CommandLineRun([option], environment: ["JANUS_LITE_ISA": "portable"])
    #expect(run.status == 0)
    #expect(run.output.wholeMatch(of: /janus-lite \d+\.\d+\.\d+ \(.*portable, .*\)\n/) != nil)
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func completionScriptsAreMade(shell: String) throws {
    let run = try CommandLineRun(["--generate-completion-script", shell])
    #expect(run.status == 0 && run.output.contains("tokenize"))
  }

  @Test(arguments: [
    ["frobnicate"], ["ocr", "a.png"], ["chat", "hello"],
    ["chat", "hello", "--temperature", "warm", "-m", "x"],
    ["chat", "hello", "--temperature=-1", "-m", "x"], ["chat", "hello", "--top-p", "0", "-m", "x"],
    ["chat", "hello", "--top-k", "0", "-m", "x"],
    ["chat", "hello", "--max-tokens", "0", "-m", "x"],
    ["chat", "hello", "--logprobs", "1001", "-m", "x"], ["chat", "hello", "--threads", "0"],
    ["chat", "-", "--image", "-", "-m", "x"], ["chat", "--image", "-", "-m", "/dev/null/x"],
    ["info", "--verify"], ["info", "--isa", "mmx"], ["tokenize", "hello"], ["convert", "x"],
  ])
  func wrongUsageIsOneLineAndCode64(arguments: [String]) throws {
    let run = try CommandLineRun(arguments)
    let expected: Int32 = arguments.contains("/dev/null/x") ? 66 : 64
    #expect(run.status == expected)
    #expect(run.output.isEmpty)
    #expect(run.errorLines.count == 1)
    #expect(run.errors.hasPrefix("janus-lite: error: "))
  }

  @Test func eachKindOfFailureHasItsCode() throws {
    let scratch = try Scratch()
    let text = try scratch.write("text.gguf", Data("not a model".utf8))
    let empty = try scratch.write("empty.gguf", Data())
    let cases: [(arguments: [String], status: Int32)] = [
      (["info", scratch.file("absent.gguf")], 66),
      (["ocr", "a.png", "-m", scratch.file("absent.gguf")], 66),
      (["tokenize", "a", "-m", scratch.file("absent.gguf")], 66),
      (["convert", scratch.file("absent"), "-o", scratch.file("a.gguf")], 66),
      (["info", text], 65), (["chat", "hello", "-m", text], 65), (["info", empty], 65),
      (["info", scratch.path], 74),
    ]
    for (arguments, status) in cases {
      let run = try CommandLineRun(arguments)
      #expect(run.status == status, "\(arguments): \(run.errors)")
      #expect(run.output.isEmpty && run.errorLines.count == 1)
      #expect(run.errors.hasPrefix("janus-lite: error: "))
    }
  }

  /// Otherwise files and pipes that the command opens would get the numbers of these streams.
  @Test func closedStreamsAreNeitherReadNorWritten() throws {
    let model = try Fixture.modelPath
    let picture = Fixture.picture("rings")
    for (line, code) in [("ocr '\(picture)' <&- >&-", 74), ("ocr - <&-", 65), ("chat <&-", 64)] {
      let shell = try CommandLineRun(
        ["-c", "'\(CommandLineRun.executable.path(percentEncoded: false))' \(line)"],
        environment: ["JANUS_LITE_MODEL": model], command: URL(filePath: "/bin/sh"))
      #expect(shell.status == code, "\(line): \(shell.errors)")
      #expect(shell.errorLines.count == 1 && shell.output.isEmpty)
    }
  }

  @Test func aFullDiskBehindStandardOutputIsAnError() throws {
    guard let full = FileHandle(forWritingAtPath: "/dev/full") else { return }
    for arguments in [
      ["info"], ["--version"], ["--help"], ["ocr", "--help"], ["help", "ocr"],
      ["--generate-completion-script", "bash"],
    ] {
      let process = CommandLineRun.process(arguments, environment: [:])
      process.standardOutput = full
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 74, "\(arguments)")
    }
  }
}
