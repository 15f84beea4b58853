#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The addresses that a process may use, where a limit such as `ulimit -v` bounds them.
package enum AddressSpace {
  #if canImport(Glibc)
    /// Ranges that malloc may reserve for threads beside its own, each of 64 MB and at first of twice as much to align it.
    private static let arenas = 2
    private static let arenaBytes = 64 << 20
  #endif

  /// Throws where so many threads would not find room. To be called before they are made: Dispatch tries for ever to make
  /// one that it does not get.
  package static func prepare(threads: Int) throws(MemoryError) {
    #if canImport(Glibc)
      var limit = rlimit()
      guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
        limit.rlim_cur < Int.max
      else { return }
      // malloc would take an arena for each thread, until nothing is left for their stacks. Its header is in no module.
      if let symbol = dlsym(nil, "mallopt") {
        let mallopt = unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)
        let arenaMax: Int32 = -8
        _ = mallopt(arenaMax, Int32(arenas))
      }
      let byteCount = threads * OwnThread.stackBytes + (arenas + 1) * arenaBytes
      guard PageMemory.isGiven(byteCount) else { throw MemoryError(byteCount: byteCount) }
    #endif
  }
}
