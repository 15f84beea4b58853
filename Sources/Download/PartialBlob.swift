import JanusSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A content on its way: its bytes at their places, and behind them which of them are there.
///
/// The file may be left at any moment and taken up again. Ranges are filled from their beginnings, so
/// that one number for each says what it has; it is written after the bytes that it counts. What a
/// power cut may have lost of either shows in the checksum, which is taken over all bytes.
final class PartialBlob {
  let path: String
  let size: Int
  private(set) var rangeBytes: Int
  /// Bytes that each range has.
  private(set) var done: [Int] = []
  /// What the server calls the content, to know whether it is still the same.
  private(set) var eTag = ""
  let descriptor: Int32

  private static let magic = Array("JANUSDL1".utf8)
  private static let headBytes = 8 + 8 + 8 + 256
  private static let rangeLimit = 1 << 16

  /// Opens what is there, or begins anew.
  init(path: String, size: Int, rangeBytes: Int) throws(DownloadError) {
    self.path = path
    self.size = size
    self.rangeBytes = max(rangeBytes, size / Self.rangeLimit + 1)
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0 else { throw Self.failure(path, "create") }
    if try !readFooter() { try reset(singleRange: false) }
  }

  deinit { close(descriptor) }

  var isComplete: Bool { bytesDone == size }

  var bytesDone: Int { done.reduce(0, +) }

  /// Bytes that are there without a gap from the beginning.
  var prefix: Int {
    var prefix = 0
    for (index, count) in done.enumerated() {
      prefix += count
      if count < range(index).count { break }
    }
    return prefix
  }

  /// The bytes of a range.
  func range(_ index: Int) -> Range<Int> {
    index * rangeBytes..<min((index + 1) * rangeBytes, size)
  }

  /// Forgets all bytes.
  ///
  /// - Parameter singleRange: whether the server gives whole files only.
  func reset(singleRange: Bool) throws(DownloadError) {
    if singleRange { rangeBytes = max(size, 1) }
    eTag = ""
    done = [Int](repeating: 0, count: (size + rangeBytes - 1) / rangeBytes)
    guard ftruncate(descriptor, 0) == 0,
      ftruncate(descriptor, off_t(size + Self.headBytes + 8 * done.count)) == 0
    else { throw Self.failure(path, "write to") }
    try writeHead()
  }

  func remember(eTag: String) throws(DownloadError) {
    self.eTag = eTag
    try writeHead()
  }

  /// Puts bytes behind those that a range has.
  func append(_ bytes: UnsafeRawBufferPointer, to index: Int) throws(DownloadError) {
    precondition(done[index] + bytes.count <= range(index).count)
    try write(bytes, at: range(index).lowerBound + done[index])
    done[index] += bytes.count
    var count = UInt64(done[index]).littleEndian
    try withUnsafeBytes(of: &count) { raw in
      Result { () throws(DownloadError) in try write(raw, at: size + Self.headBytes + 8 * index) }
    }.get()
  }

  /// Makes the content durable under its own name.
  func commit(to destination: String) throws(DownloadError) {
    guard ftruncate(descriptor, off_t(size)) == 0, fsync(descriptor) == 0 else {
      throw Self.failure(path, "write to")
    }
    guard rename(path, destination) == 0 else { throw Self.failure(destination, "create") }
  }

  func remove() { unlink(path) }

  // MARK: The footer

  private func writeHead() throws(DownloadError) {
    var head = Self.magic
    for number in [size, rangeBytes] {
      withUnsafeBytes(of: UInt64(number).littleEndian) { head += $0 }
    }
    let tag = Array(eTag.utf8.prefix(255))
    head += tag + [UInt8](repeating: 0, count: 256 - tag.count)
    let counts = done.flatMap { count in
      withUnsafeBytes(of: UInt64(count).littleEndian) { Array($0) }
    }
    try (head + counts).withUnsafeBytes { raw in
      Result { () throws(DownloadError) in try write(raw, at: size) }
    }.get()
  }

  /// Whether the file has a footer that fits, or all bytes and none.
  private func readFooter() throws(DownloadError) -> Bool {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Self.failure(path, "examine")
    }
    let length = Int(status.st_size)
    if length == size, size > 0 {
      // Killed between the last byte and the name.
      rangeBytes = size
      done = [size]
      return true
    }
    guard length >= size + Self.headBytes else { return false }
    let head = try read(at: size, count: Self.headBytes)
    let (stated, range) = (Self.number(head, 8), Self.number(head, 16))
    guard head.starts(with: Self.magic), stated == size, range > 0,
      range >= size / Self.rangeLimit
    else { return false }
    let count = size / range + (size % range == 0 ? 0 : 1)
    guard length == size + Self.headBytes + 8 * count else { return false }
    let counts = try read(at: size + Self.headBytes, count: 8 * count)
    rangeBytes = range
    done = (0..<count).map { Self.number(counts, 8 * $0) }
    eTag = String(decoding: head[24...].prefix { $0 != 0 }, as: UTF8.self)
    return done.indices.allSatisfy { (0...self.range($0).count).contains(done[$0]) }
  }

  private static func number(_ bytes: [UInt8], _ offset: Int) -> Int {
    let value = bytes[offset..<offset + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int(exactly: value) ?? -1
  }

  private func read(at offset: Int, count: Int) throws(DownloadError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let found = pread(descriptor, &bytes, count, off_t(offset))
    guard found == count else { throw Self.failure(path, "read") }
    return bytes
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DownloadError) {
    var written = 0
    while written < bytes.count, let base = bytes.baseAddress {
      let step = pwrite(descriptor, base + written, bytes.count - written, off_t(offset + written))
      if step < 0 && errno == EINTR { continue }
      guard step > 0 else {
        throw .file(
          FileError(path: path, operation: "write to", code: step < 0 ? errno : ENOSPC))
      }
      written += step
    }
  }

  private static func failure(_ path: String, _ operation: String) -> DownloadError {
    .file(FileError(path: path, operation: operation, code: errno))
  }
}
