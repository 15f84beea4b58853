import Testing

@testable import JanusSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct AvailableMemoryTests {
  @Test func memoryThatTheSystemDoesNotHaveIsAnError() {
    for byteCount in [1 << 60, 1 << 50] {
      #expect(throws: MemoryError(byteCount: byteCount)) { try PageMemory.allocate(byteCount) }
    }
  }

  @Test func whatIsLookedForIsWhatTheSystemHas() throws {
    try AvailableMemory.check()
    #expect(PageMemory.isGiven(1) && !PageMemory.isGiven(1 << 60))
    for byteCount in [1 << 50, 1 << 60, Int.max - (16 << 20), Int.max] {
      #expect(throws: MemoryError.self) { try AvailableMemory.check(byteCount) }
    }
  }

  @Test(arguments: [0, 1, 63, 64, 4096, 1 << 20, (1 << 20) + 1])
  func memoryIsAlignedAndWritable(_ byteCount: Int) throws {
    let base = try PageMemory.allocate(byteCount)
    defer { PageMemory.deallocate(base, byteCount) }
    #expect(UInt(bitPattern: base) % 64 == 0)
    base.initializeMemory(as: UInt8.self, repeating: 1, count: byteCount)
  }

  #if os(Linux) && !canImport(Musl)
    /// In a process of its own: a limit cannot be raised again.
    @Test func aLimitOfTheProcessCounts() async {
      await #expect(processExitsWith: .success) {
        let before = AvailableMemory.bytes ?? 0
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_AS.rawValue)
        getrlimit(resource, &limit)
        let used = ProcessMemory.virtual
        limit.rlim_cur = rlim_t(used + (64 << 20))
        setrlimit(resource, &limit)
        let after = AvailableMemory.bytes ?? 0
        precondition(before > 100 << 20)
        precondition(after <= 64 << 20, "a limit that does not count")
        precondition((try? PageMemory.allocate(128 << 20)) == nil, "memory above the limit")
      }
    }

    /// Swift's own arrays must still get memory when a buffer was refused, and when one was given.
    @Test func noBufferTakesTheLastMemory() async {
      await #expect(processExitsWith: .success) {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_AS.rawValue)
        getrlimit(resource, &limit)
        limit.rlim_cur = rlim_t(ProcessMemory.virtual + (64 << 20))
        setrlimit(resource, &limit)
        precondition((try? AvailableMemory.check()) != nil, "nothing is left at the beginning")
        precondition((try? AvailableMemory.check(60 << 20)) == nil, "nothing would be left")
        var byteCount = 64 << 20
        var given = 0
        while byteCount > 1 << 20 {
          if (try? PageMemory.allocate(byteCount)) != nil {
            given += byteCount
          } else {
            byteCount /= 2
          }
        }
        precondition(given > 32 << 20, "too little was given")
        precondition(PageMemory.isGiven(2 << 20), "buffers took the last memory")
        precondition([UInt8](repeating: 1, count: 1 << 20).reduce(0) { $0 + Int($1) } == 1 << 20)
      }
    }
  #endif
}
