import Foundation
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords
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
}
