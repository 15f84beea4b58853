import Foundation
import Testing

/// Standard input in place of an argument, and what is said at a terminal meanwhile.
@Suite struct PipeTests {
  let model: String

  init() throws { model = try Fixture.modelPath }

  @Test func aPipeStandsForTheArgumentThatIsMissing() throws {
    func run(_ arguments: [String], _ input: Data) throws -> CommandLineRun {
      let run = try CommandLineRun(arguments + ["-m", model], input: input)
      #expect(run.status == 0, "\(arguments): \(run.errors)")
      return run
    }
    let picture = try Fixture.pictureData("rings")
    let short = ["--max-tokens", "4"]
    #expect(try run(["ocr"] + short, picture).output == run(["ocr", "-"] + short, picture).output)
    let text = Data("a ring\n".utf8)
    #expect(try run(["tokenize"], text).output == run(["tokenize", "a ring"], Data()).output)
    let scratch = try Scratch()
    let painted = try run(["generate", "--seed", "1", "--json", "-o", scratch.path], text)
    _ = try run(["decode", "-o", scratch.file("d.png")], Data(painted.output.utf8))
    #expect(try scratch.names == ["a-ring-1.png", "d.png"])
    // Nothing in the pipe is a picture that cannot be read.
    let nothing = try CommandLineRun(["ocr", "-m", model])
    #expect(nothing.status == 65 && nothing.errors.contains("standard input"))
  }

  @Test func aDashIsStandardOutputInEveryCommand() throws {
    let options = ["-m", model, "--max-tokens", "4"]
    let read = try CommandLineRun(["ocr", Fixture.picture("rings")] + options)
    let dash = try CommandLineRun(["ocr", Fixture.picture("rings"), "-o", "-"] + options)
    #expect(dash.status == 0 && dash.output == read.output, "\(dash.errors)")
    let resumed = try CommandLineRun(["ocr", "x.png", "-o", "-", "--resume"] + options)
    #expect(resumed.status == 64)
    let scratch = try Scratch()
    for arguments in [
      ["generate", "x", "--seed", "1", "-m", model], ["convert", Fixture.checkpoint],
    ] {
      let run = try CommandLineRun(arguments + ["-o", "-"], in: scratch)
      #expect(run.status == 0 && run.output.count > 100, "\(run.errors)")
    }
    #expect(try scratch.names.isEmpty)
  }

  @Test func settingsThatDoNothingAreRefusedOrSaid() throws {
    for command in [["ocr", Fixture.picture("rings")], ["chat", "x"]] {
      let run = try CommandLineRun(command + ["--logprobs", "2", "-m", model])
      #expect(run.status == 64 && run.errors.contains("--logprobs needs --json"), "\(run.errors)")
    }
    let scratch = try Scratch()
    let paint = [
      "generate", "x", "--seed", "1", "-o", scratch.path, "-m", model, "--quality", "50",
    ]
    let run = try CommandLineRun(paint)
    #expect(run.status == 0 && run.errors.contains("--quality is for JPEG and WebP"))
    let jpeg = try CommandLineRun(paint + ["--format", "jpg"])
    #expect(jpeg.status == 0 && jpeg.errors.isEmpty, "\(jpeg.errors)")
    #expect(try scratch.names == ["x-1.jpg", "x-1.png"])
  }

  #if os(Linux)
    @Test(arguments: [["ocr", "-"], ["chat", "-"], ["tokenize", "-"], ["formula"]])
    func aTerminalIsToldThatSomethingIsAwaited(_ arguments: [String]) throws {
      var arguments = arguments
      if arguments[0] != "formula" { arguments += ["-m", model] }
      let terminal = try Terminal(arguments)
      #expect(terminal.waits(for: "reads standard input"))
      terminal.process.interrupt()
      #expect(terminal.waitForExit() == 130)
    }

    @Test(arguments: [["ocr"], ["decode", "-o", "x.png"], ["tokenize"]])
    func aTerminalIsNoPipe(_ arguments: [String]) throws {
      let terminal = try Terminal(arguments + ["-m", model])
      terminal.readToEnd()
      #expect(terminal.waitForExit() == 64, "\(terminal.shown)")
    }
  #endif
}
