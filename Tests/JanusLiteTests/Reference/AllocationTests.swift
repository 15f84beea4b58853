#if canImport(Glibc)
  import Convert
  import Glibc
  import Synchronization
  import Testing

  @testable import JanusLite

  @Suite struct AllocationTests {
    /// Counts the objects (closures' contexts, arrays, instances) that this thread asks the Swift
    /// runtime for, by the hook that it has for Instruments.
    @Test(arguments: Fixture.all, Quantization.allCases)
    func aDecodedTokenAllocatesNothing(_ fixture: Fixture, _ quantization: Quantization) throws {
      let model = try fixture.model(quantization, .init(threads: 2))
      let run = TextRun(
        model.languageModel, Ops(kernels: model.kernels, pool: model.pool),
        cacheFormat: model.cacheFormat)
      _ = run.prefill([.token(1), .token(2), .token(3)], pictures: [])
      run.cache.reserve(64)
      _ = run.step(4)

      let objects = ObjectCount.during { for token in 5..<13 { _ = run.step(token) } }
      #expect(objects == 0)
      let counted = ObjectCount.during { _ = [UInt8](repeating: 0, count: run.count) }
      #expect(counted > 0, "the hook does not count")
    }
  }

  private enum ObjectCount {
    private typealias Allocate =
      @convention(c) (UnsafeRawPointer?, Int, Int) -> UnsafeMutableRawPointer?

    private static let thread = Atomic<UInt>(0)
    private static let objects = Atomic<Int>(0)
    /// The runtime's own function, behind the hook; the hook stays for the rest of the process.
    private nonisolated(unsafe) static let original: Allocate = {
      let runtime = dlopen(nil, RTLD_NOW)
      let slot = dlsym(runtime, "_swift_allocObject")!.assumingMemoryBound(to: Allocate.self)
      let original = slot.pointee
      slot.pointee = { metadata, size, mask in ObjectCount.allocate(metadata, size, mask) }
      let permission =
        "_swift_enableSwizzlingOfAllocationAndRefCountingFunctions_" + "forInstrumentsOnly"
      dlsym(runtime, permission)!.storeBytes(of: true, as: Bool.self)
      return original
    }()

    private static func allocate(
      _ metadata: UnsafeRawPointer?, _ size: Int, _ mask: Int
    ) -> UnsafeMutableRawPointer? {
      if thread.load(ordering: .relaxed) == UInt(pthread_self()) {
        objects.wrappingAdd(1, ordering: .relaxed)
      }
      return original(metadata, size, mask)
    }

    private static let turn = Mutex(())

    static func during(_ body: () -> Void) -> Int {
      _ = original
      return turn.withLock { _ in
        objects.store(0, ordering: .relaxed)
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        body()
        thread.store(0, ordering: .relaxed)
        return objects.load(ordering: .relaxed)
      }
    }
  }
#endif
