import Foundation
import JanusSystem

/// A conversation as `/save` writes it: its system prompt and its turns, as JSON in the shape of chat
/// requests.
struct Transcript {
  struct Turn {
    let question: String
    /// Names of the pictures' files.
    let images: [String]
    let answer: String
  }

  /// Nil for the model's own.
  let system: String?
  let turns: [Turn]

  private struct File: Codable {
    var messages: [Message]
  }

  private struct Message: Codable {
    let role: String
    let content: String
    var images: [String]?
  }

  private static let byteLimit = 1 << 24

  init(system: String?, turns: [Turn]) {
    self.system = system
    self.turns = turns
  }

  init(path: String) throws {
    let shown = InputFile.shownName(path)
    let data = try InputFile.withBytes(of: path, limit: Self.byteLimit) { Data($0) }
    guard let file = try? JSONDecoder().decode(File.self, from: data) else {
      throw Failure(.data, "\(shown): expected a conversation as /save writes it")
    }
    var messages = file.messages[...]
    system = messages.first?.role == "system" ? messages.removeFirst().content : nil
    var turns: [Turn] = []
    while let question = messages.popFirst() {
      guard question.role == "user", let answer = messages.popFirst(), answer.role == "assistant"
      else {
        throw Failure(
          .data,
          "\(shown): expected messages of user and assistant in turns, found '\(question.role)'")
      }
      turns.append(
        Turn(question: question.content, images: question.images ?? [], answer: answer.content))
    }
    self.turns = turns
  }

  /// Replaces a file of its own kind only; `-` is standard output.
  func write(to path: String) throws {
    if path == InputFile.standardInput {
      return try StandardOutput.write(String(decoding: bytes(), as: UTF8.self))
    }
    if SystemPath.status(of: path) != nil, (try? Transcript(path: path)) == nil {
      throw Failure(
        .usage, "'\(path)': expected a new file or a saved conversation, found another kind of file"
      )
    }
    if SystemPath.status(of: path) != nil { StandardError.note("replaces '\(path)'") }
    let bytes = try bytes()
    let partial = try PartialFile(destination: path, byteCount: bytes.count)
    try partial.write(bytes, at: 0)
    try partial.commit()
  }

  private func bytes() throws -> [UInt8] {
    var file = File(messages: system.map { [Message(role: "system", content: $0)] } ?? [])
    for turn in turns {
      file.messages.append(Message(role: "user", content: turn.question, images: turn.images))
      file.messages.append(Message(role: "assistant", content: turn.answer))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(file)) + [UInt8(ascii: "\n")]
  }
}
