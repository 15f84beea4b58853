import Testing

@testable import SIMDKernels

@Suite struct SelectionTests {
  @Test(arguments: InstructionSet.available)
  func theForcedTierIsTheTierThatRuns(_ set: InstructionSet) throws {
    #expect(try Kernels.select(set.rawValue).isa == set)
  }

  @Test func withoutANameTheBestTierRuns() throws {
    #expect(try Kernels.select(nil).isa == InstructionSet.available.last)
    #expect(try Kernels.select("auto").isa == InstructionSet.available.last)
    #expect(InstructionSet.available.first == .portable)
  }

  @Test func anUnknownNameIsAnErrorThatListsTheNames() {
    do {
      _ = try Kernels.select("avx9")
      Issue.record("'avx9' was accepted")
    } catch {
      #expect(error == .unknown(name: "avx9", available: InstructionSet.available))
      for set in InstructionSet.available { #expect("\(error)".contains(set.rawValue)) }
    }
  }

  @Test(arguments: InstructionSet.allCases.filter { !InstructionSet.available.contains($0) })
  func aTierThatTheProcessorLacksIsAnErrorThatSaysWhatItNeeds(_ set: InstructionSet) {
    do {
      _ = try Kernels.select(set.rawValue)
      Issue.record("'\(set)' was accepted")
    } catch {
      #expect(error == .unsupported(set, available: InstructionSet.available))
      #expect("\(error)".contains(set.requirements))
    }
  }
}
