extension Kernels {
  /// The kernels of the best instruction set available.
  public static let best = InstructionSet.available.last.flatMap(table) ?? portable

  /// The kernels of the instruction set with this name; `nil` or "auto" takes the best available.
  ///
  /// Throws when the name is unknown, or when this processor cannot run that set. No other set runs
  /// in its place.
  public static func select(_ name: String?) throws(InstructionSetError) -> Kernels {
    let available = InstructionSet.available
    guard let name, name != "auto" else {
      return best
    }
    guard let set = InstructionSet(rawValue: name) else {
      throw .unknown(name: name, available: available)
    }
    guard available.contains(set), let kernels = table(of: set) else {
      throw .unsupported(set, available: available)
    }
    return kernels
  }

  /// The kernels of a set, where this build has them.
  static func table(of set: InstructionSet) -> Kernels? {
    switch set {
    case .portable: portable
    #if arch(x86_64)
      case .avx2: avx2
      case .avxvnni: avxvnni
      case .avx512: avx512
    #elseif arch(arm64)
      case .neon: neon
    #endif
    default: nil
    }
  }
}
