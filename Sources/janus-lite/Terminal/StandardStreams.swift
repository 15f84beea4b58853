import Foundation
import JanusEngine
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

enum StandardStreams {
  /// Reopens standard streams that were closed by the parent process, so that no file or pipe gets
  /// their numbers. Nothing can be read from them, and writing to them fails.
  static func reserve() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", O_RDONLY)
    }
  }
}

/// Standard output, for answers. A write that fails is an error: a full disk must not look like
/// success. A terminal gets no control characters; a pipe or file gets answers as they are.
enum StandardOutput {
  private(set) nonisolated(unsafe) static var isTerminal = isatty(STDOUT_FILENO) == 1
  /// Its name in messages.
  private nonisolated(unsafe) static var shownName = "standard output"

  /// Whether a path leads to a device or a pipe, which can be written to and not replaced, or names a stream that
  /// is open already.
  static func isStream(_ path: String) -> Bool {
    guard let status = SystemPath.status(of: path) else { return false }
    return [S_IFCHR, S_IFIFO].contains(status.st_mode & S_IFMT) || path == "/dev/stderr"
      || path.hasPrefix("/dev/fd/") || path.hasPrefix("/proc/self/fd/")
  }

  /// From here on answers go to a device or a pipe. Waits for a pipe's reader, as every program does. Called before
  /// anything is written, on the thread that writes.
  static func lead(to path: String) throws(Failure) {
    let descriptor = SystemPath.withBytes(of: path) {
      open($0, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY)
    }
    guard descriptor >= 0, dup2(descriptor, STDOUT_FILENO) >= 0 else {
      throw Failure(.inputOutput, "cannot write to '\(path)': \(systemMessage())")
    }
    _ = close(descriptor)
    isTerminal = isatty(STDOUT_FILENO) == 1
    shownName = "'\(path)'"
  }

  static func write(_ text: String) throws(Failure) {
    guard writeAll(isTerminal ? DisplayText.lines(text) : text, to: STDOUT_FILENO) else {
      throw Failure(.inputOutput, "cannot write to \(shownName): \(systemMessage())")
    }
  }

  static func line(_ text: String) throws(Failure) { try write(text + "\n") }

  /// A file's name on a line; a pipe or file gets its bytes.
  static func name(_ path: String) throws(Failure) {
    if isTerminal { return try line(path) }
    let bytes = SystemPath.withBytes(of: path) {
      UnsafeBufferPointer(start: $0, count: strlen($0)).map { UInt8(bitPattern: $0) }
    }
    try write(bytes + [UInt8(ascii: "\n")])
  }

  /// Throws where a file would go to a terminal, whose bytes mean something else there. Called before the work.
  static func checkTakesFiles() throws(Failure) {
    guard isTerminal else { return }
    throw Failure(.usage, "-o -: such a file does not go to a terminal; name a file or a pipe")
  }

  /// A file that goes to standard output.
  static func write(_ bytes: [UInt8]) throws(Failure) {
    let isWritten = bytes.withUnsafeBytes { writeAll($0, to: STDOUT_FILENO) }
    guard isWritten else {
      throw Failure(.inputOutput, "cannot write to standard output: \(systemMessage())")
    }
  }

  /// The bytes of a file.
  static func write(file path: String) throws {
    try MappedFile(path: path).withBytes { bytes in
      var place = 0
      while place < bytes.count {
        let end = min(bytes.count, place + 1 << 20)
        try write([UInt8](bytes[place..<end]))
        place = end
      }
    }
  }
}

/// Standard error, for everything that is not the answer. A write that fails cannot be reported. No
/// control character passes, in pipes and files neither: they are read on a terminal later.
enum StandardError {
  /// Whether it is a terminal that can go back to the beginning of a line and clear it.
  static let writesOver =
    isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

  static func write(_ text: String) { _ = writeAll(DisplayText.lines(text), to: STDERR_FILENO) }

  /// One line, whatever the text holds.
  static func line(_ text: String) { write(DisplayText.line(text) + "\n") }

