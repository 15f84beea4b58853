import Foundation
import GGUF
import JanusEngine
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// A file that is read as a whole: a regular one, a pipe, or standard input as `-`.
enum InputFile {
  static let standardInput = "-"

  /// Its name in messages.
  static func shownName(_ name: String) -> String {
    name == standardInput ? "standard input" : "'\(name)'"
  }

  /// Gives all bytes to `body`; there may be at most `limit`.
  static func withBytes<Value>(
    of name: String, limit: Int, _ body: (UnsafeRawBufferPointer) throws -> Value
  ) throws -> Value {
    if name == standardInput {
      return try StandardInput.read(limit: limit).withUnsafeBytes(body)
    }
    // The system would take what stands before it for the name.
    guard !name.utf8.contains(0) else {
      throw Failure(.data, "'\(DisplayText.line(name))': expected a name without NUL, found one")
    }
    guard let status = SystemPath.status(of: name) else {
      throw Failure(FileError(path: name, operation: "open", code: errno))
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      throw Failure(.inputOutput, "cannot read '\(name)': it is a folder")
    case S_IFIFO, S_IFCHR:
      return try readStream(name, limit: limit).withUnsafeBytes(body)
    case S_IFREG where status.st_size > limit:
      throw Failure(
        .data, "'\(name)': expected at most \(limit) bytes, found \(status.st_size)")
    default:
      // Not mapped: a file that shrinks while it is used would end the process.
      let file: MappedFile
      do throws(FileError) {
        file = try MappedFile(path: name, access: .copied)
      } catch {
        throw Failure(error)
      }
      return try file.withBytes(body)
    }
  }

  /// Reads a pipe or a device to its end. Waits for a writer, as every program does.
  private static func readStream(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
    let descriptor = SystemPath.withBytes(of: path) {
      open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    }
    guard descriptor >= 0 else {
      throw Failure(FileError(path: path, operation: "open", code: errno))
    }
    defer { _ = close(descriptor) }
    return try StandardInput.read(from: descriptor, name: "'\(path)'", limit: limit)
  }
}
