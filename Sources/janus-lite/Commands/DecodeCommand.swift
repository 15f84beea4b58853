import ArgumentParser
import Foundation
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusRequests
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
    help: ArgumentHelp("JSON file of codes (default: standard input).", valueName: "codes"),
    completion: .file(),
    transform: FileName.path)
  var codes: String?

  @Option(
    name: [.short, .customLong("output")],
    help: ArgumentHelp(
      "Picture to write, .png, .jpg or .webp; - for a PNG to standard output.", valueName: "file"),
    completion: .file(extensions: ["png", "jpg", "webp"]),
    transform: FileName.path)
  var output: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Quality of a JPEG or WebP file, 1 to 100 (default: 90).", valueName: "q")
  )
  var quality: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Which picture of 'generate --json', from 1 on.", valueName: "n"))
  var picture = 1

  @Flag(help: "Replace a file that is no painting of this program.")
  var force = false

  @OptionGroup(title: "Model") var model: ModelOptions

  func validate() throws {
    if let quality, !(1...100).contains(quality) {
      throw ValidationError("--quality: expected 1 to 100, found \(quality)")
    }
    guard codes != nil || !StandardInput.isTerminal else {
      throw ValidationError("expected a file of codes, found none")
    }
    guard picture > 0 else {
      throw ValidationError("--picture: expected 1 or more, found \(picture)")
    }
  }

  func run() throws {
    Interrupt.listen(endingProcess: true, writingFiles: true)
    let isStream = output == "-"
    if isStream { try StandardOutput.checkTakesFiles() }
    let quality = quality ?? PictureFile.usualQuality
    let file =
      isStream
      ? PictureFile(path: "standard output", format: .png, quality: quality)
      : try PictureFile(path: output, quality: quality)
    if self.quality != nil, !file.format.hasQuality {
      StandardError.note("--quality is for JPEG and WebP; a PNG keeps all of a picture")
    }
    if !isStream {
      try Gallery.check(output, option: "-o", replaces: force)
      try file.checkPlace()
    }
    let source = codes ?? InputFile.standardInput
    let chosen = try Self.picture(picture, in: source)
    let painter = try Painter(try model.open())
    try painter.decodingNeed.checkFits()
    let picture = try Self.located(source) { try painter.picture(chosen.codes) }
    let bytes = try file.encoded(picture, text: chosen.text)
    if isStream {
      try StandardOutput.write(bytes)
    } else {
      if Gallery.found(at: output) != nil { StandardError.note("replaces '\(output)'") }
      try file.write(bytes)
    }
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
      let text: [[String]]?

      enum CodingKeys: String, CodingKey {
        case text
        case tokenIDs = "token_ids"
      }
    }
    let images: [Picture]
  }

  /// More than the codes of ten thousand pictures take.
  private static let byteLimit = 1 << 26

  /// The codes of a picture, and what its file is to say of how it was made.
  private static func picture(
    _ number: Int, in path: String
  ) throws -> (codes: [Int], text: [(key: String, value: String)]) {
    let data = try InputFile.withBytes(of: path, limit: byteLimit) { Data($0) }
    let software = [(key: "Software", value: "janus-lite \(Root.version)")]
    if let codes = try? JSONDecoder().decode([Int].self, from: data) { return (codes, software) }
    var pictures = (try? JSONDecoder().decode(Report.self, from: data))?.images ?? []
    if pictures.isEmpty {
      // Of several prompts, a line each.
      let reports = data.split(separator: UInt8(ascii: "\n")).map {
        try? JSONDecoder().decode(Report.self, from: Data($0))
      }
      if !reports.contains(where: { $0 == nil }) {
        pictures = reports.compactMap { $0?.images }.flatMap(\.self)
      }
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
    let picture = pictures[number - 1]
    let text = (picture.text ?? []).compactMap { pair in
      pair.count == 2 && Provenance.keys.contains(pair[0])
        ? (key: pair[0], value: pair[1].filter { $0 != "\0" }) : nil
    }
    return (picture.tokenIDs, text.contains { $0.key == "Software" } ? text : text + software)
  }
}
