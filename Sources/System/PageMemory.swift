#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Uninitialised bytes, aligned to 64, for the large buffers of a network.
///
/// Large ones come from the operating system in whole pages. A page counts as used memory when it
/// is first written to, and freeing gives it back at once. A heap allocator may keep tens of
/// megabytes after that.
package enum PageMemory {
  /// From this size on.
  private static let threshold = 1 << 20

  /// `inLargePages`: for memory that is filled completely and read from front to back.
  package static func allocate(_ byteCount: Int, inLargePages: Bool = false)
    -> UnsafeMutableRawPointer
  {
    guard byteCount >= threshold else { return .allocate(byteCount: byteCount, alignment: 64) }
    let flags = MAP_PRIVATE | numericCast(MAP_ANON)
    guard let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0),
      base != MAP_FAILED
    else { fatalError("the operating system has no \(byteCount) bytes of memory left") }
    #if os(Linux)
      if inLargePages { _ = madvise(base, byteCount, MADV_HUGEPAGE) }
    #endif
    return base
  }

  /// Frees what `allocate(byteCount)` returned.
  package static func deallocate(_ base: UnsafeMutableRawPointer, _ byteCount: Int) {
    guard byteCount >= threshold else { return base.deallocate() }
    munmap(base, byteCount)
  }
}
