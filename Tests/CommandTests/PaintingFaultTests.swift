import Foundation
import JanusImages
import JanusLite
import Testing

/// Which files exist after painting that cannot go on.
@Suite struct PaintingFaultTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func arguments(_ model: String, _ more: String...) -> [String] {
    ["generate", "a red circle", "-m", model, "-o", scratch.path, "--seed", "4"] + more
  }

  @Test(arguments: [[SIGINT], [SIGINT, SIGINT, SIGINT], [SIGTERM], [SIGHUP]])
  func endedAnywhereItLeavesWholePicturesOnly(_ signals: [Int32]) throws {
    let model = try Fixture.modelPath
    for delay: UInt32 in [0, 3, 11, 23, 40] {
      let process = CommandLineRun.process(
        ["generate", "a red circle", "-m", model, "-o", scratch.path, "-n", "9999", "--batch", "2"])
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      let before = try scratch.names.count
      try process.run()
      let deadline = Date.now + 60
      while try scratch.names.count < before + 2, Date.now < deadline { usleep(1000) }
      usleep(delay * 1000)
      for signal in signals { kill(process.processIdentifier, signal) }
      process.waitUntilExit()
      // A signal that was held back while a file was written ends as an interruption.
      let code = process.terminationStatus
      #expect(process.terminationReason == .exit && [130, 128 + signals[0]].contains(code))
    }
    for name in try scratch.names {
      #expect(name.hasSuffix(".png"), "\(name)")
      let bytes = [UInt8](try Data(contentsOf: URL(filePath: scratch.file(name))))
      #expect(throws: Never.self, "\(name)") { try Picture(decoding: bytes) }
    }
  }

  @Test func aPreviewThatFailsEndsNoPicture() throws {
    let folder = try Scratch()
    let process = CommandLineRun.process(
      arguments(
        try Fixture.modelPath, "-n", "9", "--batch", "9", "--preview", folder.file("preview.png")))
    let errors = Pipe()
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    let deadline = Date.now + 60
    // The first preview, not what the command tries before it begins.
    let preview = URL(filePath: folder.file("preview.png"))
    while (try? Data(contentsOf: preview))?.isEmpty ?? true, Date.now < deadline { usleep(1000) }
    folder.remove()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && text.contains("preview"), "\(text)")
    #expect(try scratch.names.count == 9)
  }

  /// A limit on the size of files fails a write as a full disk does.
  @Test func onAFullDiskFinishedPicturesStayAndNothingIsHalfWritten() throws {
    let model = try Fixture.modelPath
    #expect(try CommandLineRun(arguments(model)).status == 0)
    let picture = scratch.file("a-red-circle-4.png")
    let size = try Data(contentsOf: URL(filePath: picture)).count
    try FileManager.default.removeItem(atPath: picture)

    // Half a kilobyte is enough for an error, not for a picture.
    try #require(size > 512)
    let tooSmall = try CommandLineRun(arguments(model), fileBlocks: 1)
    #expect(tooSmall.status == 74)
    #expect(tooSmall.errorLines.count == 1, "\(tooSmall.errors)")
    #expect(tooSmall.errors.contains("a-red-circle-4.png"))
    #expect(try scratch.names.isEmpty)

    // Room for each picture, not for the sheet of nine.
    let grid = scratch.file("sheet.png")
    let run = try CommandLineRun(
      arguments(model, "-n", "9", "--grid", grid), fileBlocks: size / 512 + 2)
    #expect(run.status == 74)
    #expect(run.errorLines.last?.contains("sheet.png") == true)
    #expect(run.outputLines.count == 9)
    #expect(try scratch.names.count == 9 && !scratch.names.contains("sheet.png"))
  }

  @Test func valuesThatAreNoNumbersEndPaintingWithoutAPicture() throws {
    for damaged in ["gen_head.1", "vq.up.1.res.0.conv1", "vq.up.0.upsample", "vq.conv_out"] {
      let model = try poisoned { $0.hasPrefix(damaged) }
      let run = try CommandLineRun(arguments(model))
      #expect(run.status == 65, "\(run.errors)")
      #expect(run.errorLines.count == 1 && run.errors.contains("NaN"))
      #expect(try scratch.names == ["tiny.gguf"])
    }
  }

  /// These tensors hold NaN. If one of them took part in a product, the result would be NaN.
  @Test func neitherTheTextHeadNorTheVisionTowerTakesPart() throws {
    let model = try poisoned {
      $0.hasPrefix("output.") || $0.hasPrefix("v.") || $0.hasPrefix("mm.")
    }
    #expect(try CommandLineRun(arguments(model)).status == 0)
    let found = try Data(contentsOf: URL(filePath: scratch.file("a-red-circle-4.png")))
    #expect(try CommandLineRun(arguments(try Fixture.modelPath)).status == 0)
    #expect(try Data(contentsOf: URL(filePath: scratch.file("a-red-circle-4.png"))) == found)
  }

  /// A copy of the model in which all bits of the chosen tensors are set: NaN in every format.
  private func poisoned(_ isChosen: (String) -> Bool) throws -> String {
    var bytes = try Data(contentsOf: URL(filePath: try Fixture.modelPath))
    let tensors = try Janus(path: try Fixture.modelPath).container.tensors
    for tensor in tensors where isChosen(tensor.name) {
      bytes.replaceSubrange(
        tensor.range, with: [UInt8](repeating: 0xff, count: tensor.range.count))
    }
    return try scratch.write("tiny.gguf", bytes)
  }
}
