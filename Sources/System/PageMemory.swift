#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The operating system gives no more memory to this process.
public struct MemoryError: Error, Equatable, CustomStringConvertible {
  /// What was asked for.
  public let byteCount: Int

  public init(byteCount: Int) { self.byteCount = byteCount }

  public var description: String {
    "the operating system gives no \(byteCount) bytes of memory more"
  }
}

/// Uninitialised bytes, aligned to 64, for the large buffers of a network.
///
/// Large ones come from the operating system in whole pages. A page counts as used memory when it
/// is first written to, and freeing gives it back at once. A heap allocator may keep tens of
/// megabytes after that.
///
/// None takes the last of what the system gives: Swift's own arrays and strings, which are small
/// beside these, end the process where memory is refused.
package enum PageMemory {
  /// From this size on.
  private static let threshold = 1 << 20
  /// Left by each large one; a multiple of the large pages' size, which the system places them by.
  private static let left = 4 << 20

  /// `inLargePages`: for memory that is filled completely and read from front to back.
  package static func allocate(
    _ byteCount: Int, inLargePages: Bool = false
  ) throws(MemoryError) -> UnsafeMutableRawPointer {
    guard byteCount >= threshold else {
      // Swift's own allocation ends the process where there is no memory.
      var base: UnsafeMutableRawPointer?
      guard posix_memalign(&base, 64, max(64, byteCount)) == 0, let base else {
        throw MemoryError(byteCount: byteCount)
      }
      return base
    }
    guard let base = map(byteCount + left) else { throw MemoryError(byteCount: byteCount) }
    munmap(base + roundedToPages(byteCount), left)
    #if os(Linux)
      if inLargePages { _ = madvise(base, byteCount, MADV_HUGEPAGE) }
    #endif
    return base
  }

  private static func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let flags = MAP_PRIVATE | numericCast(MAP_ANON)
    let base = mmap(nil, roundedToPages(byteCount), PROT_READ | PROT_WRITE, flags, -1, 0)
    return base == MAP_FAILED ? nil : base
  }

  private static func roundedToPages(_ byteCount: Int) -> Int {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    return (byteCount + page - 1) / page * page
  }

  /// Whether the system would give so many bytes now: within the limits of the process, and of what it
  /// promises to all. Nothing is written to.
  package static func isGiven(_ byteCount: Int) -> Bool {
    guard let base = map(byteCount) else { return false }
    munmap(base, roundedToPages(byteCount))
    return true
  }

  /// Frees what `allocate(byteCount)` returned.
  package static func deallocate(_ base: UnsafeMutableRawPointer, _ byteCount: Int) {
    if byteCount < threshold { free(base) } else { munmap(base, byteCount) }
  }

  /// Aligned memory of no use, for buffers that have none yet; never freed.
  package nonisolated(unsafe) static let none = UnsafeMutableRawPointer.allocate(
    byteCount: 64, alignment: 64)
}
