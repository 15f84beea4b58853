import Foundation
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusRequests
import JanusSystem
import JanusWords

/// A conversation at the terminal: messages, and commands that begin with a slash.
struct Dialogue {
  private static let commands: [(name: String, help: String)] = [
    ("/image FILE", "show a picture with the next message; /image alone takes them back"),
    ("/retry", "answer the last message again"),
    ("/paint WORDS", "paint a picture into this folder"),
    ("/temperature T", "0 takes the most likely token each time"),
    ("/system WORDS", "another system prompt; forgets everything that was said"),
    ("/reset", "forget everything that was said"),
    ("/save FILE", "write the conversation as JSON"),
    ("/load FILE", "go on with a conversation that was saved"),
    ("/help", "this list"),
    ("/exit", "end (or Ctrl-D); Ctrl-C clears the line, stops an answer, or ends"),
  ]

  private static var help: String {
    commands.map { $0.name.padding(toLength: 16, withPad: " ", startingAt: 0) + $0.help }
      .joined(separator: "\n")
  }

  /// Whether somebody holds one, so that its commands are of use.
  private(set) nonisolated(unsafe) static var isHeld = false

  private var conversation: Conversation
  private var generation: GenerationOptions
  private let isDefaultModel: Bool
  private let makeConversation: (_ system: String?) throws -> Conversation
  private var system: String?
  /// Shown with the next message that is taken in.
  private var pictures: [PictureInput]
  private var transcript: [Transcript.Turn] = []

  /// - Parameters:
  ///   - isDefaultModel: whether nobody named a model.
  ///   - conversation: makes an empty one with a system prompt.
  init(
    system: String?, _ generation: GenerationOptions, pictures: [PictureInput],
    isDefaultModel: Bool,
    conversation: @escaping (_ system: String?) throws -> Conversation
  ) throws {
    makeConversation = conversation
    self.conversation = try conversation(system)
    self.system = system
    self.generation = generation
    self.isDefaultModel = isDefaultModel
    self.pictures = []
    for picture in pictures { show(picture) }
  }

  /// Takes turns until the end of the input, `/exit`, or Ctrl-C at an empty prompt.
  mutating func hold() throws {
    Self.isHeld = true
    StandardError.note("/help lists the commands")
    if let editor = LineEditor(completing: Self.completions) {
      while true {
        Interrupt.clear()
        switch editor.next(prompt: prompt) {
        case .end: return
        case .cleared: continue
        case .text(let line): if try !take(line) { return }
        }
      }
    }
    var lines = LineReader(repairs: StandardInput.isTerminal)
    while true {
      Interrupt.clear()
      StandardError.write(prompt)
      guard let line = try lines.next() else {
        // The input ended without a line feed.
        StandardError.line("")
        return
      }
      if try !take(StandardInput.isTerminal ? TypedText.cleaned(line) : line) { return }
    }
  }

  /// False where the line ends the conversation.
  private mutating func take(_ line: String) throws -> Bool {
    let text = String(line.trimmingPrefix(while: \.isWhitespace))
    if text.isEmpty { return true }
    if let dropped = DroppedFiles.pictures(in: text) {
      for path in dropped { show(path) }
      return true
    }
    let words = text.lowercased().split(whereSeparator: \.isWhitespace)
    if words == ["exit"] || words == ["quit"] {
      StandardError.note("type /exit or press Ctrl-D to end the conversation")
      return true
    }
    guard text.first == "/" else {
      try say(text)
      return true
    }
    return try obey(text)
  }

