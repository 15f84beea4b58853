import ArgumentParser
import SIMDKernels

/// On how many threads and with which kernels a model runs.
struct ComputeOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Compute threads (default: physical cores).", valueName: "count"))
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "Instruction set to run, as 'janus-lite info' lists them; otherwise $JANUS_LITE_ISA, or the "
        + "best that the processor has.", valueName: "name"),
    completion: ComputeOptions.instructionSets)
  var isa: String?

  /// What a shell offers behind `--isa`: what this processor can run.
  static var instructionSets: CompletionKind { .list(InstructionSet.available.map(\.rawValue)) }

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
    }
  }

  /// The instruction set that the option or the environment names; nil takes the best.
  var instructionSet: String? { isa ?? ModelOptions.environment("JANUS_LITE_ISA") }
}
