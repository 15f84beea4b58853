#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Copies of operands that end right before a page that cannot be touched: a kernel that reads or writes one byte too
/// far ends the program.
final class WalledMemory {
  private var regions: [(base: UnsafeMutableRawPointer, byteCount: Int)] = []

  deinit { for region in regions { munmap(region.base, region.byteCount) } }

  func place<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let size = elements.count * MemoryLayout<Element>.stride
    let room = (size + page - 1) / page * page
    let flags = MAP_PRIVATE | numericCast(MAP_ANON)
    guard let base = mmap(nil, room + page, PROT_READ | PROT_WRITE, flags, -1, 0),
      base != MAP_FAILED, mprotect(base + room, page, PROT_NONE) == 0
    else { fatalError("no memory for \(room) bytes") }
    regions.append((base, room + page))
    let start = (base + (room - size)).bindMemory(to: Element.self, capacity: elements.count)
    start.update(from: elements, count: elements.count)
    return start
  }
}
