import Foundation
import JanusLite
import SIMDKernels

/// What runs here.
struct Machine: Encodable {
  let version = Root.version
  let instructionSet: String
  let availableInstructionSets: [String]
  let threads: Int
  let blas: String?

  enum CodingKeys: String, CodingKey {
    case version, threads, blas
    case instructionSet = "instruction_set"
    case availableInstructionSets = "available_instruction_sets"
  }

  /// Throws where `instructionSet` is unknown or not of this processor.
  init(instructionSet: String?, threads: Int?) throws(InstructionSetError) {
    self.instructionSet = try Kernels.select(instructionSet).isa.rawValue
    availableInstructionSets = InstructionSet.available.map(\.rawValue)
    self.threads = threads ?? ProcessorCount.physicalCores
    blas = BLAS.system?.name
  }

  /// The most memory that the process has had so far, in bytes.
  static var peakMemory: Int {
    #if os(Linux)
      // Not getrusage: its figure survives exec, and with it the peak of whoever started us.
      let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      let digits = line?.filter(\.isNumber) ?? ""
      return (Int(digits) ?? 0) * 1024
    #else
      var usage = rusage()
      getrusage(RUSAGE_SELF, &usage)
      return Int(usage.ru_maxrss)
    #endif
  }
}