  /// What a line may become: commands, and names of files behind those that take one.
  private static func completions(_ text: String) -> [String] {
    guard let blank = text.firstIndex(of: " ") else {
      return commands.map {
        String($0.name.prefix { $0 != " " }) + ($0.name.contains(" ") ? " " : "")
      }
      .filter { text.hasPrefix("/") && $0.hasPrefix(text) }
    }
    let command = text[..<blank]
    guard ["/image", "/save", "/load"].contains(command) else { return [] }
    let typed = text[text.index(after: blank)...]
    let slash = typed.lastIndex(of: "/").map { typed.index(after: $0) } ?? typed.startIndex
    let (folder, beginning) = (String(typed[..<slash]), typed[slash...])
    let place = folder.isEmpty ? "." : DroppedFiles.path(Substring(folder))
    return (SystemPath.names(in: place) ?? []).sorted()
      .filter { $0.hasPrefix(beginning) && (beginning.hasPrefix(".") || !$0.hasPrefix(".")) }
      .map { name in
        let isFolder = SystemPath.names(in: place + "/" + name) != nil
        return "\(command) \(folder)\(name)" + (isFolder ? "/" : "")
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
      var turn = Turn(conversation, generation)
      let answer = try turn.say(text, pictures)
      if conversation.positions > before {
        transcript.append(
          .init(
            question: text, images: pictures.map { Self.absolute($0.name) }, answer: answer.text))
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

  /// A name that means the same file in every folder.
  private static func absolute(_ name: String) -> String {
    guard name != PictureInput.standardInput, !name.hasPrefix("/"),
      let here = getcwd(nil, 0)
    else { return name }
    defer { free(here) }
    return SystemPath.string(here) + "/" + name
  }

  /// Shows a picture with the next message. It is loaded now, so that an error is reported before the message
  /// is written.
  private mutating func show(_ path: String) { show(PictureInput(name: path)) }

  private mutating func show(_ input: PictureInput) {
    do throws(Failure) {
      _ = try input.load()
      pictures.append(input)
    } catch {
      StandardError.line("janus-lite: error: \(error.message)")
    }
  }

  private mutating func reset() {
    if !pictures.isEmpty {
      StandardError.note(
        "\(pictures.count == 1 ? "the picture" : "the pictures") for the next message, too; /image shows one again"
      )
    }
    conversation.reset()
    pictures = []
    transcript = []
  }

  private mutating func retry() throws {
    guard let last = transcript.last, conversation.forgetLastTurn() else {
      StandardError.note("/retry: nothing was said yet")
      return
    }
    transcript.removeLast()
    let waiting = pictures
    pictures = last.images.map { PictureInput(name: $0) }
    try say(last.question)
    pictures += waiting
  }

  /// Runs a command; a failure is told, and the conversation goes on.
  private mutating func reporting(_ body: (inout Dialogue) throws -> Void) {
    do {
      try body(&self)
    } catch {
      let failure = Failure(error)
      if failure.code == .interrupted {
        StandardError.note("stopped")
      } else {
        StandardError.line("janus-lite: error: \(failure.message)")
      }
    }
  }

  private func save(_ path: String) throws {
    guard !transcript.isEmpty || SystemPath.status(of: path) == nil else {
      StandardError.note("/save: nothing was said yet; '\(path)' stays as it is")
      return
    }
    try Transcript(system: system, turns: transcript).write(to: path)
    StandardError.note("saved \(Self.counted(transcript.count))")
  }

  /// The conversation as it is stays where the file cannot be taken in.
  private mutating func load(_ path: String) throws {
    let saved = try Transcript(path: path)
    let other = try makeConversation(saved.system)
    var status = StatusLine()
    defer { status.clear() }
    for (number, turn) in saved.turns.enumerated() {
      status.show("taking in message \(number + 1) of \(saved.turns.count)")
      let pictures = try turn.images.map { try PictureInput(name: $0).load() }
      try other.recall(
        turn.question, pictures: pictures, answer: turn.answer, stop: Interrupt.stop)
      if Interrupt.isRaised { throw Failure.interrupted }
    }
    (conversation, system, transcript, pictures) = (other, saved.system, saved.turns, [])
    status.clear()
    StandardError.note("loaded \(Self.counted(saved.turns.count))")
  }

  private static func counted(_ turns: Int) -> String {
    turns == 1 ? "1 message and its answer" : "\(turns) messages and their answers"
  }

  private func paint(_ prompt: String) throws {
    let painter = try Painter(conversation.model)
    if isDefaultModel { DefaultModel.noteScope(ofPrompts: [prompt]) }
    let request = try painter.request(prompt)
    let gallery = try Gallery(folder: ".", format: .png, quality: 90, reserved: [])
    let seed = UInt64.random(in: 0...UInt64(UInt32.max))
    let settings = Painter.Settings()
    var status = StatusLine()
    defer { status.clear() }
    let progress = PaintingProgress(pictures: 1, codesPerPicture: painter.codesPerPicture)
    let codes = try painter.codes(
      for: request, seeds: [seed], settings: settings, stop: Interrupt.stop
    ) {
      step, _ in status.show(progress.text(before: 0, atOnce: 1, steps: step))
    }
    guard let codes else { throw Failure.interrupted }
    let picture = try painter.picture(codes[0])
    let text = Provenance(
      prompt: prompt, seed: seed, settings: settings, software: "janus-lite \(Root.version)"
    ).text(painter.model)
    status.clear()
    StandardError.note(
      "painted \(try gallery.write(picture, Gallery.Title(prompt: prompt, seed: seed), text: text))"
    )
  }

  /// False where the command ends the conversation.
  private mutating func obey(_ line: String) throws -> Bool {
    let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
    let rest = words.count > 1 ? words[1].drop(while: \.isWhitespace) : ""
    switch words.first.map(String.init) ?? line {
    case let name where !rest.isEmpty && ["/exit", "/quit", "/reset", "/retry"].contains(name):
      StandardError.note("\(name) takes no words")
    case "/exit", "/quit": return false
    case "/help": StandardError.write(Self.help + "\n")
    case "/reset":
      StandardError.note("forgot everything that was said")
      reset()
    case "/retry": try retry()
    case "/temperature":
      guard let value = Float(rest), value >= 0, value.isFinite else {
        StandardError.note("/temperature: expected a number from 0 on, found '\(rest)'")
        break
      }
      generation.temperature = value
      StandardError.note("temperature \(value)")
    case let name where rest.isEmpty && ["/paint", "/system"].contains(name):
      StandardError.note("\(name) needs words")
    case let name where rest.isEmpty && ["/save", "/load"].contains(name):
      StandardError.note("\(name) needs the name of a file")
    case "/system":
      do {
        conversation = try makeConversation(String(rest))
        system = String(rest)
        StandardError.note("another system prompt; forgot everything that was said")
        reset()
      } catch {
        StandardError.line("janus-lite: error: \(Failure(error).message)")
      }
    case "/save": reporting { (dialogue) in try dialogue.save(DroppedFiles.path(rest)) }
    case "/load": reporting { (dialogue) in try dialogue.load(DroppedFiles.path(rest)) }
    case "/paint": reporting { (dialogue) in try dialogue.paint(String(rest)) }
    case "/image" where rest.isEmpty && !pictures.isEmpty:
      StandardError.note("the next message has no pictures now")
      pictures = []
    case "/image" where rest.isEmpty: StandardError.note("/image needs the name of a file")
    case "/image": show(DroppedFiles.path(rest))
    default:
      let name = words.first.map(String.init) ?? line
      let known = Self.commands.map { String($0.name.prefix { $0 != " " }) }
      let near = known.min {
        Arguments.editDistance(Array($0), Array(name))
          < Arguments.editDistance(Array($1), Array(name))
      }
      let isNear = near.map { Arguments.editDistance(Array($0), Array(name)) <= 2 } ?? false
      StandardError.note(
        "unknown command '\(name)'" + (isNear ? "; did you mean '\(near ?? "")'?" : "")
          + "; /help lists the commands")
    }
    return true
  }
}
