import ArgumentParser
import Foundation
import GGUF
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// `janus-lite tokenize`: a text's token ids.
struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Print the token ids of a text.",
    discussion: """
      With --json prints an object: token_ids, tokens (the text of each), count.

      With --lines reads many texts: standard input holds a JSON string a line, and each is \
      answered with a JSON array of ids on a line.
      """)

  @Argument(
    help: "The text; - or none reads it from standard input.", transform: ArgumentText.checked)
  var text: String?

  @Option(
    name: [.short, .customLong("model")],
    help: ArgumentHelp(
      "Model file, or a name that 'janus-lite models' lists (1b, ORG/NAME); otherwise "
        + "$JANUS_LITE_MODEL, or janus-nano.gguf beside the command.",
      valueName: "file"),
    completion: .file(extensions: ["gguf"]))
  var model: String?

  @Flag(help: "Spell out special tokens such as <|User|> instead of recognising them.")
  var plain = false

  @Flag(help: "Put the token first with which every prompt begins.")
  var bos = false

  @Flag(help: "Print a JSON object.")
  var json = false

  @Flag(help: "Answer every line of standard input.")
  var lines = false

  mutating func validate() throws {
    guard text == nil || !lines else {
      throw ValidationError("give either a text, - for standard input, or --lines")
    }
    guard text == nil, !lines else { return }
    guard !StandardInput.isTerminal else { throw ValidationError("expected a text, found none") }
    text = "-"
  }

  private struct Line: Encodable {
    let tokenIDs: [Int]
    let tokens: [String]
    let count: Int

    enum CodingKeys: String, CodingKey {
      case tokens, count
      case tokenIDs = "token_ids"
    }
  }

  func run() throws {
    Interrupt.listen()
    let tokenizer = try ModelOptions.read(model) { path in
      try Tokenizer(container: try Container(path: path))
    }
    if let text {
      try answer(text == "-" ? try StandardInput.readText() : text, tokenizer)
    } else {
      try answerLines(tokenizer)
    }
  }

  private func encode(_ text: String, _ tokenizer: Tokenizer) -> [Int] {
    tokenizer.encode(text, addBOS: bos, specialTokens: plain ? .asText : .recognised)
  }

  private func answer(_ text: String, _ tokenizer: Tokenizer) throws(Failure) {
    let ids = encode(text, tokenizer)
    if json {
      let tokens = ids.map { tokenizer.decode([$0], skipSpecial: false) }
      try JSONLine.print(Line(tokenIDs: ids, tokens: tokens, count: ids.count))
    } else {
      try StandardOutput.line(ids.map(String.init).joined(separator: " "))
    }
  }

  private func answerLines(_ tokenizer: Tokenizer) throws(Failure) {
    var number = 0
    var lines = LineReader()
    while let line = try lines.next() {
      number += 1
      guard let text = try? JSONDecoder().decode(String.self, from: Data(line.utf8)) else {
        throw Failure(.data, "standard input: line \(number): expected a JSON string")
      }
      try JSONLine.print(encode(text, tokenizer))
    }
    if Interrupt.isRaised { throw .interrupted }
  }
}
