import GGUF
import JanusSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file of a checkpoint, or a member of an archive, read at offsets by any number of threads.
///
/// It is read, not mapped: bytes count as this process's memory only while they are used, and a
/// file that shrinks is an error, not a signal.
final class SourceFile: Sendable {
  let path: String
  /// Bytes.
  let count: Int
  /// Where the member begins in its archive.
  private let begin: Int
  private let descriptor: Descriptor

  /// Closed when the last that reads through it is gone.
  private final class Descriptor: Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(number) }
  }

  /// Opens a regular file.
  ///
  /// Throws where what lies there stands in a file's place: a pointer of Git LFS, a web page.
  convenience init(path: String) throws(ConversionError) {
    try self.init(unchecked: path)
    try refuseSubstitutes()
  }

  /// A member of an archive, which lies in it as it is.
  convenience init(member name: String, of archive: SourceFile, at range: Range<Int>)
    throws(ConversionError)
  {
    self.init(window: "\(archive.path)/\(name)", archive, range)
    try refuseSubstitutes()
  }

  private init(window path: String, _ file: SourceFile, _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= file.count)
    self.path = path
    count = range.count
    begin = file.begin + range.lowerBound
    descriptor = file.descriptor
  }

  /// Opens a regular file, whatever it holds.
  init(unchecked path: String) throws(ConversionError) {
    // Without O_NONBLOCK a named pipe would block for ever.
    let descriptor = SystemPath.withBytes(of: path) {
      open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    }
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
    self.descriptor = Descriptor(descriptor)
    begin = 0
    count = Int(status.st_size)
  }

  /// Fills `buffer` with the bytes from `offset` on, all of which must exist.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ConversionError) {
    var done = 0
    while done < buffer.count {
      let step = pread(
        descriptor.number, buffer.baseAddress! + done, min(buffer.count - done, 1 << 30),
        off_t(begin + offset + done))
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
    try SourceFile(path: path).json(limit: limit)
  }

  /// The whole of a small file as JSON.
  func json(limit: Int) throws(ConversionError) -> JSON {
    let values =
      limit > CheckpointLimits.indexBytes
      ? CheckpointLimits.tokenizerValues : CheckpointLimits.jsonValues
    guard count <= limit else {
      throw .data(file: path, problem: "expected at most \(limit) bytes, found \(count)")
    }
    let bytes = try bytes(0..<count)
    do throws(JSONParser.Problem) {
      return try JSONParser.parse(bytes, maximumValues: values)
    } catch {
      guard let text = try text() else { throw .data(file: path, problem: "\(error)") }
      throw .data(file: path, problem: "expected JSON, found the text '\(text)'")
    }
  }

  private static func failure(_ operation: String, _ path: String) -> ConversionError {
    .file(FileError(path: path, operation: operation, code: errno))
  }
}
