import SIMDKernels

/// One kernel with one set of operands.
struct KernelCase {
  /// What a kernel promises of its results.
  enum Promise {
    /// The same bits in every tier; which bits a NaN has does not matter.
    case sameBits
    /// Each result within its own distance of the portable one.
    case within([Double])
  }

  /// What a kernel has written.
  enum Output {
    case floats([Float])
    case words([UInt64])
    /// The tier has no such kernel.
    case absent
  }

  let kernel: String
  /// Shapes and options, for people.
  let shape: String
  let promise: Promise
  let run: (Kernels) -> Output

  /// What is wrong with a tier's results beside the portable tier's, which are the truth; nil where nothing is.
  func difference(_ kernels: Kernels) -> String? {
    let (ours, truth) = (run(kernels), run(.portable))
    switch (ours, truth) {
    case (.absent, _), (_, .absent): return nil
    case (.words(let ours), .words(let truth)):
      guard ours.count == truth.count else { return "other sizes" }
      return ours.indices.first { ours[$0] != truth[$0] }.map {
        "element \($0): \(ours[$0]) instead of \(truth[$0])"
      }
    case (.floats(let ours), .floats(let truth)):
      guard ours.count == truth.count else { return "other sizes" }
      return ours.indices.first { !agrees(ours[$0], truth[$0], at: $0) }.map {
        "element \($0): \(ours[$0]) instead of \(truth[$0])"
      }
    default: return "other results"
    }
  }

  private func agrees(_ ours: Float, _ truth: Float, at index: Int) -> Bool {
    if ours.isNaN || truth.isNaN { return ours.isNaN == truth.isNaN }
    switch promise {
    case .sameBits: return ours.bitPattern == truth.bitPattern
    case .within(let bounds):
      if ours == truth { return true }
      return abs(Double(ours) - Double(truth)) <= bounds[index]
    }
  }
}

/// Half a unit in the last place of 1: the relative error of one rounding.
let rounding = 0x1p-24
