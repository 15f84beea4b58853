import CEditLine
import Foundation
import JanusSystem

/// Lines typed at a terminal, with libedit: arrows, history, completion, and pasted texts of several
/// lines as one message.
///
/// There is one at a time: libedit's callbacks carry no context, so its state is global.
struct LineEditor: ~Copyable {
  private let library: EditLineLibrary
  private let line: OpaquePointer
  private let history: OpaquePointer?
  private let historyFile: String?

  /// Nil where libedit is not there, or standard input or standard error is no terminal.
  init?(completing: @escaping (String) -> [String]) {
    guard StandardInput.isTerminal, StandardError.writesOver, let library = EditLineLibrary.system
    else { return nil }
    // libedit writes characters by the C library's locale, which may be plain C.
    if setlocale(LC_CTYPE, "") == nil || String(cString: nl_langinfo(nl_item(CODESET))) != "UTF-8" {
      _ = setlocale(LC_CTYPE, "C.UTF-8")
    }
    guard let input = fdopen(STDIN_FILENO, "r"), let output = fdopen(STDERR_FILENO, "w") else {
      return nil
    }
    setvbuf(output, nil, _IONBF, 0)
    guard let line = library.start("janus-lite", input, output, output) else { return nil }
    self.library = library
    self.line = line
    editing = Editing(library: library, completing: completing)
    _ = cedit_set_editor(library.set, line, "emacs")
    _ = cedit_set_signals(library.set, line, 0)
    _ = cedit_set_prompt(library.set, line) { _ in editing?.prompt }
    _ = cedit_set_reader(library.set, line) { line, character in
      readCharacter(of: line, into: character)
    }
    _ = cedit_add_command(library.set, line, "complete-here", "completes names") { line, _ in
      editing?.complete(line) ?? UInt8(CEDIT_NOTHING)
    }
    for (key, command) in [
      ("^I", "complete-here"), ("^R", "em-inc-search-prev"), ("\\e[3~", "ed-delete-next-char"),
      ("\\e[H", "ed-move-to-beg"), ("\\e[F", "ed-move-to-end"), ("\\e[1~", "ed-move-to-beg"),
      ("\\e[4~", "ed-move-to-end"), ("\\e[1;5C", "em-next-word"), ("\\e[1;5D", "ed-prev-word"),
      ("\\e[1;3C", "em-next-word"), ("\\e[1;3D", "ed-prev-word"),
      // It would let a control character in.
      ("^V", "ed-unassigned"),
    ] {
      _ = cedit_bind(library.set, line, key, command)
    }
    history = library.startHistory()
    historyFile = Self.historyFile()
    if let history {
      _ = cedit_history_number(
        library.history, history, CInt(CEDIT_HISTORY_SET_SIZE), 1000)
      _ = cedit_history_number(library.history, history, CInt(CEDIT_HISTORY_SET_UNIQUE), 1)
      if let historyFile {
        _ = cedit_history_text(
          library.history, history, CInt(CEDIT_HISTORY_LOAD), historyFile)
      }
      _ = cedit_set_history(library.set, line, library.history, history)
    }
  }

  deinit {
    library.end(line)
    editing = nil
  }

  enum Outcome {
    case text(String)
    /// Ctrl-C with something on the line.
    case cleared
    /// Ctrl-D, or Ctrl-C on an empty line.
    case end
  }

  /// Reads one message.
  func next(prompt: String) -> Outcome {
    editing?.begin(prompt)
    // Terminals that can then mark what is pasted.
    StandardError.control("\u{1b}[?2004h")
    defer { StandardError.control("\u{1b}[?2004l") }
    var count: CInt = 0
    guard let read = library.gets(line, &count), count > 0 else {
      let isEmpty = editing?.hadText != true
      StandardError.line("")
      return Interrupt.isRaised && !isEmpty ? .cleared : .end
    }
    var text = String(cString: read)
    while text.last?.isNewline == true { text.removeLast() }
    text = TypedText.cleaned(text)
    remember(text)
    return .text(text.replacing(String(TypedText.lineFeed), with: "\n"))
  }

  private func remember(_ text: String) {
    guard let history, text.contains(where: { !$0.isWhitespace }) else { return }
    _ = cedit_history_text(library.history, history, CInt(CEDIT_HISTORY_ENTER), text)
    guard let historyFile else { return }
    // Beside its place and then renamed, so that a killed process loses nothing.
    let new = historyFile + ".\(getpid())"
    guard cedit_history_text(library.history, history, CInt(CEDIT_HISTORY_SAVE), new) >= 0
    else { return }
    _ = chmod(new, 0o600)
    if rename(new, historyFile) != 0 { unlink(new) }
  }

  /// `$XDG_STATE_HOME/janus-lite/history`; nil where its folder cannot be made.
  private static func historyFile() -> String? {
    let home = ModelOptions.environment("HOME")
    guard
      let state = ModelOptions.environment("XDG_STATE_HOME") ?? home.map({ $0 + "/.local/state" })
    else { return nil }
    let folder = state + "/janus-lite"
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      return nil
    }
    return folder + "/history"
  }
}

/// The state behind libedit's callbacks, used on the thread that reads lines only.
private nonisolated(unsafe) var editing: Editing?

