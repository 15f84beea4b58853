import ArgumentParser
import Foundation
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// `janus-lite decode`: image tokens back into a picture.
struct DecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Turn image tokens back into a picture.",
    discussion: """
      The file holds a JSON array of codes in raster order, or what 'generate --json' printed, of \
      which --picture chooses one.
      """)

  @Argument(
    help: ArgumentHelp("JSON file of codes, or - for standard input.", valueName: "codes"),
    completion: .file())
  var codes: String

  @Option(
    name: [.short, .customLong("output")],
    help: ArgumentHelp(
      "Picture to write, .png, .jpg or .webp; - for a PNG to standard output.", valueName: "file"),
    completion: .file(extensions: ["png", "jpg", "webp"]))
  var output: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Quality of a JPEG or WebP file, 1 to 100.", valueName: "q")
  )
  var quality = 90

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Which picture of 'generate --json', from 1 on.", valueName: "n"))
  var picture = 1

  @Flag(help: "Replace a file that is no painting of this program.")
  var force = false

  @OptionGroup(title: "Model") var model: ModelOptions

  func validate() throws {
    guard (1...100).contains(quality) else {
      throw ValidationError("--quality: expected 1 to 100, found \(quality)")
    }
    guard picture > 0 else {
      throw ValidationError("--picture: expected 1 or more, found \(picture)")
    }
  }

  func run() throws {
    Interrupt.listen(endingProcess: true, writingFiles: true)
    let isStream = output == "-"
    let file =
      isStream
      ? PictureFile(path: "standard output", format: .png, quality: quality)
      : try PictureFile(path: output, quality: quality)
    if !isStream {
      try Gallery.check(output, option: "-o", replaces: force)
      try file.checkPlace()
    }
    let codes = try Self.codes(in: codes, picture)
    let painter = try Painter(try model.open())
    try painter.decodingNeed.checkFits()
    let picture = try Self.located(self.codes) { try painter.picture(codes) }
    let bytes = try file.encoded(picture, text: [("Software", "janus-lite \(Root.version)")])
    if isStream { try StandardOutput.write(bytes) } else { try file.write(bytes) }
  }

  /// Reports an error about the codes as an error of their file.
  private static func located<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as JanusError {
      guard case .request = error else { throw error }
      throw Failure(.data, "\(InputFile.shownName(path)): \(error)")
    }
  }

  private struct Report: Decodable {
    struct Picture: Decodable {
      let tokenIDs: [Int]

      enum CodingKeys: String, CodingKey {
        case tokenIDs = "token_ids"
      }
    }
    let images: [Picture]
  }

  /// More than the codes of ten thousand pictures take.
  private static let byteLimit = 1 << 26

  private static func codes(in path: String, _ number: Int) throws -> [Int] {
    let data = try InputFile.withBytes(of: path, limit: byteLimit) { Data($0) }
    let pictures: [[Int]]
    if let codes = try? JSONDecoder().decode([Int].self, from: data) {
      pictures = [codes]
    } else {
      pictures = (try? JSONDecoder().decode(Report.self, from: data))?.images.map(\.tokenIDs) ?? []
    }
    func failure(_ problem: String) -> Failure {
      Failure(.data, "\(InputFile.shownName(path)): \(problem)")
    }
    guard !pictures.isEmpty else {
      throw failure("expected a JSON array of codes, or what 'generate --json' printed")
    }
    guard number <= pictures.count else {
      throw failure("expected \(number) pictures or more, found \(pictures.count)")
    }
    return pictures[number - 1]
  }
}
