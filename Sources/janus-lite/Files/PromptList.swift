import Foundation
import JanusSystem

/// Prompts to paint, with what each of them says of its own pictures.
struct PromptList {
  struct Entry: Equatable {
    var prompt: String
    var negative: String?
    var seed: UInt64?
    var number: Int?
    /// Pattern of its files' names.
    var name: String?
    var sampling = PaintingSampling()
    /// Where it stands, in messages; nil on the command line.
    var place: String?
  }

  let entries: [Entry]

  private static let byteLimit = 1 << 24
  static let most = 10_000

  /// One prompt a line. A line that begins with a brace is JSON: `{"prompt": …, "negative": …, "seed":
  /// …, "n": …}`, and what else `Line` has. Empty lines are passed over.
  ///
  /// - Parameter format: of the pictures, which their names may end with.
  init(reading name: String, format: PictureFile.Format = .png) throws {
    let bytes = try InputFile.withBytes(of: name, limit: Self.byteLimit) { [UInt8]($0) }
    try self.init(bytes, name: InputFile.shownName(name), format: format)
  }

  /// - Parameter name: of the file, in messages.
  init(_ bytes: [UInt8], name: String, format: PictureFile.Format = .png) throws(Failure) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(.data, "\(name): expected text in UTF-8, found other bytes")
    }
    var entries: [Entry] = []
    let lines = text.trimmingPrefix("\u{FEFF}").split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (number, line) in lines.enumerated() {
      guard line.contains(where: { !$0.isWhitespace }) else { continue }
      guard entries.count < Self.most else {
        throw Failure(.data, "\(name): expected at most \(Self.most) prompts, found more")
      }
      let isJSON = line.first { !$0.isWhitespace } == "{"
      let place = "\(name), line \(number + 1)"
      guard line.first(where: { !$0.isWhitespace }) != "[" || !line.contains("{") else {
        throw Failure(.data, "\(place): expected a JSON object on each line, found an array")
      }
      entries.append(
        isJSON ? try Self.entry(line, place, format) : Entry(prompt: String(line), place: place))
    }
    guard !entries.isEmpty else {
      throw Failure(.data, "\(name): expected a prompt on each line, found none")
    }
    self.entries = entries
  }

  init(_ prompt: String) { entries = [Entry(prompt: prompt)] }

  private struct Line: Decodable {
    let prompt: String
    let negative: String?
    let seed: UInt64?
    let n: Int?
    let name: String?
    let sampling: PaintingSampling

    enum CodingKeys: String, CodingKey, CaseIterable {
      case prompt, negative, seed, n, name, cfg, temperature
      case topK = "top_k"
      case topP = "top_p"
    }

    init(from decoder: any Decoder) throws {
      let all = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
      if let other = all.filter({ CodingKeys(rawValue: $0) == nil }).min() {
        throw OtherKey(name: other)
      }
      let line = try decoder.container(keyedBy: CodingKeys.self)
      prompt = try line.decode(String.self, forKey: .prompt)
      negative = try line.decodeIfPresent(String.self, forKey: .negative)
      seed = try line.decodeIfPresent(UInt64.self, forKey: .seed)
      n = try line.decodeIfPresent(Int.self, forKey: .n)
      name = try line.decodeIfPresent(String.self, forKey: .name)
      sampling = PaintingSampling(
        cfg: try line.decodeIfPresent(Float.self, forKey: .cfg),
        temperature: try line.decodeIfPresent(Float.self, forKey: .temperature),
        topK: try line.decodeIfPresent(Int.self, forKey: .topK),
        topP: try line.decodeIfPresent(Float.self, forKey: .topP))
    }
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private struct OtherKey: Error { let name: String }

  private static func entry(
    _ line: Substring, _ place: String, _ format: PictureFile.Format
  ) throws(Failure) -> Entry {
    let decoded: Line
    do {
      decoded = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
    } catch let other as OtherKey {
      let keys = Line.CodingKeys.allCases.map(\.rawValue).joined(separator: ", ")
      throw Failure(
        .data,
        "\(place): expected the keys \(keys), found '\(DisplayText.line(other.name, limit: 40))'")
    } catch {
      throw Failure(
        .data,
        "\(place): expected a JSON object with prompt as a text, and perhaps negative and name as texts, "
          + "seed, n, cfg, temperature, top_k and top_p as numbers")
    }
    if let number = decoded.n, !(1...9_999).contains(number) {
      throw Failure(.data, "\(place): n: expected 1 to 9999, found \(number)")
    }
    if let problem = decoded.sampling.problem {
      throw Failure(.data, "\(place): \(problem.key): \(problem.text)")
    }
    if let problem = decoded.name.flatMap({ Gallery.problem(ofNames: $0, format) }) {
      throw Failure(.data, "\(place): name: \(problem)")
    }
    return Entry(
      prompt: decoded.prompt, negative: decoded.negative, seed: decoded.seed, number: decoded.n,
      name: decoded.name, sampling: decoded.sampling, place: place)
  }
}
