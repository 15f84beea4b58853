import Foundation
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// A conversation at the terminal: messages, and commands that begin with a slash.
struct Dialogue {
  private static let help = """
    /image FILE   show a picture with the next message
    /reset        forget everything that was said
    /help         this list
    /exit         end (or Ctrl-D); Ctrl-C stops a message or an answer
    """

  private let conversation: Conversation
  private var turn: Turn
  private var lines = LineReader()
  /// Shown with the next message that is taken in.
  private var pictures: [PictureInput]

  init(_ conversation: Conversation, _ generation: GenerationOptions, pictures: [PictureInput]) {
    self.conversation = conversation
    self.pictures = pictures
    turn = Turn(conversation, generation)
  }

  /// Takes turns until the end of the input, `/exit`, or Ctrl-C at the prompt.
  mutating func hold() throws {
    StandardError.note("/help lists the commands")
    while true {
      Interrupt.clear()
      StandardError.write(prompt)
      guard let line = try lines.next() else {
        // The input ended without a line feed.
        StandardError.line("")
        return
      }
      let text = line.trimmingPrefix(while: \.isWhitespace)
      if text.isEmpty { continue }
      guard text.first == "/" else {
        try say(String(text))
        continue
      }
      if try !obey(String(text)) { return }
    }
  }

  private var prompt: String {
    switch pictures.count {
    case 0: "> "
    case 1: "[1 picture] > "
    default: "[\(pictures.count) pictures] > "
    }
  }

  /// A turn that fails is reported. The conversation goes on as it was before it.
  private mutating func say(_ text: String) throws {
    let before = conversation.positions
    do {
      _ = try turn.say(text, pictures)
      if conversation.positions > before {
        pictures = []
      } else {
        StandardError.note("stopped before the answer; the message was not taken in")
      }
    } catch {
      let failure = Failure(error)
      if failure.code == .internalError || failure.code == .inputOutput { throw failure }
      if failure.code == .interrupted { return }
      StandardError.line("janus-lite: error: \(failure.message)")
      // The pictures may be the reason, and then would fail again.
      if !pictures.isEmpty {
        StandardError.note("forgot the message's pictures, too; /image shows one again")
        pictures = []
      }
    }
  }

  /// A file's name as it is typed in a shell or dragged from a window: in quotes, with backslashes
  /// before blanks, or with ~ for the home folder.
  private static func path(_ text: Substring) -> String {
    var text = text
    while text.last?.isWhitespace == true { text.removeLast() }
    for quote in ["'", "\""] where text.count > 1 && text.hasPrefix(quote) && text.hasSuffix(quote)
    {
      return String(text.dropFirst().dropLast())
    }
    if text.hasPrefix("~/"), let home = ModelOptions.environment("HOME") {
      text = Substring(home + text.dropFirst())
    }
    // A backslash may belong to the name.
    if access(String(text), F_OK) == 0 { return String(text) }
    var (path, isEscaped) = ("", false)
    for character in text {
      if character == "\\", !isEscaped {
        isEscaped = true
      } else {
        path.append(character)
        isEscaped = false
      }
    }
    return path
  }

  /// False where the command ends the conversation.
  private mutating func obey(_ line: String) throws -> Bool {
    let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
    let rest = words.count > 1 ? words[1].drop(while: \.isWhitespace) : ""
    switch words.first.map(String.init) ?? line {
    case "/exit", "/quit": return false
    case "/help": StandardError.write(Self.help + "\n")
    case "/reset":
      conversation.reset()
      pictures = []
    case "/image" where rest.isEmpty:
      StandardError.note("/image needs the name of a file")
    case "/image":
      let input = PictureInput(name: Self.path(rest))
      do {
        // Loaded now, so that an error is reported before the message is written.
        _ = try input.load()
        pictures.append(input)
      } catch {
        StandardError.line("janus-lite: error: \(error.message)")
      }
    default: StandardError.note("unknown command; /help lists the commands")
    }
    return true
  }
}
