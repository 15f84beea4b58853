import Foundation
import Testing

/// A default model that is missing or damaged.
@Suite struct DefaultModelTests {
  /// A copy of the command alone in a folder.
  private func lonelyCommand() throws -> (folder: Scratch, command: URL) {
    let folder = try Scratch()
    try FileManager.default.copyItem(
      atPath: CommandLineRun.executable.path, toPath: folder.file("janus-lite"))
    return (folder, URL(filePath: folder.file("janus-lite")))
  }

  @Test func aMissingDefaultIsNamedWithTheWaysToAnother() throws {
    let (folder, command) = try lonelyCommand()
    let run = try CommandLineRun(["chat", "hello"], command: command)
    #expect(run.status == 64 && run.output.isEmpty && run.errorLines.count == 1)
    for part in [folder.file("janus-nano.gguf"), "-m", "JANUS_LITE_MODEL", "convert", "./demo"] {
      #expect(run.errors.contains(part), "\(part)")
    }
  }

  @Test func aDamagedDefaultIsNamedWithTheWaysToAnother() throws {
    let (folder, command) = try lonelyCommand()
    let whole = try Data(contentsOf: URL(filePath: Fixture.modelPath))
    for damaged in [Data(), Data("text".utf8), whole.prefix(whole.count / 2)] {
      try folder.write("janus-nano.gguf", damaged)
      for arguments in [["chat", "hello"], ["ocr", Fixture.picture("waves")], ["tokenize", "x"]] {
        let run = try CommandLineRun(arguments, command: command)
        #expect(run.status == 65 && run.output.isEmpty && run.errorLines.count == 1)
        for part in [folder.file("janus-nano.gguf"), "-m", "JANUS_LITE_MODEL"] {
          #expect(run.errors.contains(part), "\(part)")
        }
      }
    }
  }
}
