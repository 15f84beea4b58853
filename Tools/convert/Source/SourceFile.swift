import GGUF
import JanusSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file of a checkpoint, read at offsets by any number of threads.
///
/// It is read, not mapped: bytes count as this process's memory only while they are used, and a
/// file that shrinks is an error, not a signal.
final class SourceFile: Sendable {
  let path: String
  /// Bytes.
  let count: Int
  private let descriptor: Int32

  /// Opens a regular file.
  init(path: String) throws(ConversionError) {
    // Without O_NONBLOCK a named pipe would block for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.failure("open", path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let error = Self.failure("examine", path)
      close(descriptor)
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .data(file: path, problem: "expected a file, found something else")
    }
    self.path = path
    self.descriptor = descriptor
    count = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills `buffer` with the bytes from `offset` on, all of which must exist.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ConversionError) {
    var done = 0
    while done < buffer.count {
      let step = pread(
        descriptor, buffer.baseAddress! + done, min(buffer.count - done, 1 << 30),
        off_t(offset + done))
      if step < 0 && errno == EINTR { continue }
      if step < 0 { throw Self.failure("read", path) }
      guard step > 0 else {
        throw .data(
          file: path,
          problem: "truncated: expected \(buffer.count) bytes at \(offset), found \(done)")
      }
      done += step
    }
  }

  /// The bytes of a range inside the file.
  func bytes(_ range: Range<Int>) throws(ConversionError) -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= count else {
      throw .data(
        file: path,
        problem: "truncated: expected \(range.count) bytes at \(range.lowerBound), "
          + "the file has \(count)")
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 1)
    defer { buffer.deallocate() }
    try read(at: range.lowerBound, into: buffer)
    return [UInt8](buffer)
  }

  /// A whole small file as JSON.
  static func json(_ path: String, limit: Int) throws(ConversionError) -> JSON {
    let file = try SourceFile(path: path)
    guard file.count <= limit else {
      throw .data(file: path, problem: "expected at most \(limit) bytes, found \(file.count)")
    }
    let bytes = try file.bytes(0..<file.count)
    do throws(JSONParser.Problem) {
      return try JSONParser.parse(bytes)
    } catch {
      throw .data(file: path, problem: "\(error)")
    }
  }

  private static func failure(_ operation: String, _ path: String) -> ConversionError {
    .file(FileError(path: path, operation: operation, code: errno))
  }
}
