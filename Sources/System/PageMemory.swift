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
package enum PageMemory {
  /// From this size on.
  private static let threshold = 1 << 20

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
    let flags = MAP_PRIVATE | numericCast(MAP_ANON)
    guard let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0),
      base != MAP_FAILED
    else { throw MemoryError(byteCount: byteCount) }
    #if os(Linux)
      if inLargePages { _ = madvise(base, byteCount, MADV_HUGEPAGE) }
    #endif
    return base
  }

  /// Frees what `allocate(byteCount)` returned.
  package static func deallocate(_ base: UnsafeMutableRawPointer, _ byteCount: Int) {
    if byteCount < threshold { free(base) } else { munmap(base, byteCount) }
  }

  /// Aligned memory of no use, for buffers that have none yet; never freed.
  package nonisolated(unsafe) static let none = UnsafeMutableRawPointer.allocate(
    byteCount: 64, alignment: 64)
}
