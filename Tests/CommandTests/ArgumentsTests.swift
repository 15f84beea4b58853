import Foundation
import Testing

/// What people type by mistake gets an answer that helps.
@Suite struct ArgumentsTests {
  @Test(arguments: [
    (["orc", "x.png"], "did you mean 'ocr'?"), (["genrate", "x"], "did you mean 'generate'?"),
    (["Chat"], "did you mean 'chat'?"), (["help", "ocrr"], "did you mean 'ocr'?"),
    (["OCR", "x.png"], "did you mean 'ocr'?"), (["version"], "did you mean '--version'?"),
    (["zzzzzzzz"], "expected one of"), (["paint", "x"], "did you mean 'generate'?"),
    (["read", "x.png"], "did you mean 'ocr'?"), (["list"], "did you mean 'models'?"),
    (["models", "rm"], "janus-lite models rm --help"),
    (["chat", "x", "--temp", "2"], "called --temperature"),
    (["generate", "-5 rings"], "-- before a text"), (["generate", "x", "-seed", "5"], "'--seed'?"),
    (["ocr", "x.png", "-o", ""], "found ''"),
    (["ocr", "x.png", "-o", "all.xlsx"], "all.csv"),
    (["ocr", "x.png", "-ox.csv"], "-o x.csv"), (["ocr", "x.png", "-o=all.xlsx"], "all.csv"),
    (["generate", "x", "-o", "out.txt"], "expected a folder"),
    (["generate", "x", "--name", "x.jpg"], "--format jpeg"),
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
    (["generate", "a dog", "-s", "7"], "Unknown option '-s'"),
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

  @Test func aNumberMayStandRightBehindItsLetter() throws {
    let codes = try CommandLineRun([
      "generate", "a dog", "-n2", "--seed", "1", "--dry-run", "-m", Fixture.modelPath,
    ])
    #expect(codes.status == 0, "\(codes.errors)")
    let many = try CommandLineRun(["generate", "a dog", "-n10000", "-m", Fixture.modelPath])
    #expect(many.status == 64 && many.errors.contains("-n: expected 1 to 9999"), "\(many.errors)")
    // Behind two dashes it is a text.
    let text = try CommandLineRun(["tokenize", "-m", Fixture.modelPath, "--", "-n4"])
    #expect(text.status == 0, "\(text.errors)")
  }

  @Test func textsThatAreNoUTF8AreRefusedAndNamesAreNot() throws {
    let scratch = try Scratch()

    try FileManager.default.copyItem(atPath: Fixture.modelPath, toPath: scratch.file("m.gguf"))
    // A shell gives bytes that Foundation would not.
    let script = """
      mv "$1/m.gguf" "$1/$(printf 'm\\351.gguf')"
      JANUS_LITE_MODEL="$1/$(printf 'm\\351.gguf')" "$2" chat hi --max-tokens 1 || exit 1
      for command in tokenize generate chat; do
        "$2" "$command" "$(printf 'a \\351')" -m "$1/$(printf 'm\\351.gguf')"; [ $? = 64 ] || exit 2
      done
      """
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", script, "sh", scratch.path, CommandLineRun.executable.path]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
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
    // Nobody holds a conversation here.
    #expect(!chat.errors.contains("/reset") && !chat.errors.contains("--context"))
    #expect(chat.errors.contains("shorten the prompt"))
  }

  @Test func aFileBehindTwoDashesIsAFile() throws {
    let run = try CommandLineRun(["ocr", "-m", Fixture.modelPath, "--", "-absent.png"])
    #expect(run.status == 66 && run.errors.contains("-absent.png"), "\(run.errors)")
  }
}
