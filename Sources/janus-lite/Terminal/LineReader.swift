import Foundation
import JanusEngine
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// Lines of standard input.
///
/// Swift's own `readLine` waits on after a signal, so that Ctrl-C could not end a conversation.
struct LineReader {
  private static let longestLine = 1 << 24

  private var buffer: [UInt8] = []
  /// How much of `buffer` is known to hold no line feed.
  private var searched = 0
  private var isAtEnd = false
  private let repairs: Bool

  /// - Parameter repairs: whether bytes that are no UTF-8 become U+FFFD, and are no error.
  init(repairs: Bool = false) { self.repairs = repairs }

  /// The next line without its line feed; `nil` at the end, or when Ctrl-C was pressed.
  mutating func next() throws(Failure) -> String? {
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer {
          buffer.removeSubrange(...end)
          searched = 0
        }
        return try text(buffer[..<end])
      }
      searched = buffer.count
      guard !isAtEnd else {
        defer {
          buffer = []
          searched = 0
        }
        return buffer.isEmpty ? nil : try text(buffer[...])
      }
      guard buffer.count <= Self.longestLine else {
        throw Failure(
          .data, "standard input: expected lines of at most \(Self.longestLine) bytes")
      }
      guard let piece = try StandardInput.readPiece() else { return nil }
      isAtEnd = piece.isEmpty
      buffer += piece
    }
  }

  private func text(_ bytes: ArraySlice<UInt8>) throws(Failure) -> String {
    if repairs { return String(decoding: bytes, as: UTF8.self) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(.data, "standard input: expected text in UTF-8, found other bytes")
    }
    return text
  }
}
