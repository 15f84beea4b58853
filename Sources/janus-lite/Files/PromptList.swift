import Foundation
import JanusSystem

/// Prompts to paint, with what each of them says of its own pictures.
struct PromptList {
  struct Entry: Equatable {
    var prompt: String
    var negative: String?
    var seed: UInt64?
    var number: Int?
  }

  let entries: [Entry]

  private static let byteLimit = 1 << 24
  static let most = 10_000

  /// One prompt a line. A line that begins with a brace is JSON: `{"prompt": …, "negative": …, "seed":
  /// …, "n": …}`. Empty lines are passed over.
  init(reading name: String) throws {
    let bytes = try InputFile.withBytes(of: name, limit: Self.byteLimit) { [UInt8]($0) }
    try self.init(bytes, name: InputFile.shownName(name))
  }

  /// - Parameter name: of the file, in messages.
  init(_ bytes: [UInt8], name: String) throws(Failure) {
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
      entries.append(isJSON ? try Self.entry(line, place) : Entry(prompt: String(line)))
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
  }

  private struct Anything: Decodable {
    init(from decoder: any Decoder) {}
  }

  private static let keys: Set<String> = ["prompt", "negative", "seed", "n"]

  private static func entry(_ line: Substring, _ place: String) throws(Failure) -> Entry {
    let decoded: Line
    let found = try? JSONDecoder().decode([String: Anything].self, from: Data(line.utf8))
    if let other = found?.keys.filter({ !keys.contains($0) }).min() {
      throw Failure(
        .data,
        "\(place): expected the keys prompt, negative, seed and n, found "
          + "'\(DisplayText.line(other, limit: 40))'")
    }
    do {
      decoded = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
    } catch {
      throw Failure(
        .data,
        "\(place): expected a JSON object with prompt, and perhaps negative, seed (0 or more) and n"
      )
    }
    if let number = decoded.n, !(1...9_999).contains(number) {
      throw Failure(.data, "\(place): n: expected 1 to 9999, found \(number)")
    }
    return Entry(
      prompt: decoded.prompt, negative: decoded.negative, seed: decoded.seed, number: decoded.n)
  }
}
