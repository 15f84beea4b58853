#if canImport(Glibc)
  import JanusConvert
  import Glibc
  import Testing

  @testable import JanusEngine
  @testable import JanusLite
  @testable import JanusSystem

  @Suite struct AllocationTests {
    /// In a process of its own: the hook changes how every thread retains and releases, and other
    /// tests running beside it crash.
    @Test func aDecodedTokenAllocatesNothing() async {
      await #expect(processExitsWith: .success) {
        for fixture in Fixture.all {
          for quantization in Quantization.allCases {
            let model = try fixture.model(quantization, .init(threads: 2))
            let run = TextRun(
              model.languageModel, Ops(kernels: model.kernels, pool: model.pool),
              cacheFormat: model.cacheFormat)
            _ = try run.prefill([.token(1), .token(2), .token(3)], pictures: [])
            try run.cache.reserve(64)
            _ = try run.step(4)

            let objects = try ObjectCount.during { for token in 5..<13 { _ = try run.step(token) } }
            #expect(objects == 0, "\(fixture), \(quantization)")
            let counted = ObjectCount.during { _ = [UInt8](repeating: 0, count: run.count) }
            #expect(counted > 0, "the hook does not count")
          }
        }
      }
    }
  }

  /// Counts the objects (closures' contexts, arrays, instances) that this thread asks the Swift
  /// runtime for, by the hook that it has for Instruments.
  private enum ObjectCount {
    private typealias Allocate =
      @convention(c) (UnsafeRawPointer?, Int, Int) -> UnsafeMutableRawPointer?

    private nonisolated(unsafe) static var thread: pthread_t = 0
    private nonisolated(unsafe) static var objects = 0
    /// The runtime's own function, behind the hook.
    private nonisolated(unsafe) static var original: Allocate?

    static func during(_ body: () throws -> Void) rethrows -> Int {
      let runtime = dlopen(nil, RTLD_NOW)
      let slot = dlsym(runtime, "_swift_allocObject")!.assumingMemoryBound(to: Allocate.self)
      let permission = dlsym(
        runtime,
        "_swift_enableSwizzlingOfAllocationAndRefCountingFunctions" + "_forInstrumentsOnly"
      )!.assumingMemoryBound(to: Bool.self)
      original = slot.pointee
      thread = pthread_self()
      objects = 0
      slot.pointee = { metadata, size, mask in ObjectCount.allocate(metadata, size, mask) }
      permission.pointee = true
      try body()
      permission.pointee = false
      slot.pointee = original!
      return objects
    }

    private static func allocate(
      _ metadata: UnsafeRawPointer?, _ size: Int, _ mask: Int
    ) -> UnsafeMutableRawPointer? {
      if thread == pthread_self() { objects += 1 }
      return original!(metadata, size, mask)
    }
  }
#endif
