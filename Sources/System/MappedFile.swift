#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file's bytes in memory, read-only: mapped, or read into an allocation.
///
/// Mapped pages are shared with every other process that maps the file and cost nothing until they
/// are touched. On Linux they are large pages if the file system's cache has large pages. A model
/// is read from front to back for every token; with small pages a quarter of that time goes into
/// looking up pages. The bytes are valid while the object lives. If another program truncates the
/// file while it is mapped, or its disk fails, this process gets SIGBUS, as with every mapping;
/// `MappedRanges` says to a handler of the program whose bytes they were. Files are to be replaced by
/// renaming, as `ContainerWriter` does.
public final class MappedFile: Sendable {
  /// How the bytes come into memory.
  public enum Access: Sendable {
    /// By mapping; pages are loaded when they are first touched.
    case mapped
    /// By reading the whole file now; for file systems where mapping is slow or unsafe.
    case copied
  }

  /// What will happen to a range soon, as advice to the operating system (madvise).
  public enum Advice: Sendable {
    /// MADV_DONTNEED: it will not be read for a while. Its pages may be dropped; reading it again
    /// loads it again.
    case dontNeed
    /// MADV_RANDOM: small scattered pieces of it will be read. Pages around them are not loaded,
    /// and do not count as this process's memory.
    case random
  }

  public let path: String
  public let access: Access
  private nonisolated(unsafe) let base: UnsafeMutableRawPointer?
  public let count: Int

  /// The whole file. The pointer is page-aligned, and valid while the object lives.
  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// The whole file, for as long as `body` runs. To be used where nothing else holds the object: it may end with its
  /// last use, and `bytes` with it.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  /// Opens a regular file. An empty one is accepted: it has no bytes.
  public init(path: String, access: Access = .mapped) throws(FileError) {
    // O_NONBLOCK: a named pipe is refused; opening it must not wait.
    let descriptor = SystemPath.withBytes(of: path) {
      open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    }
    guard descriptor >= 0 else { throw FileError(path: path, operation: "open", code: errno) }
    defer { _ = close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw FileError(path: path, operation: "examine", code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(
        path: path, operation: "read", code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
    }
    self.path = path
    self.access = access
    let count = Int(status.st_size)
    self.count = count
    guard count > 0 else {
      base = nil
      return
    }
    base =
      switch access {
      case .mapped: try Self.map(descriptor, count: count, path: path)
      case .copied: try Self.read(descriptor, count: count, path: path)
      }
    if let base, access == .mapped { MappedRanges.add(base, count, path: path) }
  }

  deinit {
    if let base {
      if access == .mapped { MappedRanges.remove(base) }
      munmap(base, count)
    }
  }

  /// Advises the operating system about a range of offsets. It is never an error.
  public func advise(_ advice: Advice, _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside the file")
    // Dropping pages of a private copy would turn them into zeros.
    guard let base, !range.isEmpty, access == .mapped else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let flag =
      switch advice {
      case .dontNeed: MADV_DONTNEED
      case .random: MADV_RANDOM
      }
    let begin = range.lowerBound / page * page
    _ = madvise(base + begin, range.upperBound - begin, numericCast(flag))
    #if os(Linux)
      if advice == .random { _ = madvise(base + begin, range.upperBound - begin, MADV_NOHUGEPAGE) }
    #endif
  }

  /// Keeps the file in memory (mlock) until the object is freed. Throws where the system's limit
  /// forbids it.
  public func lock() throws(FileError) {
    guard let base else { return }
    guard mlock(base, count) == 0 else {
      throw FileError(path: path, operation: "lock in memory", code: errno)
    }
  }

  private static func map(
    _ descriptor: Int32, count: Int, path: String
  ) throws(FileError) -> UnsafeMutableRawPointer {
    guard let base = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), base != MAP_FAILED
    else { throw FileError(path: path, operation: "map", code: errno) }
    #if os(Linux)
      // Advice: a kernel without large pages for files answers with an error and goes on as before.
      _ = madvise(base, count, MADV_HUGEPAGE)
    #endif
    return base
  }

  private static func read(
    _ descriptor: Int32, count: Int, path: String
  ) throws(FileError) -> UnsafeMutableRawPointer {
    let anonymous = MAP_PRIVATE | numericCast(MAP_ANON)
    guard let base = mmap(nil, count, PROT_READ | PROT_WRITE, anonymous, -1, 0), base != MAP_FAILED
    else { throw FileError(path: path, operation: "allocate memory for", code: errno) }
    var offset = 0
    while offset < count {
      let step = pread(descriptor, base + offset, min(count - offset, 1 << 30), off_t(offset))
      if step < 0 && errno == EINTR { continue }
      guard step > 0 else {
        // The file is shorter than its size said: it shrank meanwhile.
        let code = step < 0 ? errno : EIO
        munmap(base, count)
        throw FileError(path: path, operation: "read", code: code)
      }
      offset += step
    }
    return base
  }
}
