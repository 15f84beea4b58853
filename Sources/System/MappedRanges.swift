import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Which addresses belong to which mapped file: what a handler of SIGBUS has to know to name the file that was cut or
/// whose disk failed.
///
/// `file(at:)` may be called in a signal handler: it only reads atomics, takes no lock and allocates nothing.
package enum MappedRanges {
  /// One mapped file. A slot is free while its end is 0.
  private struct Slot: ~Copyable {
    let begin = Atomic<UInt>(0)
    let end = Atomic<UInt>(0)
    /// Of a C string: the path, fit to be shown.
    let name = Atomic<UInt>(0)
  }

  /// A block of slots. Blocks are added, never freed: a handler may be reading them.
  private struct Block: ~Copyable {
    static let slotCount = 64
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: slotCount)
    /// Of the next block; 0 at the end.
    let next = Atomic<UInt>(0)

    init() {
      for index in 0..<Self.slotCount { (slots + index).initialize(to: Slot()) }
    }
  }

  private nonisolated(unsafe) static let first: UnsafeMutablePointer<Block> = {
    let block = UnsafeMutablePointer<Block>.allocate(capacity: 1)
    block.initialize(to: Block())
    return block
  }()

  /// Held by those who change the slots.
  private static let changes = Locked(())

  /// Makes everything ready that `file(at:)` needs; to be called before a handler is installed.
  package static func prepare() { _ = first.pointee.next.load(ordering: .relaxed) }

  /// The path of the file whose mapping holds an address, as a C string fit to be shown; nil where there is none.
  package static func file(at address: UnsafeRawPointer?) -> UnsafePointer<CChar>? {
    let address = UInt(bitPattern: address)
    var block: UnsafeMutablePointer<Block>? = first
    while let here = block {
      for index in 0..<Block.slotCount {
        let slot = here.pointee.slots + index
        guard address < slot.pointee.end.load(ordering: .acquiring),
          slot.pointee.begin.load(ordering: .relaxed) <= address
        else { continue }
        return UnsafePointer(bitPattern: slot.pointee.name.load(ordering: .relaxed))
      }
      block = next(here)
    }
    return nil
  }

  static func add(_ base: UnsafeMutableRawPointer, _ count: Int, path: String) {
    changes.withLock { _ in
      let slot = freeSlot()
      slot.pointee.name.store(
        UInt(bitPattern: strdup(DisplayText.line(path))), ordering: .relaxed)
      slot.pointee.begin.store(UInt(bitPattern: base), ordering: .relaxed)
      slot.pointee.end.store(UInt(bitPattern: base + count), ordering: .releasing)
    }
  }

  static func remove(_ base: UnsafeMutableRawPointer) {
    changes.withLock { _ in
      var block: UnsafeMutablePointer<Block>? = first
      while let here = block {
        for index in 0..<Block.slotCount {
          let slot = here.pointee.slots + index
          guard slot.pointee.end.load(ordering: .relaxed) > 0,
            slot.pointee.begin.load(ordering: .relaxed) == UInt(bitPattern: base)
          else { continue }
          slot.pointee.end.store(0, ordering: .releasing)
          free(UnsafeMutablePointer<CChar>(bitPattern: slot.pointee.name.load(ordering: .relaxed)))
          slot.pointee.name.store(0, ordering: .relaxed)
          return
        }
        block = next(here)
      }
    }
  }

  private static func next(_ block: UnsafeMutablePointer<Block>) -> UnsafeMutablePointer<Block>? {
    UnsafeMutablePointer(bitPattern: block.pointee.next.load(ordering: .acquiring))
  }

  /// A slot that nobody uses, in a new block if all are in use.
  private static func freeSlot() -> UnsafeMutablePointer<Slot> {
    var block = first
    while true {
      for index in 0..<Block.slotCount
      where (block.pointee.slots + index).pointee.end.load(ordering: .relaxed) == 0 {
        return block.pointee.slots + index
      }
      if let following = next(block) {
        block = following
        continue
      }
      let added = UnsafeMutablePointer<Block>.allocate(capacity: 1)
      added.initialize(to: Block())
      block.pointee.next.store(UInt(bitPattern: added), ordering: .releasing)
      block = added
    }
  }
}
