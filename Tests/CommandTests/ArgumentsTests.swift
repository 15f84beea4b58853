import Foundation
import Testing

/// What people type by mistake gets an answer that helps.
@Suite struct ArgumentsTests {
  @Test(arguments: [
    (["orc", "x.png"], "did you mean 'ocr'?"), (["genrate", "x"], "did you mean 'generate'?"),
    (["Chat"], "did you mean 'chat'?"), (["help", "ocrr"], "did you mean 'ocr'?"),
    (["zzzzzzzz"], "expected one of"),
    (["-m", "x.gguf", "ocr", "f.png"], "janus-lite ocr -m"),
    (["--verbose", "ocr", "f.png"], "janus-lite ocr --verbose"),
    (["generate", "a", "red", "circle"], "\"a red circle\""),
    (["chat", "--image", "x.png", "hello", "there"], "\"hello there\""),
    (["generate", "x", "--size", "512"], "384 × 384"),
    (["generate", "x", "--cfg-scale", "7"], "called --cfg"),
    (["generate", "x", "--negative-prompt", "y"], "called --negative"),
    (["generate", "x", "--seed=-1"], "0 to 18446744073709551615"),
    (["ocr", "x.png", "--seed", "-1"], "without --seed"),
    (["generate", "x", "--jason", "y"], "'--json'"),
    (["ocr", "-photo.png"], "./-photo.png"), (["ocr", "-m.png"], "./-m.png"),
    (["generate", "-dash"], "'-dash' is no option"), (["ocr", "-h.png", "x.png"], "./-h.png"),
  ])
  func mistakesAreOneLineThatSaysWhatWasMeant(_ arguments: [String], _ hint: String) throws {
    let run = try CommandLineRun(arguments)
    #expect(run.status == 64 && run.output.isEmpty && run.errorLines.count == 1, "\(run.errors)")
    #expect(run.errors.contains(hint), "\(run.errors)")
  }

  @Test func lettersOfOneWordAreOptionsWhereAllAreKnown() throws {
    let run = try CommandLineRun(["chat", "-vh"])
    #expect(run.status == 0 && run.output.contains("USAGE"))
    let value = try CommandLineRun(
      ["chat", "x", "--system", "-words", "-m", Fixture.modelPath, "--max-tokens", "1"])
    #expect(!value.errors.contains("is no option"), "\(value.errors)")
  }

  /// A way that cannot be gone is not offered.
  @Test func aRequestThatIsTooLongIsToldWhatHelps() throws {
    let model = try Fixture.modelPath
    let picture = try CommandLineRun(
      ["ocr", Fixture.picture("rings"), "--context", "4", "-m", model])
    #expect(picture.status == 65 && picture.errors.contains(": allow more (--context)"))
    #expect(!picture.errors.contains("conversation"))
    let words = Data(String(repeating: "a ", count: 5_000).utf8)
    let painting = try CommandLineRun(["generate", "-", "-m", model], input: words)
    #expect(painting.status == 65 && painting.errors.contains("shorten the prompt"))
    #expect(!painting.errors.contains("--context") && !painting.errors.contains("conversation"))
    let chat = try CommandLineRun(["chat", "-", "-m", model], input: words)
    #expect(chat.errors.contains("/reset") && !chat.errors.contains("--context"))
  }

  @Test func aFileBehindTwoDashesIsAFile() throws {
    let run = try CommandLineRun(["ocr", "-m", Fixture.modelPath, "--", "-absent.png"])
    #expect(run.status == 66 && run.errors.contains("-absent.png"), "\(run.errors)")
  }
}
