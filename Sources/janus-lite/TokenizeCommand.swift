import ArgumentParser
import GGUF
import JanusLite

/// `janus-lite tokenize`: a text's token ids.
struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Print the token ids of a text.",
    discussion: "With --json prints an object: token_ids, tokens (the text of each), count.")

  @Argument(help: "The text; - reads it from standard input.")
  var text: String

  @Option(
    name: [.short, .customLong("model")],
    help: ArgumentHelp("Model file; $JANUS_LITE_MODEL where it is not given.", valueName: "file"),
    completion: .file(extensions: ["gguf"]))
  var model: String?

  @Flag(help: "Spell out special tokens such as <|User|> instead of recognising them.")
  var plain = false

  @Flag(help: "Put the token first with which every prompt begins.")
  var bos = false

  @Flag(help: "Print a JSON object.")
  var json = false

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
    let path = try ModelOptions.path(model)
    let text = text == "-" ? try StandardInput.readText() : text
    let tokenizer = try Tokenizer(container: try Container(path: path))
    let ids = tokenizer.encode(
      text, addBOS: bos, specialTokens: plain ? .asText : .recognised)
    if json {
      let tokens = ids.map { tokenizer.decode([$0], skipSpecial: false) }
      try JSONLine.print(Line(tokenIDs: ids, tokens: tokens, count: ids.count))
    } else {
      try StandardOutput.line(ids.map(String.init).joined(separator: " "))
    }
  }
}
