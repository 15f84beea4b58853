// Runs every kernel of every tier with random shapes and values beside the portable tier's, and says where they
// differ. For a processor that nobody has tried yet, and for long runs.

import ArgumentParser
import Foundation
import SIMDKernels

@main
struct KernelCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernel-check",
    abstract: "Compares the kernels of each tier with the portable ones on random operands.",
    discussion: """
      Integer kernels must give the same bits, floats must stay within a bound that is derived from the operands. All \
      operands end at a protected page. A difference is printed with its seed, with which --seed repeats it; the exit \
      code is 1 then.
      """)

  @Option(help: "How long to look, in seconds.")
  var seconds = 10.0
  @Option(help: "A tier by its name instead of all that the processor can run.")
  var isa: String?
  @Option(help: "Seed of the first case. Case i has the seed after it by i.")
  var seed: UInt64?
  @Option(help: "Run this many cases, however long they take.")
  var cases: Int?

  func validate() throws {
    guard seconds >= 0, seconds.isFinite, (cases ?? 1) > 0 else {
      throw ValidationError("expected a positive number of seconds or cases")
    }
  }

  func run() throws {
    let tiers =
      try isa.map { [try Kernels.select($0)] }
      ?? InstructionSet.available.filter { $0 != .portable }.map { try Kernels.select($0.rawValue) }
    guard !tiers.isEmpty else {
      print("this processor runs the portable tier only: nothing to compare")
      return
    }
    let first = seed ?? UInt64.random(in: 0...UInt64.max >> 1)
    let end = ContinuousClock.now + .seconds(seconds)
    var counts: [String: [String: Int]] = [:]
    var differences = 0
    var index: UInt64 = 0
    while cases.map({ index < $0 }) ?? (ContinuousClock.now < end) {
      var values = Values(seed: first &+ index)
      // The kind of case comes from the seed as well, so that a seed repeats it.
      let make = KernelCase.all[Int(values.next() % UInt64(KernelCase.all.count))]
      let one = make(&values)
      for kernels in tiers {
        counts[one.kernel, default: [:]][kernels.isa.rawValue, default: 0] += 1
        if let difference = one.difference(kernels) {
          differences += 1
          print(
            "\(kernels.isa.rawValue) \(one.kernel): \(one.shape): \(difference) "
              + "(--seed \(first &+ index) --cases 1)")
        }
      }
      index += 1
      if differences >= 20 { break }
    }
    report(counts, tiers: tiers.map(\.isa.rawValue), differences: differences, first: first)
    if differences > 0 { throw ExitCode(1) }
  }

  private func report(
    _ counts: [String: [String: Int]], tiers: [String], differences: Int, first: UInt64
  ) {
    print(
      "kernel".padding(toLength: 24, withPad: " ", startingAt: 0) + tiers.joined(separator: "  "))
    for (kernel, tiersOfKernel) in counts.sorted(by: { $0.key < $1.key }) {
      let numbers = tiers.map { tier in
        let text = String(tiersOfKernel[tier] ?? 0)
        return String(repeating: " ", count: max(0, tier.count - text.count)) + text
      }
      print(
        kernel.padding(toLength: 24, withPad: " ", startingAt: 0)
          + numbers.joined(separator: "  "))
    }
    print("\(differences) differences; first seed \(first)")
  }
}
