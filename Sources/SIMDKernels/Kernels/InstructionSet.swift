/// An instruction set that has kernels of its own, from the most portable to the fastest.
public enum InstructionSet: String, CaseIterable, Sendable {
  case portable
  case avx2
  case avxvnni
  case avx512
  case neon
}

extension InstructionSet {
  /// What the tier needs of the processor, in its maker's terms.
  public var requirements: String {
    switch self {
    case .portable: "any processor"
    case .avx2: "AVX2, FMA, F16C, BMI2"
    case .avxvnni: "AVX2, FMA, F16C, BMI2, AVX-VNNI"
    case .avx512: "AVX-512 F, BW, CD, DQ, VL, VBMI, VNNI"
    case .neon: "NEON with dot product and half precision"
    }
  }
}

extension InstructionSet {
  /// Whether one instruction multiplies bytes and adds four products. Where none does, products of
  /// bytes take as long as those of floats.
  public var hasDotProduct: Bool {
    switch self {
    case .portable, .avx2: false
    case .avxvnni, .avx512, .neon: true
    }
  }
}

/// Why a requested instruction set cannot run.
public enum InstructionSetError: Error, Equatable, CustomStringConvertible {
  case unknown(name: String, available: [InstructionSet])
  case unsupported(InstructionSet, available: [InstructionSet])

  public var description: String {
    switch self {
    case .unknown(let name, let available):
      "unknown instruction set '\(name)': expected one of \(Self.list(available))"
    case .unsupported(let set, let available):
      "this processor cannot run '\(set.rawValue)' (needs \(set.requirements)): expected one of "
        + Self.list(available)
    }
  }

  private static func list(_ sets: [InstructionSet]) -> String {
    sets.map(\.rawValue).joined(separator: ", ")
  }
}
