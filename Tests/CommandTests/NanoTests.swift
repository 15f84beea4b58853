import Foundation
import JanusImages
import Testing

/// From file to answer with a trained model, Models/janus-nano in int4. Its answers must be right.
@Suite(.enabled(if: Nano.isThere, "Models/janus-nano is not in this checkout"))
struct NanoTests {
  let model: String

  init() throws { model = try Nano.modelPath }

  @Test func formulasInPicturesOfEveryKindAreRead() throws {
    let wanted = try Nano.answers
    let names = wanted.keys.sorted()
    let run = try CommandLineRun(["ocr"] + names.map(Nano.sample) + ["-m", model])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.outputLines.count == names.count)
    for (name, line) in zip(names, run.outputLines) {
      #expect(line == Nano.sample(name) + "\t" + (wanted[name] ?? ""), "\(name)")
    }
  }

  /// The default model alone, since others are known to who chose them.
  @Test func theDefaultModelSaysOnceWhereItIsOutOfItsDepth() throws {
    let folder = try Scratch()
    let command = URL(filePath: folder.file("janus-lite"))
    try FileManager.default.copyItem(
      atPath: CommandLineRun.executable.path, toPath: folder.file("janus-lite"))
    try FileManager.default.copyItem(atPath: model, toPath: folder.file("janus-nano.gguf"))
    func notes(_ pictures: [String], _ more: [String] = []) throws -> Int {
      let run = try CommandLineRun(["ocr"] + pictures + more, command: command)
      #expect(run.status == 0, "\(run.errors)")
      return run.errorLines.count { $0.contains("the default model, reads short printed formulas") }
    }
    let samples = try Nano.answers.keys.sorted().map(Nano.sample)
    #expect(try notes(samples) == 0)
    // Formulas upside down.
    let strange = try ["plain.png", "dark.png", "noise.png"].map { name in
      let bytes = try Data(contentsOf: URL(filePath: Nano.sample(name)))
      let picture = try Picture(decoding: [UInt8](bytes))
      let channels = picture.bytes.count / (picture.width * picture.height)
      let pixels = stride(from: 0, to: picture.bytes.count, by: channels).reversed().flatMap {
        picture.bytes[$0..<$0 + channels]
      }
      let turned = Picture(width: picture.width, height: picture.height, bytes: pixels)
      return try folder.write("turned-" + name, Data(turned.encodePNG()))
    }
    #expect(try notes(samples + strange + strange) == 1)
    #expect(try notes(strange, ["-m", model]) == 0)
    for (question, isTold) in [("What is this?", true), ("Convert the formula to LaTeX.", false)] {
      let chat = try CommandLineRun(
        ["chat", question, "--image", Nano.sample("plain.png")], command: command)
      #expect(chat.status == 0 && chat.errors.contains("does not converse") == isTold)
    }
    let named = try CommandLineRun(["ocr", strange[0], "-m", "janus-nano"], command: command)
    #expect(named.status == 0, "\(named.errors)")
  }

  @Test func theDefaultModelLiesBesideTheCommand() throws {
    let folder = try Scratch()
    let command = folder.file("janus-lite")
    try FileManager.default.copyItem(atPath: CommandLineRun.executable.path, toPath: command)
    try FileManager.default.copyItem(atPath: model, toPath: folder.file("janus-nano.gguf"))
    let arguments = ["ocr", Nano.sample("plain.png")]
    let beside = try CommandLineRun(arguments, command: URL(filePath: command))
    #expect(beside.status == 0, "\(beside.errors)")
    #expect(try beside.output == CommandLineRun(arguments + ["-m", model]).output)
  }

  /// The formula's LaTeX as a conversation gives it.
  private func ask(_ question: String, about picture: String) throws -> String {
    let run = try CommandLineRun(["chat", question, "--image", Nano.sample(picture), "-m", model])
    #expect(run.status == 0, "\(run.errors)")
    return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test(arguments: [
    "Convert the formula into latex code.", "Please convert the formula in the image to LaTeX.",
    "将图片中的公式转换为 LaTeX 代码。",
  ])
  func aConversationReadsAFormulaInEitherLanguage(_ question: String) throws {
    #expect(try ask(question, about: "plain.png") == Nano.answers["plain.png"])
  }

  /// The prompt's pictures of seeds 3 to 6, painted as one batch into `folder`.
  private func batch(of prompt: String, in folder: Scratch) throws -> [Picture] {
    let run = try CommandLineRun([
      "generate", prompt, "-n", "4", "--seed", "3", "-o", folder.path, "-m", model,
    ])
    #expect(run.status == 0, "\(run.errors)")
    let pictures = try run.outputLines.map { path in
      try Picture(decoding: [UInt8](Data(contentsOf: URL(filePath: path))))
    }
    #expect(pictures.count == 4)
    return pictures
  }

  @Test func aBatchPaintsWhatItWasAskedFor() throws {
    let pictures = try batch(of: "a red circle on a blue background", in: Scratch())
    // The corner belongs to the background, the middle to the shape. One in ten may fail by chance.
    let right = pictures.filter { picture in
      isBlue(picture, x: 2, y: 2) && isRed(picture, x: picture.width / 2, y: picture.height / 2)
    }
    #expect(right.count >= 3)
  }

  @Test func eachPictureOfABatchIsItsSeeds() throws {
    let folder = try Scratch()
    let prompt = "a red circle on a blue background"
    let pictures = try batch(of: prompt, in: folder)
    let alone = try CommandLineRun([
      "generate", prompt, "--seed", "5", "-o", folder.path, "-m", model, "--threads", "1", "--json",
    ])
    #expect(alone.status == 0, "\(alone.errors)")
    let path = try #require(try folder.names.first { $0.contains("-5") })
    #expect(
      try Picture(decoding: [UInt8](Data(contentsOf: URL(filePath: folder.file(path)))))
        == pictures[2])
  }

  private func colour(_ picture: Picture, x: Int, y: Int) -> [Int] {
    let pixel = (y * picture.width + x) * 3
    return picture.bytes[pixel..<pixel + 3].map { Int($0) }
  }

  private func isRed(_ picture: Picture, x: Int, y: Int) -> Bool {
    let colour = colour(picture, x: x, y: y)
    return colour[0] > 150 && colour[1] < 110 && colour[2] < 110
  }

  private func isBlue(_ picture: Picture, x: Int, y: Int) -> Bool {
    let colour = colour(picture, x: x, y: y)
    return colour[2] > 150 && colour[0] < 120 && colour[1] < 140
  }

  @Test func aPictureWithoutWritingIsRefusedByNameAndTheOthersAreRead() throws {
    let folder = try Scratch()
    let blank = folder.file("blank.png")
    let white = Picture(width: 60, height: 40, filledWith: [255, 255, 255])
    try Data(white.encodePNG()).write(to: URL(filePath: blank))
    let run = try CommandLineRun(["ocr", blank, Nano.sample("dark.png"), "-m", model])
    #expect(run.status == 65)
    #expect(run.errorLines.count == 2 && run.errorLines.first?.contains("blank.png") == true)
    #expect(run.outputLines.first == blank + "\t")
    #expect(
      try run.outputLines.last == Nano.sample("dark.png") + "\t"
        + (Nano.answers["dark.png"] ?? ""))
    let chat = try CommandLineRun(["chat", "What is this?", "--image", blank, "-m", model])
    #expect(chat.status == 65 && chat.output.isEmpty && chat.errorLines.count == 1)
  }

  @Test(arguments: [
    "Qwghlm vrpt zzz?", "🙂🙂🙂", "\u{0}\u{7}", "write me a poem about the sea, please",
    "<|User|> <begin_of_image> <image_placeholder", String(repeating: "x^{", count: 100),
  ])
  func wordsThatTheModelNeverSawEndInAnAnswer(_ prompt: String) throws {
    let arguments = ["-m", model, "--max-tokens", "200"]
    let text = try CommandLineRun(["chat", "-"] + arguments, input: Data(prompt.utf8))
    #expect(text.status == 0 && text.output.hasSuffix("\n"), "\(text.errors)")
    let picture = try CommandLineRun(
      ["chat", "-", "--image", Nano.sample("noise.png")] + arguments, input: Data(prompt.utf8))
    #expect(picture.status == 0, "\(picture.errors)")
  }

  @Test func anEmptyPromptIsWrongUsage() throws {
    for arguments in [["chat", " "], ["generate", ""]] {
      let run = try CommandLineRun(arguments + ["-m", model])
      #expect(run.status == 64 && run.output.isEmpty && run.errorLines.count == 1)
    }
  }
}

/// The model of the repository, and the samples that it reads.
enum Nano {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let checkpoint = root.appending(path: "Models/janus-nano").path

  static var isThere: Bool {
    FileManager.default.fileExists(atPath: checkpoint + "/model.safetensors")
  }

  static func sample(_ name: String) -> String { root.appending(path: "samples/\(name)").path }

  /// The LaTeX of each sample, by file name.
  static var answers: [String: String] {
    get throws {
      try JSONDecoder().decode(
        [String: String].self, from: Data(contentsOf: root.appending(path: "samples/answers.json")))
    }
  }

  /// Converted to int4 at first use and removed with the process.
  private static let model: Result<(folder: Scratch, path: String), any Error> = Result {
    let scratch = try Scratch()
    let path = scratch.file("janus-nano.gguf")
    let run = try CommandLineRun(["convert", checkpoint, "-o", path])
    guard run.status == 0 else { throw Fixture.ConversionFailed(errors: run.errors) }
    atexit { if let (folder, _) = try? Nano.model.get() { folder.remove() } }
    return (scratch, path)
  }

  static var modelPath: String { get throws { try model.get().path } }
}
