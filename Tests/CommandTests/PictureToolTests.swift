import Foundation
import Testing

/// Written pictures, read by the tools of libpng and libjpeg-turbo where they are installed.
@Suite struct PictureToolTests {
  private static let pngcheck = "/usr/bin/pngcheck"
  private static let djpeg = "/usr/bin/djpeg"
  private static let rdjpgcom = "/usr/bin/rdjpgcom"
  private static let prompt = "a red circle"
  private static let entries = [
    "Description", prompt, "Seed", "11", "Guidance", "4.5", "Temperature", "0.75", "Model",
    "tiny.gguf",
  ]

  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func paint(_ more: String...) throws -> String {
    let run = try CommandLineRun(
      [
        "generate", Self.prompt, "-m", try Fixture.modelPath, "-o", scratch.path, "--seed", "11",
        "--cfg", "4.5", "--temperature", "0.75",
      ] + more)
    #expect(run.status == 0, "\(run.errors)")
    return try #require(run.outputLines.first)
  }

  private func output(of tool: String, _ arguments: String...) throws -> (Int32, Data) {
    let process = Process()
    process.executableURL = URL(filePath: tool)
    process.arguments = arguments
    process.environment = ["LC_ALL": "C.UTF-8"]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, data)
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: PictureToolTests.pngcheck)))
  func pngcheckAcceptsAPictureAndItsText() throws {
    let (status, data) = try output(of: Self.pngcheck, "-7vt", try paint())
    let text = String(decoding: data, as: UTF8.self)
    #expect(status == 0 && text.contains("No errors detected"), "\(text)")
    for entry in Self.entries { #expect(text.contains(entry), "\(entry) in \(text)") }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: PictureToolTests.djpeg)))
  func djpegAcceptsAPictureAndItsComment() throws {
    let picture = try paint("--format", "jpeg", "--quality", "80")
    let (status, pixels) = try output(of: Self.djpeg, "-strict", "-pnm", picture)
    #expect(status == 0)
    #expect(pixels.prefix(3) == Data("P6\n".utf8))
    let (_, data) = try output(of: Self.rdjpgcom, "-raw", picture)
    let text = String(decoding: data, as: UTF8.self)
    for entry in Self.entries { #expect(text.contains(entry), "\(entry) in \(text)") }
  }
}