private final class Editing {
  private let library: EditLineLibrary
  private let completing: (String) -> [String]
  private(set) var prompt: UnsafeMutablePointer<CChar>?
  private var typed = TypedText()
  /// Bytes that were read and not yet given to libedit.
  private var waiting: ArraySlice<UInt8> = []
  /// An escape sequence to be given byte by byte.
  private var sequence: ArraySlice<UInt8> = []
  private var partial: [UInt8] = []
  /// Whether something stood on the line when reading ended.
  private(set) var hadText = false

  /// Keys that do something, as terminals send them behind ESC.
  private static let known: Set<[UInt8]> = Set(
    [
      "[A", "[B", "[C", "[D", "OA", "OB", "OC", "OD", "[H", "[F", "OH", "OF", "[1~", "[3~", "[4~",
      "[1;5C", "[1;5D", "[1;3C", "[1;3D",
      // With Alt.
      "b", "f", "d", "\u{7f}",
    ].map { Array($0.utf8) })

  init(library: EditLineLibrary, completing: @escaping (String) -> [String]) {
    self.library = library
    self.completing = completing
  }

  deinit { free(prompt) }

  func begin(_ text: String) {
    free(prompt)
    prompt = strdup(text)
    hadText = false
  }

  /// The next character; nil at the end of the input, or when Ctrl-C was pressed.
  func next(_ line: OpaquePointer?) -> Unicode.Scalar? {
    while true {
      if let byte = sequence.popFirst() { return Unicode.Scalar(byte) }
      if waiting.isEmpty {
        guard let piece = try? StandardInput.readPiece(), !piece.isEmpty else {
          noteText(line)
          if Interrupt.isRaised { forget() }
          return nil
        }
        waiting = piece
      }
      guard let byte = waiting.popFirst(), let event = typed.take(byte) else { continue }
      switch event {
      case .pasteBegan, .pasteEnded: partial = []
      case .sequence(let bytes):
        partial = []
        // What libedit does not know it would take for text, but for ESC.
        guard !typed.isPasting, Self.known.contains(bytes) else { continue }
        sequence = bytes[...]
        return "\u{1b}"
      case .byte(let byte):
        if let scalar = scalar(byte) { return scalar }
      }
    }
  }

  private func scalar(_ byte: UInt8) -> Unicode.Scalar? {
    if typed.isPasting, partial.isEmpty, byte < 0x20 || byte == 0x7f {
      switch byte {
      case 0x0a, 0x0d: return TypedText.lineFeed
      case 0x09: return " "
      default: return nil
      }
    }
    let length = Self.length(beginning: partial.first ?? byte)
    guard length > 0 else { return Self.replacement }
    guard partial.isEmpty || byte & 0xc0 == 0x80 else {
      // It begins the next character; what came before it was never to be one.
      partial = []
      waiting.insert(byte, at: waiting.startIndex)
      return Self.replacement
    }
    partial.append(byte)
    guard partial.count == length else { return nil }
    defer { partial = [] }
    guard let scalar = String(validating: partial, as: UTF8.self)?.unicodeScalars.first else {
      return Self.replacement
    }
    return (0x80...0x9f).contains(scalar.value) ? nil : scalar
  }

  /// Shown for bytes that are no UTF-8, as terminals of older encodings send them.
  private static let replacement: Unicode.Scalar = "\u{fffd}"

  /// Bytes of a character that begins so; 0 where none does.
  private static func length(beginning byte: UInt8) -> Int {
    switch byte {
    case 0..<0x80: 1
    case 0xc2..<0xe0: 2
    case 0xe0..<0xf0: 3
    case 0xf0..<0xf5: 4
    default: 0
    }
  }

  /// After Ctrl-C: what was typed and not yet put on the line goes with it.
  private func forget() {
    if StandardInput.discardWaiting() { hadText = true }
    (typed, waiting, sequence, partial) = (TypedText(), [], [], [])
  }

  private func noteText(_ line: OpaquePointer?) {
    guard let info = library.info(line) else { return }
    hadText = info.pointee.end > info.pointee.buffer
  }

  /// Completes what stands before the cursor, or lists what it may be.
  func complete(_ line: OpaquePointer?) -> UInt8 {
    guard let info = library.info(line) else { return UInt8(CEDIT_NOTHING) }
    let before = UnsafeRawBufferPointer(
      start: info.pointee.buffer, count: info.pointee.cursor - info.pointee.buffer)
    let text = String(decoding: before, as: UTF8.self)
    let found = completing(text)
    guard let first = found.first else { return UInt8(CEDIT_BEEP) }
    let common = found.reduce(first) { $0.commonPrefix(with: $1, options: .literal) }
    if common.count > text.count, common.hasPrefix(text) {
      _ = library.insert(line, String(common.dropFirst(text.count)))
      return UInt8(CEDIT_REFRESH)
    }
    guard found.count > 1 else { return UInt8(CEDIT_BEEP) }
    StandardError.control("\r\n")
    for name in found.prefix(50) {
      StandardError.write(DisplayText.line(name))
      StandardError.control("\r\n")
    }
    return UInt8(CEDIT_REDISPLAY)
  }
}

private func readCharacter(
  of line: OpaquePointer?, into character: UnsafeMutablePointer<wchar_t>?
) -> CInt {
  guard let scalar = editing?.next(line) else { return Interrupt.isRaised ? -1 : 0 }
  character?.pointee = wchar_t(bitPattern: scalar.value)
  return 1
}