  /// A sequence of our own that a terminal obeys.
  static func control(_ sequence: StaticString) {
    _ = writeAll(sequence.description, to: STDERR_FILENO)
  }

  /// Clears the line on which the cursor is, and writes another.
  static func replaceLine(_ text: String) {
    _ = writeAll("\r\u{1b}[K" + DisplayText.line(text), to: STDERR_FILENO)
  }

  static func note(_ text: String) { line("janus-lite: \(text)") }

  /// Columns of the terminal.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

enum StandardInput {
  static let isTerminal = isatty(STDIN_FILENO) == 1

  /// All bytes up to the end; there may be at most `limit`. `name` is the descriptor's name in
  /// messages.
  static func read(
    from descriptor: Int32 = STDIN_FILENO, name: String = "standard input", limit: Int
  ) throws(Failure) -> [UInt8] {
    if descriptor == STDIN_FILENO, isTerminal {
      StandardError.note("reads standard input, up to Ctrl-D on an empty line")
    }
    var bytes: [UInt8] = []
    while true {
      guard let piece = try readPiece(from: descriptor, name: name) else { throw .interrupted }
      guard !piece.isEmpty else { return bytes }
      bytes += piece
      guard bytes.count <= limit else {
        throw Failure(.data, "\(name): expected at most \(limit) bytes, found more")
      }
    }
  }

  /// Whether bytes, or the end, can be read without waiting.
  static func isReady() -> Bool {
    var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    return poll(&descriptor, 1, 0) > 0
  }

  /// Throws away what can be read without waiting. Whether there was anything.
  static func discardWaiting() -> Bool {
    var piece = [UInt8](repeating: 0, count: 1 << 12)
    var found = false
    // Somebody may write without an end.
    for _ in 0..<256 where isReady() {
      guard Foundation.read(STDIN_FILENO, &piece, piece.count) > 0 else { break }
      found = true
    }
    return found
  }

  /// The next bytes; empty at the end, `nil` when Ctrl-C was pressed.
  static func readPiece(
    from descriptor: Int32 = STDIN_FILENO, name: String = "standard input"
  ) throws(Failure) -> ArraySlice<UInt8>? {
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      var descriptors = [
        pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: Interrupt.descriptor, events: Int16(POLLIN), revents: 0),
      ]
      // Looked at before, too: what wakes the waiting may have been taken away with an older signal.
      if Interrupt.isRaised { return nil }
      _ = poll(&descriptors, 2, -1)
      if Interrupt.isRaised { return nil }
      guard descriptors[0].revents != 0 else {
        // What an older signal wrote late.
        if descriptors[1].revents != 0 { Interrupt.forgetWaking() }
        continue
      }
      let count = Foundation.read(descriptor, &piece, piece.count)
      if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
      guard count >= 0 else {
        throw Failure(.inputOutput, "cannot read \(name): \(systemMessage())")
      }
      return piece[..<count]
    }
  }

  /// Text without what editors of some systems put around it: U+FEFF at its beginning, and one line's
  /// end at its end.
  private static func plain(_ text: String) -> String {
    var scalars = text.unicodeScalars[...]
    if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
    if scalars.last == "\n" { scalars.removeLast() }
    if scalars.last == "\r" { scalars.removeLast() }
    return String(scalars)
  }

  /// All of it as text, without a line feed at the end.
  static func readText() throws(Failure) -> String {
    let bytes = try read(limit: 1 << 24)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(.data, "standard input: expected text in UTF-8, found other bytes")
    }
    return Self.plain(text)
  }
}

extension Failure {
  static var interrupted: Failure { Failure(.interrupted, "interrupted") }
}

private func systemMessage() -> String { String(cString: strerror(errno)) }

private func writeAll(_ text: String, to descriptor: Int32) -> Bool {
  var text = text
  return text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
}

private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
  var done = 0
  while done < bytes.count, let base = bytes.baseAddress {
    let count = Foundation.write(descriptor, base + done, bytes.count - done)
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else { return false }
    done += count
  }
  return true
}
