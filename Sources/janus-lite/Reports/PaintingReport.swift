import Foundation
import JanusImages
import JanusLite
import JanusRequests
import JanusSystem

/// What a painted picture says of how it was made.
struct PaintingReport: Encodable {
  let path: String
  let prompt: String
  let negative: String?
  let seed: UInt64
  let cfg: Float
  let temperature: Float
  let topK: Int?
  let topP: Float?
  /// Rows of codes that were taken from the picture of another seed.
  let keptRows: Int?
  let keptRowsSeed: UInt64?
  /// Of a contact sheet, how many.
  let pictures: String?
  let model: String?
  let cache: String?
  let instructionSet: String?
  let software: String

  enum CodingKeys: String, CodingKey {
    case path, prompt, negative, seed, cfg, temperature, pictures, model, cache, software
    case topK = "top_k"
    case topP = "top_p"
    case keptRows = "kept_rows"
    case keptRowsSeed = "kept_rows_seed"
    case instructionSet = "instruction_set"
  }

  /// False where the file is no picture.
  static func print(ofPicture path: String, json: Bool) throws -> Bool {
    let isStream = path == InputFile.standardInput
    // A model's name need not be a file, and nobody may ever write to a pipe.
    guard isStream || SystemPath.status(of: path).map({ $0.st_mode & S_IFMT == S_IFREG }) ?? false
    else { return false }
    let found: (Provenance, [(key: String, value: String)])?
    do {
      found = try read(path)
    } catch {
      guard !isStream else {
        throw Failure(
          .data,
          "standard input: expected a painted picture, found something else; a model is named by its file"
        )
      }
      return false
    }
    guard let (provenance, pairs) = found else {
      throw Failure(
        .data, "\(InputFile.shownName(path)): this picture does not say how it was painted")
    }
    let settings = provenance.settings
    func value(_ key: String) -> String? { pairs.first { $0.key == key }?.value }
    let report = PaintingReport(
      path: path, prompt: provenance.prompt,
      negative: provenance.negative.isEmpty ? nil : provenance.negative, seed: provenance.seed,
      cfg: settings.guidance, temperature: settings.temperature, topK: settings.topK,
      topP: settings.topP, keptRows: provenance.beginning?.lines,
      keptRowsSeed: provenance.beginning?.seed, pictures: value("Pictures"),
      model: value("Model"), cache: value("Cache"), instructionSet: value("Instruction set"),
      software: provenance.software)
    if json {
      try JSONLine.print(report)
    } else {
      let width = (pairs.map(\.key.count).max() ?? 0) + 2
      for (key, value) in pairs {
        try StandardOutput.line(
          key + String(repeating: " ", count: max(1, width - key.count)) + DisplayText.line(value))
      }
      if !isStream, let again = again(path, pairs) { try StandardOutput.line("\nagain: " + again) }
    }
    return true
  }

  /// The command that paints the same bytes, nil for a sheet of several prompts.
  private static func again(_ path: String, _ pairs: [(key: String, value: String)]) -> String? {
    func value(_ key: String) -> String? { pairs.first { $0.key == key }?.value }
    // A dash would begin an option.
    var words = ["janus-lite generate --like", quoted(path.hasPrefix("-") ? "./" + path : path)]
    if let pictures = value("Pictures") {
      guard let count = Int(pictures) else { return nil }
      words += ["-n", "\(count)", "--grid", "sheet.png"]
    }
    // Another cache, instruction set or model draws other codes now and then.
    let options = [("--kv", "Cache"), ("--isa", "Instruction set")]
    for (option, key) in options {
      if let value = value(key) { words += [option, quoted(value)] }
    }
    if let model = value("Model"), !DefaultModel.isNamed(model) { words += ["-m", quoted(model)] }
    return words.joined(separator: " ")
  }

  private static func quoted(_ path: String) -> String {
    let isPlain = path.utf8.allSatisfy {
      $0 == 0x2d || $0 == 0x2e || $0 == 0x2f || $0 == 0x5f || (0x30...0x39).contains($0)
        || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
    }
    return isPlain ? path : "'" + path.replacing("'", with: "'\\''") + "'"
  }

  /// Nil in place of its settings where a picture has none.
  ///
  /// - Throws: where the file is no picture.
  private static func read(
    _ path: String
  ) throws -> (Provenance, [(key: String, value: String)])? {
    try InputFile.withBytes(of: path, limit: 1 << 28) { bytes in
      guard PictureKind(of: UnsafeRawBufferPointer(rebasing: bytes.prefix(64))) != nil else {
        throw Failure(.data, "no picture")
      }
      let pairs = PictureText.pairs(in: bytes)
      return Provenance(pairs).map { ($0, pairs) }
    }
  }
}
