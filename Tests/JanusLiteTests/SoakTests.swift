import Foundation
import JanusSystem
import Testing

@testable import JanusLite

#if os(Linux)
  /// What is done very often leaves nothing behind. `JANUS_LITE_SOAK=10000` does it as often as that.
  @Suite(.serialized) struct SoakTests {
    private static let cycles =
      ProcessInfo.processInfo.environment["JANUS_LITE_SOAK"].flatMap(Int.init) ?? 200

    private var descriptors: Int {
      get throws { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
    }

    /// Other tests of this process take memory, too: the lowest of several looks is compared.
    private func lowest(_ looks: Int, _ body: () throws -> Void) throws -> (
      memory: Int, descriptors: Int
    ) {
      var (memory, open) = (Int.max, Int.max)
      for _ in 0..<looks {
        try body()
        memory = min(memory, ProcessMemory.anonymous)
        open = min(open, try descriptors)
      }
      return (memory, open)
    }

    @Test func openingAndClosingLeavesNothing() throws {
      let path = try Fixture.all[0].model(.int4).container.file.path
      let cycle = {
        let conversation = try Conversation(try Janus(path: path))
        _ = try conversation.send("hello", settings: GenerationSettings(maxTokens: 1))
      }
      let tenth = max(20, Self.cycles / 10)
      for _ in 0..<tenth { try cycle() }
      let before = try lowest(tenth, cycle)
      for _ in 0..<max(0, Self.cycles - 3 * tenth) { try cycle() }
      let most = before.memory + before.memory / 10 + (64 << 20)
      var after = try lowest(tenth, cycle)
      // What other tests hold for a while goes again; what leaks stays.
      for _ in 0..<20 where after.memory > most {
        usleep(500_000)
        after = try lowest(tenth, cycle)
      }
      #expect(after.descriptors <= before.descriptors + 8)
      // A model that stayed would be 1 MB each: 140 MB. Tests beside this one take some of their own.
      #expect(
        after.memory <= most,
        "\(before.memory) bytes became \(after.memory)")
    }
  }
#endif
