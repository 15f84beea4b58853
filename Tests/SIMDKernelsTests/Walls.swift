#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Copies of arrays between protected pages. Reading or writing one byte outside a copy ends the
/// process.
final class Walls {
  /// At which end an array touches its protected page. At its other end is the rest of a page.
  enum Side: CaseIterable { case front, back }

  private let side: Side
  private var regions: [(base: UnsafeMutableRawPointer, byteCount: Int)] = []

  /// Runs `body` for arrays right after a protected page, then for arrays right before one.
  static func onEachSide(_ body: (Walls) -> Void) {
    for side in Side.allCases {
      let walls = Walls(side)
      body(walls)
      for region in walls.regions { munmap(region.base, region.byteCount) }
    }
  }

  private init(_ side: Side) { self.side = side }

  /// A copy that lasts as long as the body of `onEachSide`.
  func place<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let size = elements.count * MemoryLayout<Element>.stride
    let room = (size + page - 1) / page * page
    let flags = MAP_PRIVATE | numericCast(MAP_ANON)
    guard let base = mmap(nil, room + 2 * page, PROT_NONE, flags, -1, 0), base != MAP_FAILED,
      room == 0 || mprotect(base + page, room, PROT_READ | PROT_WRITE) == 0
    else { fatalError("no memory for \(room) bytes between walls") }
    regions.append((base, room + 2 * page))
    let start = base + page + (side == .front ? 0 : room - size)
    let copy = start.bindMemory(to: Element.self, capacity: elements.count)
    copy.update(from: elements, count: elements.count)
    return copy
  }
}
