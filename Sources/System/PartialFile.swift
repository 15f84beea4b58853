#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that is written under a temporary name beside its place. It gets its name when it is
/// whole, or is removed. A link stays: what it leads to is replaced.
public final class PartialFile: Sendable {
  /// As it was given, for messages.
  private let name: String
  private let destination: String
  private let temporary: String
  private let descriptor: Int32
  private let isOpen = Locked(true)

  /// Creates the file with its final size, filled with zeros.
  public init(destination: String, byteCount: Int) throws(FileError) {
    // A device or a folder is never replaced by a file.
    if let status = SystemPath.status(of: destination), status.st_mode & S_IFMT != S_IFREG {
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw FileError(
        path: destination, operation: isFolder ? "replace" : "put a file in the place of",
        code: isFolder ? EISDIR : EEXIST)
    }
    name = destination
    guard let destination = SystemPath.target(of: destination) else {
      throw FileError(path: destination, operation: FileError.creation, code: ELOOP)
    }
    Self.removeLeftovers(of: destination)
    self.destination = destination
    let file = Self.create(beside: destination)
    (temporary, descriptor) = (file.path, file.descriptor)
    guard descriptor >= 0 else {
      // `deinit` must not remove a file that was not made.
      isOpen.withLock { $0 = false }
      throw FileError(path: name, operation: FileError.creation, code: file.code)
    }
    guard ftruncate(descriptor, off_t(byteCount)) == 0 else {
      let code = errno
      discard()
      throw FileError(path: name, operation: "reserve \(byteCount) bytes for", code: code)
    }
  }

  /// Makes a file under a temporary name, and locks it as a sign that somebody writes to it.
  private static func create(
    beside destination: String
  ) -> (path: String, descriptor: Int32, code: Int32) {
    for _ in 0..<16 {
      let suffix = String(UInt32.random(in: 0...UInt32.max), radix: 16)
      let path = "\(destination)\(infix)\(suffix)"
      let descriptor = SystemPath.withBytes(of: path) {
        open($0, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      }
      guard descriptor >= 0 else {
        if errno == EEXIST { continue }
        return (path, -1, errno)
      }
      _ = flock(descriptor, LOCK_EX | LOCK_NB)
      // Before it had its lock another process may have taken it for a leftover.
      var status = stat()
      if fstat(descriptor, &status) == 0, status.st_nlink > 0 { return (path, descriptor, 0) }
      _ = close(descriptor)
    }
    return (destination, -1, EEXIST)
  }

  private static let infix = ".partial-"

  /// Removes what killed processes left of this destination: files of the temporary name's form that
  /// nobody has locked.
  private static func removeLeftovers(of destination: String) {
    let slash = destination.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = slash.map { String(destination[...$0]) } ?? "./"
    let name = slash.map { String(destination[destination.index(after: $0)...]) } ?? destination
    let begin = Array((name + infix).utf8)
    for name in SystemPath.names(in: folder) ?? [] {
      let bytes = Array(name.utf8)
      let suffix = bytes.dropFirst(begin.count)
      let isHexadecimal = suffix.allSatisfy {
        (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
      }
      guard bytes.starts(with: begin), (1...8).contains(suffix.count), isHexadecimal else {
        continue
      }
      let path = folder + String(decoding: bytes, as: UTF8.self)
      let descriptor = SystemPath.withBytes(of: path) {
        open($0, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
      }
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        _ = SystemPath.withBytes(of: path) { unlink($0) }
      }
      _ = close(descriptor)
    }
  }

  deinit {
    discard()
    if descriptor >= 0 { _ = close(descriptor) }
  }

  /// Writes all bytes at an offset. Safe from any thread.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
      let step = pwrite(
        descriptor, base + done, min(bytes.count - done, 1 << 30), off_t(offset + done))
      if step < 0 && errno == EINTR { continue }
      guard step > 0 else {
        throw FileError(path: name, operation: "write to", code: step < 0 ? errno : ENOSPC)
      }
      done += step
    }
  }

  public func write(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    // `withUnsafeBytes` of an array knows no typed errors.
    let result = bytes.withUnsafeBytes { raw in
      Result { () throws(FileError) in try write(raw, at: offset) }
    }
    try result.get()
  }

  /// Makes sure that the bytes are on the disk, and names the file.
  ///
  /// On Linux the written pages are dropped from the page cache (POSIX_FADV_DONTNEED). Written data
  /// are cached in small pages; loading them again gives large ones (see `MappedFile`).
  public func commit() throws(FileError) {
    func failure(_ operation: String) -> FileError {
      FileError(path: name, operation: operation, code: errno)
    }
    try isOpen.withLock { (isOpen) throws(FileError) in
      precondition(isOpen, "the file is finished or cancelled")
      guard fsync(descriptor) == 0 else { throw failure("write to") }
      #if os(Linux)
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
      #endif
      let isNamed = SystemPath.withBytes(of: temporary) { old in
        SystemPath.withBytes(of: destination) { rename(old, $0) == 0 }
      }
      guard isNamed else { throw failure(FileError.creation) }
      isOpen = false
    }
    // The new name is on the disk when the folder has been written. Some file systems cannot do
    // this; the file itself is whole.
    let slash = destination.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = slash.map { String(destination[...$0]) } ?? "."
    let folderDescriptor = SystemPath.withBytes(of: folder) { open($0, O_RDONLY | O_CLOEXEC) }
    if folderDescriptor >= 0 {
      _ = fsync(folderDescriptor)
      _ = close(folderDescriptor)
    }
  }

  /// Removes the file unless it has its name. Another thread may still be writing to it, so the
  /// descriptor stays open until the object is freed.
  public func discard() {
    isOpen.withLock { isOpen in
      guard isOpen else { return }
      isOpen = false
      _ = SystemPath.withBytes(of: temporary) { unlink($0) }
    }
  }
}
